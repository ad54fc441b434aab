"""Displacements that are known, found again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import CacheDataset, MetaTensor
from scipy.ndimage import gaussian_filter, map_coordinates

from scripts.data import Displacementd
from scripts.data.control_points import spread
from scripts.data.displacement import find_displacement


def tissue(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Blobs of three sizes in three colours, (3, H, W) in [0, 1]."""
    rng = np.random.default_rng(seed)
    image = sum(gaussian_filter(rng.normal(size=(3, *size)), (0, s, s)) * s for s in (2, 5, 12))
    return np.clip(0.5 + image, 0, 1).astype(np.float32)


def displaced(image: np.ndarray, field: np.ndarray) -> np.ndarray:
    """What the image shows at p + field, by scipy."""
    places = np.mgrid[: image.shape[1], : image.shape[2]] + field
    return np.stack([map_coordinates(channel, places, order=3, mode="nearest") for channel in image])


def found(virtual: np.ndarray, section: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The field (2, H, W)."""
    mask = np.ones_like(virtual[:1]) if mask is None else mask
    tensors = [torch.from_numpy(image.astype(np.float32)) for image in (virtual, section, mask)]
    points = find_displacement(tensors[0], tensors[1], tensors[2])
    return spread(points, mask.shape[1:]).numpy()


def distance(field: np.ndarray, expected: np.ndarray) -> float:
    """Root mean square, pixels."""
    return float(np.sqrt(((field - expected) ** 2).sum(axis=0).mean()))


@pytest.mark.parametrize("size", [(256, 256), (200, 317)])
def test_shift_stretch_and_bend(size: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: size[0], : size[1]] / 100
    field = np.stack([3 - 2 * rows + np.sin(columns), -2 + rows * columns / 2])
    image = tissue(size)
    got = found(image, displaced(image, field))
    # the virtual section of this test is perfect: what is left is the bending's price and the last stage's half pixels
    assert distance(field, 0 * field) > 2
    assert distance(got, field) < 0.3


def test_no_displacement_is_found_where_there_is_none() -> None:
    image = tissue((128, 128))
    # Adam's steps do not get smaller than its rate within a stage: a tenth of a pixel
    assert distance(found(image, image), np.zeros((2, 128, 128))) < 0.1


def test_what_the_mask_leaves_out_does_not_pull() -> None:
    image, other = tissue((192, 192)), tissue((192, 192), seed=1)
    field = np.stack([np.full((192, 192), 2.0), np.full((192, 192), -3.0)])
    section, mask = displaced(image, field), np.ones((1, 192, 192))
    section[:, :, 96:], mask[:, :, 96:] = other[:, :, 96:], 0
    kept = (slice(None), slice(None), slice(0, 96))
    masked, whole = (distance(found(image, section, m)[kept], field[kept]) for m in (mask, None))
    assert masked < 0.1  # pixels: a step of Adam in the last stage
    assert whole > 3 * masked  # the mask matters


@pytest.mark.parametrize("size", [(18, 40), (64, 64)])
def test_nothing_to_compare_is_no_displacement(size: tuple[int, int]) -> None:
    image = tissue(size)
    mask = np.zeros((1, *size)) if size == (64, 64) else None  # or too small
    assert (found(image, tissue(size, seed=1), mask) == 0).all()


class TestTransform:
    def item(self, path: str = "a.tif") -> dict[str, torch.Tensor]:
        return {"image": MetaTensor(torch.zeros(1, 40, 50), meta={"filename_or_obj": path})}

    def test_pairs_start_with_none(self) -> None:
        field = Displacementd()(self.item())["displacement"]
        assert field.shape == (2, 40, 50)
        assert field.dtype == torch.float16
        assert not field.any()

    @pytest.mark.parametrize("cache_rate", [1.0, 0.0])
    def test_what_is_placed_reaches_cached_and_other_pairs(self, cache_rate: float) -> None:
        transform = Displacementd()
        items = [self.item("a.tif"), self.item("b.tif")]
        dataset = CacheDataset(items, transform, cache_rate=cache_rate, copy_cache=False, progress=False)
        points = torch.rand(2, 4, 4)
        transform.place("b.tif", points)
        assert not dataset[0]["displacement"].any()
        expected = spread(points, (40, 50))
        torch.testing.assert_close(dataset[1]["displacement"].float(), expected, rtol=0, atol=1e-3)  # float16 below 2

    def test_placed_before_it_is_loaded(self) -> None:
        transform, points = Displacementd(), torch.rand(2, 4, 4)
        transform.place("a.tif", points)
        got = transform(self.item())["displacement"].float()
        torch.testing.assert_close(got, spread(points, (40, 50)), rtol=0, atol=1e-3)  # as above
