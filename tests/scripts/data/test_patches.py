"""Where patches are drawn, and the transforms after it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import get_track_meta
from monai.transforms import Compose, Rand2DElasticd, RandFlipd, RandRotate90d, RandWeightedCropd

from scripts.data.augment import RandStainJitter, RandStainJitterd
from scripts.data.patches import TissueWeightd
from scripts.data.untracked import Untracked


def pair(size: int = 96) -> dict[str, torch.Tensor]:
    """Tissue in the lower right corner, flat background elsewhere."""
    rng = np.random.default_rng(0)
    ct, stain = np.full((1, size, size), 0.1), np.full((3, size, size), 0.96)
    ct[:, 60:, 60:] = rng.uniform(0.3, 0.7, (size - 60, size - 60))
    stain[:, 60:, 60:] = rng.uniform(0.2, 0.6, (3, size - 60, size - 60))
    tensors = {"image": ct, "label": stain, "mask": np.ones_like(ct)}
    return {key: torch.from_numpy(value.astype(np.float32)) for key, value in tensors.items()}


def test_patches_are_colocated_and_on_tissue() -> None:
    item = pair()
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    # Every key carries the coordinates of its pixels, so any shift between them would show.
    coordinates = torch.stack([rows, columns])
    crop = RandWeightedCropd(["image", "rows"], w_key="weight", spatial_size=[16, 16], num_samples=200)
    crop.set_random_state(0)
    weighted = TissueWeightd(patch_size=16, min_tissue=0.25)(item)
    patches = crop({"image": weighted["image"], "rows": coordinates, "weight": weighted["weight"]})
    assert len(patches) == 200
    for patch in patches:
        top, left = (int(patch["rows"][axis, 0, 0]) for axis in (0, 1))
        np.testing.assert_array_equal(patch["image"], item["image"][:, top : top + 16, left : left + 16])
        tissue = (patch["rows"] >= 60).all(dim=0).float().mean()
        assert tissue >= 0.25 and patch["image"].std() > 0.005


def test_beyond_enough_tissue_patches_are_equally_likely() -> None:
    weight = TissueWeightd(patch_size=16, min_tissue=0.1, enough_tissue=0.5)(pair())["weight"][0]
    assert weight[75, 75] == weight[75, 60] == 0.5  # all tissue, and half of it
    assert weight[75, 54] == pytest.approx(2 / 16)  # columns 46 to 61, two of them tissue
    assert weight[75, 53] == 0  # one of sixteen is too little


def test_masked_tissue_is_not_drawn() -> None:
    item = pair()
    item["mask"][:, 60:, 60:] = 0
    item["mask"][:, :, 90:] = 1
    weight = TissueWeightd(patch_size=16)(item)["weight"]
    assert weight.max() > 0  # tissue at the right edge is left
    assert weight[:, :, :70].max() == 0


def test_without_tissue_any_textured_place_is_drawn() -> None:
    item = pair()
    item["label"][:] = 0.5
    weight = TissueWeightd(patch_size=16)(item)["weight"]
    assert weight[0, 20, 20] == 0 and weight[0, 70, 70] == 1


def test_patch_as_large_as_the_image() -> None:
    weight = TissueWeightd(patch_size=96, min_tissue=0.05)(pair())["weight"]
    assert (weight > 0).sum() == 1 and weight[0, 48, 48] > 0


def test_one_geometry_for_all_keys() -> None:
    keys = ["image", "label", "mask"]
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.random((1, 24, 24), np.float32))
    item = {"image": image, "label": image.repeat(3, 1, 1), "mask": torch.ones_like(image)}
    chain = Untracked(
        [
            Rand2DElasticd(
                keys, (8, 8), (0, 2), (16, 16), 1.0, rotate_range=0.3, mode=["bilinear", "bilinear", "nearest"]
            ),
            RandFlipd(keys, 0.5, spatial_axis=1),
            RandRotate90d(keys, 0.75),
        ]
    )
    chain.set_random_state(1)
    for _ in range(5):
        out = chain(item)
        assert out["image"].shape == (1, 16, 16) and type(out["image"]) is torch.Tensor
        np.testing.assert_array_equal(out["label"], out["image"].repeat(3, 1, 1))
        assert (out["mask"] == 1).all()


def test_untracked_restores_the_switch_and_nests() -> None:
    assert get_track_meta()
    crop = RandWeightedCropd(["image", "weight"], w_key="weight", spatial_size=[4, 4], num_samples=3)
    chain = Compose([Untracked([crop, RandFlipd("image", 0.5)])])
    data = {"image": torch.rand(1, 9, 9), "weight": torch.ones(1, 9, 9)}
    first = [patch["image"] for patch in chain.set_random_state(3)(data)]
    again = [patch["image"] for patch in chain.set_random_state(3)(data)]
    assert len(first) == 3 and get_track_meta()
    np.testing.assert_array_equal(torch.stack(first), torch.stack(again))


def test_stain_jitter() -> None:
    stain = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    stain[:, 0, 0] = 1
    jitter = RandStainJitter(strength=0.2, hue=0.05, prob=1.0)
    jitter.set_random_state(0)
    out = jitter(stain)
    assert out.min() >= 0 and out.max() <= 1 and (out[:, 0, 0] == 1).all()
    ratio = torch.log(out[:, 1:]) / torch.log(stain[:, 1:].clamp(min=1 / 255))
    # The optical density of a channel has one gain; the division of logarithms near 0 costs digits.
    np.testing.assert_allclose(ratio, np.broadcast_to(jitter.gains[:, None, None], ratio.shape), rtol=1e-3)
    assert RandStainJitterd(prob=0.0)({"label": stain})["label"] is stain
    pair_ = RandStainJitterd(["label", "other"], prob=1.0).set_random_state(0)({"label": stain, "other": stain})
    np.testing.assert_array_equal(pair_["label"], pair_["other"])
    assert not torch.equal(pair_["label"], stain)
