"""Where patches are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scripts.data.patches import CumulativeWeightd, RandTissueCropd, TissueWeightd


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
    crop = RandTissueCropd(["image", "rows"], spatial_size=16, num_samples=200)
    crop.set_random_state(0)
    weighted = CumulativeWeightd()(TissueWeightd(patch_size=16, min_tissue=0.25)(item))
    patches = crop({"image": weighted["image"], "rows": coordinates, "weight": weighted["weight"]})
    assert len(patches) == 200
    for patch in patches:
        top, left = (int(patch["rows"][axis, 0, 0]) for axis in (0, 1))
        np.testing.assert_array_equal(patch["image"], item["image"][:, top : top + 16, left : left + 16])
        tissue = (patch["rows"] >= 60).all(dim=0).float().mean()
        assert tissue >= 0.25
        assert patch["image"].std() > 0.005


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
    assert weight[0, 20, 20] == 0
    assert weight[0, 70, 70] == 1


def test_without_texture_any_place_is_drawn() -> None:
    item = pair()
    item["image"][:] = 0.5
    weight = TissueWeightd(patch_size=16)(item)["weight"][0]
    assert weight.sum() == (96 - 16 + 1) ** 2
    assert (weight[8:89, 8:89] == 1).all()


def test_patch_as_large_as_the_image() -> None:
    weight = TissueWeightd(patch_size=96, min_tissue=0.05)(pair())["weight"]
    assert (weight > 0).sum() == 1
    assert weight[0, 48, 48] > 0


def centres(weight: torch.Tensor, spatial_size: int, count: int) -> torch.Tensor:
    """Row and column of the centres (count, 2) of what is drawn from a map (H, W)."""
    rows, columns = torch.meshgrid(*(torch.arange(side) for side in weight.shape), indexing="ij")
    item = CumulativeWeightd()({"places": torch.stack([rows, columns]), "weight": weight[None]})
    crop = RandTissueCropd("places", spatial_size, num_samples=count)
    crop.set_random_state(0)
    return torch.stack([patch["places"][:, spatial_size // 2, spatial_size // 2] for patch in crop(item)])


def test_pixels_are_drawn_as_often_as_they_weigh() -> None:
    weight = torch.zeros(9, 11)
    weight[4, 3], weight[4, 5], weight[5, 7] = 1.0, 2.0, 5.0
    drawn, counts = centres(weight, 3, 4000).unique(dim=0, return_counts=True)
    assert drawn.tolist() == [[4, 3], [4, 5], [5, 7]]
    # of 4000 draws a share of p has a standard deviation of sqrt(p (1 - p) / 4000) < 0.008; four of them
    np.testing.assert_allclose(counts / 4000, [1 / 8, 2 / 8, 5 / 8], atol=0.032)


def test_what_lies_outside_is_reflected() -> None:
    image = torch.arange(99.0).view(1, 9, 11)
    weight = torch.zeros(1, 9, 11)
    weight[0, 1, 10] = 1.0
    (patch,) = RandTissueCropd("image", 5)(CumulativeWeightd()({"image": image, "weight": weight}))
    expected = np.pad(image[0].numpy(), ((1, 0), (0, 2)), mode="reflect")[:5, -5:]
    np.testing.assert_array_equal(patch["image"][0], expected)
    assert patch["image"][0, 2, 2] == image[0, 1, 10]  # the pixel drawn is the centre


def test_images_smaller_than_the_crop_are_reflected() -> None:
    image, weight = torch.arange(12.0).view(1, 3, 4), torch.zeros(1, 3, 4)
    weight[0, 1, 2] = 1.0
    (patch,) = RandTissueCropd("image", 5)(CumulativeWeightd()({"image": image, "weight": weight}))
    np.testing.assert_array_equal(patch["image"][0], np.pad(image[0].numpy(), ((1, 1), (0, 1)), mode="reflect"))


def test_draws_follow_the_seed() -> None:
    weight = torch.rand(20, 20, generator=torch.Generator().manual_seed(0))
    assert torch.equal(centres(weight, 3, 20), centres(weight, 3, 20))
