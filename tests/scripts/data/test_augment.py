"""Augmentation of batches, checked against MONAI's and torch's transforms of one image."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import pytest
import torch
from monai.transforms import CenterSpatialCrop, Randomizable, Resample
from monai.transforms.utils import create_grid, create_rotate, create_scale
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F

from scripts.data.augment import RandScannerBatchd, RandStainJitterBatchd, RandWarpBatchd

Transform = TypeVar("Transform", bound=Randomizable)


def batch(count: int = 4, channels: int = 1, size: int = 40) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(0))


def seeded(transform: Transform, seed: int = 0) -> Transform:
    transform.set_random_state(seed)
    return transform


class TestWarp:
    @pytest.mark.parametrize("size", [31, 32])
    def test_what_is_not_bent_keeps_its_pixels(self, size: int) -> None:
        """Of the eight ways to mirror and turn a square each comes up, and nothing else."""
        images = batch(200, size=size)
        warp = seeded(RandWarpBatchd("image", size, prob=0.0))
        seen = set()
        for image, out in zip(images, warp({"image": images})["image"], strict=True):
            ways = {
                (turns, mirrored): torch.rot90(image.flip(2) if mirrored else image, turns, (1, 2))
                for turns in range(4)
                for mirrored in (False, True)
            }
            # positions are float32: a pixel is off by some 1e-6 of its distance from the centre
            (way,) = (name for name, expected in ways.items() if torch.allclose(out, expected, atol=1e-4))
            seen.add(way)
        assert len(seen) == 8

    def test_bending_rotation_and_scale_are_those_of_monai(self) -> None:
        """But MONAI bends by interpolated positions instead of displacements, which leaves no line quite straight."""
        images, size = batch(size=120), 96
        warp = RandWarpBatchd("image", size, prob=1.0, flip_prob=0.0, turn_prob=0.0)
        _, offsets = seeded(warp, 1).draw(len(images))
        out = seeded(warp, 1)({"image": images})["image"]
        random = seeded(warp, 1).R
        random.random(len(images))  # who is bent: all
        angles = random.uniform(-0.26, 0.26, len(images))
        random.random(len(images)), random.randint(1, 4, len(images))  # who is turned: none
        scales = 1 + random.uniform(-0.15, 0.18, (len(images), 2))
        for image, got, offset, angle, (across, down) in zip(images, out, offsets, angles, scales, strict=True):
            bend = F.interpolate(offset.flip(0)[None], scale_factor=(32, 32), mode="bicubic", align_corners=False)[0]
            grid = torch.as_tensor(create_grid((size, size), backend="torch")).double()
            grid[:2] += torch.as_tensor(CenterSpatialCrop((size, size))(bend))  # MONAI's rows come first
            # a rotation with columns first is the opposite one with rows first
            affine = create_rotate(2, -angle) @ create_scale(2, (down, across))
            grid = torch.einsum("ij,jyx->iyx", torch.as_tensor(affine).double(), grid)
            expected = Resample(mode="bilinear", padding_mode="reflection")(image, grid.float())
            torch.testing.assert_close(got, torch.as_tensor(expected), rtol=0, atol=1e-4)  # float32 positions, as above

    def test_one_geometry_for_all_keys(self) -> None:
        image = batch(8)
        keys = ["image", "label", "mask"]
        data = {"image": image, "label": image.repeat(1, 3, 1, 1), "mask": torch.ones_like(image)}
        out = seeded(RandWarpBatchd(keys, 32, mode=["bilinear", "bilinear", "nearest"]))(data)
        assert out["image"].shape == (8, 1, 32, 32)
        assert out["label"].shape == (8, 3, 32, 32)
        torch.testing.assert_close(out["label"], out["image"].expand(-1, 3, -1, -1))
        assert (out["mask"] == 1).all()
        assert data["image"] is image
        assert all((a - b).abs().max() > 0.1 for a, b in zip(out["image"], out["image"][1:], strict=False))

    def test_displaced_keys_come_from_where_the_displacement_says(self) -> None:
        wide = batch(6, size=50)
        image, label = wide[..., 5:45, 5:45], wide[..., 8:48, 3:43]  # the label shows what the image has at (+3, -2)
        displacement = torch.tensor([3.0, -2.0]).half()[:, None, None].expand(6, 2, 40, 40)
        warp = RandWarpBatchd(["image", "label"], 24, displacement_key="displacement", displaced=["image"])
        out = seeded(warp)({"image": image, "label": label, "displacement": displacement})
        torch.testing.assert_close(out["image"], out["label"], rtol=0, atol=1e-4)  # float32 positions, as above
        assert set(out) == {"image", "label"}

    def test_no_displacement_is_as_none_at_all(self) -> None:
        image = batch()
        data = {"image": image, "displacement": torch.zeros(4, 2, 40, 40)}
        warp = RandWarpBatchd("image", 24, displacement_key="displacement", displaced=["image"])
        torch.testing.assert_close(seeded(warp)(data)["image"], seeded(RandWarpBatchd("image", 24))(data)["image"])

    def test_masks_are_where_their_images_are(self) -> None:
        # halves of the image, whose interpolated border lies where the nearest pixel changes
        image = (torch.arange(40.0) < 20).float().expand(8, 1, 40, 40).clone()
        warp = RandWarpBatchd(["image", "mask"], 32, mode=["bilinear", "nearest"], prob=1.0)
        both = seeded(warp)({"image": image, "mask": image})
        clear = (both["image"] - 0.5).abs() > 1e-3  # at the very border rounding decides
        assert torch.equal(both["mask"][clear], both["image"].round()[clear])
        assert clear.float().mean() > 0.99
        assert both["mask"].std() > 0.3

    def test_masks_stay_masks(self) -> None:
        mask = (batch(8) > 0.5).float()
        out = seeded(RandWarpBatchd("mask", 32, mode="nearest", prob=1.0))({"mask": mask})["mask"]
        assert set(out.unique().tolist()) == {0.0, 1.0}

    def test_draws_follow_the_seed(self) -> None:
        warp = RandWarpBatchd("image", 32)
        first, again, other = (seeded(warp, seed)({"image": batch()})["image"] for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


class TestScanner:
    def test_nothing_drawn_changes_nothing(self) -> None:
        images = batch()
        out = RandScannerBatchd("image", 0.0, smooth_prob=0.0, noise_prob=0.0)({"image": images})["image"]
        assert torch.equal(out, images)

    def test_brightness(self) -> None:
        images = 0.5 * batch(50)
        scanner = seeded(RandScannerBatchd("image", 1.0, 0.2, smooth_prob=0.0, noise_prob=0.0))
        ratio = (scanner({"image": images})["image"] / images).flatten(1)
        torch.testing.assert_close(ratio.amax(1), ratio.amin(1))
        assert 0.8 <= ratio.min() < 0.85
        assert 1.15 < ratio.max() <= 1.2

    def test_blur_is_a_gaussian(self) -> None:
        images = batch(6)
        scanner = seeded(RandScannerBatchd("image", 0.0, smooth_prob=0.5, noise_prob=0.0))
        _, sigma, _ = scanner.draw(6)
        out = seeded(scanner)({"image": images})["image"]
        assert 0 < (sigma > 0).sum() < 6
        for image, got, s in zip(images, out, sigma, strict=True):
            expected = image[0].numpy() if s == 0 else gaussian_filter(image[0].numpy(), float(s), mode="mirror")
            # kernels are cut off at four standard deviations or a pixel further: at exp(-8) of their height
            np.testing.assert_allclose(got[0], expected, rtol=0, atol=1e-3)

    def test_noise(self) -> None:
        torch.manual_seed(0)
        images = torch.full((4, 1, 100, 100), 0.5)
        scanner = seeded(RandScannerBatchd("image", 0.0, smooth_prob=0.0, noise_prob=1.0, noise=0.1))
        *_, noise = scanner.draw(4)
        out = seeded(scanner)({"image": images})["image"]
        # of 10^4 numbers a standard deviation is known to 1 / sqrt(2 * 10^4) = 0.7 %; four of that
        torch.testing.assert_close(out.flatten(1).std(dim=1), noise, rtol=0.03, atol=0)

    def test_result_is_clipped(self) -> None:
        out = seeded(RandScannerBatchd("image", noise_prob=1.0, noise=1.0))({"image": batch()})["image"]
        assert out.min() == 0
        assert out.max() == 1

    def test_the_batch_itself_is_left_alone(self) -> None:
        images = batch()
        before = images.clone()
        RandScannerBatchd("image", 1.0, smooth_prob=1.0, noise_prob=1.0)({"image": images})
        assert torch.equal(images, before)


class TestStainJitter:
    def test_densities_are_multiplied(self) -> None:
        stain = batch(40, 3)
        stain[:, :, 0, 0] = 1
        jitter = RandStainJitterBatchd(strength=0.2, hue=0.05, prob=0.5)
        gains = seeded(jitter).draw(40).double()
        out = seeded(jitter)({"label": stain})["label"]
        assert out.min() >= 0
        assert out.max() <= 1
        assert (out[:, :, 0, 0] == 1).all()
        changed = (gains != 1).all(dim=1)
        assert 8 < changed.sum() < 32  # of 40, half: a deviation of 3.2; four of that
        assert torch.equal(out[~changed], stain[~changed])
        density = -torch.log(stain[changed].double().clamp(min=1 / 255))
        torch.testing.assert_close(out[changed].double(), torch.exp(-gains[changed][..., None, None] * density))
        ranges = gains.aminmax()
        assert 0.8 * 0.95 <= ranges.min < 1 < ranges.max <= 1.2 * 1.05
        assert (gains.amax(dim=1) / gains.amin(dim=1)).max() <= 1.05 / 0.95 + 1e-6  # the common factor cancels

    def test_switched_off(self) -> None:
        stain = batch(2, 3)
        assert RandStainJitterBatchd(prob=0.0)({"label": stain})["label"] is stain

    def test_all_keys_get_the_same(self) -> None:
        stain = batch(2, 3)
        out = RandStainJitterBatchd(["label", "other"], prob=1.0)({"label": stain, "other": stain})
        assert torch.equal(out["label"], out["other"])
        assert not torch.equal(out["label"], stain)


def test_control_points_cover_the_patch() -> None:
    """Equal displacements of all control points are that displacement everywhere."""
    for size, spacing in ((96, 32), (64, 32), (100, 24), (33, 7)):
        basis = RandWarpBatchd("image", size, spacing=spacing).basis
        assert basis.shape == (size, 2 * (math.ceil(size / 2 / spacing) + 1))
        torch.testing.assert_close(basis.sum(dim=1), torch.ones(size))
