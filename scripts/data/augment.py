"""Augmentation of whole batches, on the device that trains, with one resampling for all that moves pixels.

MONAI's transforms take one patch after the other, in Python: for eight patches as long as a fifth of a training step on
two cores. These do the same to a batch at once. They are seeded like any transform of MONAI, by ``set_random_state``;
the noise alone comes from torch's own generator, that of the device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable
from monai.utils import ensure_tuple_rep
from torch.nn import functional as F

from scripts.data.displacement import places_of, sampled

#: Intensities below one 8-bit grey level are taken as this level: the optical density of black is not finite.
DARKEST = 1.0 / 255.0


class RandWarpBatchd(Randomizable, MapTransform):
    """Rotate, scale, bend, mirror and turn each patch of a batch, and cut it to its final size.

    All keys of a patch get the same geometry. A patch that is not bent is neither rotated nor scaled; mirrored and
    turned by quarters it keeps its pixels' values.

    Args:
        keys: entries (N, C, H, W), somewhat larger than `spatial_size`, so that rotation and scaling find real pixels;
            what lies outside is reflected.
        spatial_size: side of the square cut, in pixels.
        mode: ``bilinear`` or ``nearest``, one for all keys or one for each.
        prob: probability that a patch is bent, rotated and scaled.
        rotate_range: largest rotation either way, rad.
        scale_range: least and largest relative change of the size of the region cut, rows and columns apart.
        spacing: distance of the control points of the bending, pixels.
        magnitude_range: least and largest standard deviation of the control points' displacement, pixels.
        flip_prob: probability of being mirrored.
        turn_prob: probability of being turned by 90, 180 or 270 degrees.
        displacement_key: entry (N, 2, H, W) as of `Displacementd`, if the batch has one; it is used up.
        displaced: keys whose content lies elsewhere, by the displacement.
    """

    def __init__(
        self,
        keys: KeysCollection,
        spatial_size: int,
        mode: str | Sequence[str] = "bilinear",
        prob: float = 0.8,
        rotate_range: float = 0.26,
        scale_range: Sequence[float] = (-0.15, 0.18),
        spacing: int = 32,
        magnitude_range: Sequence[float] = (0.0, 2.0),
        flip_prob: float = 0.5,
        turn_prob: float = 0.75,
        displacement_key: str | None = None,
        displaced: Sequence[str] = (),
    ) -> None:
        MapTransform.__init__(self, keys)
        self.displacement_key, self.displaced = displacement_key, tuple(displaced)
        self.spatial_size, self.mode = spatial_size, ensure_tuple_rep(mode, len(self.keys))
        self.prob, self.flip_prob, self.turn_prob = prob, flip_prob, turn_prob
        self.rotate_range, self.scale_range, self.magnitude_range = rotate_range, scale_range, magnitude_range
        # control points on both sides of each pixel, two of them, as cubic interpolation needs
        points = 2 * (math.ceil(spatial_size / 2 / spacing) + 1)
        spread = F.interpolate(torch.eye(points)[None, None], (points * spacing, points), mode="bicubic")[0, 0]
        margin = (points * spacing - spatial_size) // 2
        self.basis = spread[margin : margin + spatial_size]  # (pixels, control points): weights of the points

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw `count` matrices (N, 2, 2) and displacements of control points (N, 2, points, points), in pixels."""
        bent = self.R.random(count) < self.prob
        angle = bent * self.R.uniform(-self.rotate_range, self.rotate_range, count)
        turned = self.R.random(count) < self.turn_prob
        angle += np.pi / 2 * turned * self.R.randint(1, 4, count)
        scale = 1 + bent[:, None] * self.R.uniform(self.scale_range[0], self.scale_range[1], (count, 2))
        scale[:, 0] *= np.where(self.R.random(count) < self.flip_prob, -1, 1)
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1) * scale[:, None]
        points = self.basis.shape[1]
        magnitude = bent * self.R.uniform(self.magnitude_range[0], self.magnitude_range[1], count)
        offsets = magnitude[:, None, None, None] * self.R.normal(size=(count, 2, points, points))
        return torch.from_numpy(matrix).float(), torch.from_numpy(offsets).float()

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the batch with its entries warped to (N, C, spatial_size, spatial_size)."""
        batch = dict(data)
        first = batch[self.first_key(batch)]
        matrix, offsets = (drawn.to(first.device) for drawn in self.draw(len(first)))
        basis = self.basis.to(first.device)
        bend = torch.einsum("yi,ncij,xj->nyxc", basis, offsets, basis)
        places = (places_of((self.spatial_size, self.spatial_size), first.device) + bend) @ matrix.transpose(1, 2)[
            :, None
        ]  # from the centre
        elsewhere = places
        if self.displacement_key in batch:
            displacement = sampled(batch.pop(self.displacement_key).to(places.dtype), places)
            elsewhere = places + displacement.flip(1).permute(0, 2, 3, 1)  # rows come first there
        for key, mode in self.key_iterator(batch, self.mode):
            batch[key] = sampled(batch[key], elsewhere if key in self.displaced else places, mode)
        return batch


class RandScannerBatchd(Randomizable, MapTransform):
    """Make each CT patch of a batch brighter or darker, blurred and noisy, as scans differ, and clip it to [0, 1].

    Args:
        keys: entries (N, C, H, W) in [0, 1].
        scale_prob: probability of another brightness.
        scale: largest relative change of it.
        smooth_prob: probability of blur.
        sigma_range: least and largest standard deviation of the Gaussian, pixels.
        noise_prob: probability of noise.
        noise: largest standard deviation of it, of the window's width.
    """

    def __init__(
        self,
        keys: KeysCollection,
        scale_prob: float = 0.5,
        scale: float = 0.03,
        smooth_prob: float = 0.15,
        sigma_range: Sequence[float] = (0.25, 0.8),
        noise_prob: float = 0.3,
        noise: float = 0.02,
    ) -> None:
        MapTransform.__init__(self, keys)
        self.scale_prob, self.scale = scale_prob, scale
        self.smooth_prob, self.sigma_range = smooth_prob, sigma_range
        self.noise_prob, self.noise = noise_prob, noise

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Draw factors, standard deviations of blur and standard deviations of noise; 1, 0 and 0 change nothing."""
        factor = 1 + (self.R.random(count) < self.scale_prob) * self.R.uniform(-self.scale, self.scale, count)
        sigma = (self.R.random(count) < self.smooth_prob) * self.R.uniform(
            self.sigma_range[0], self.sigma_range[1], count
        )
        noise = (self.R.random(count) < self.noise_prob) * self.R.uniform(0, self.noise, count)
        return (
            torch.from_numpy(factor).float(),
            torch.from_numpy(sigma).float(),
            torch.from_numpy(noise).float(),
        )

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the batch with its CT changed."""
        batch = dict(data)
        for key in self.key_iterator(batch):
            images = batch[key]
            factor, sigma, noise = self.draw(len(images))
            images = images * _each(factor, images)
            blurred = sigma.nonzero()[:, 0]
            if len(blurred):
                images[blurred.to(images.device)] = _smooth(images[blurred.to(images.device)], sigma[blurred])
            if noise.any():
                images = images + _each(noise, images) * torch.randn_like(images)
            batch[key] = images.clamp(0, 1)
        return batch


class RandStainJitterBatchd(Randomizable, MapTransform):
    """Change the strength of the stain of each patch, channel by channel, as slides differ from batch to batch.

    By the law of Beer and Lambert the optical density -log(I) is proportional to the amount of dye, so the density
    of channel c is multiplied by ``overall * own[c]``; white stays white.

    Args:
        keys: sections (N, 3, H, W) in [0, 1]; all get the same factors.
        strength: the common factor is drawn from [1 - strength, 1 + strength].
        hue: the factor of each channel is drawn from [1 - hue, 1 + hue].
        prob: probability of doing anything to a patch.
    """

    def __init__(
        self, keys: KeysCollection = "label", strength: float = 0.1, hue: float = 0.03, prob: float = 0.5
    ) -> None:
        MapTransform.__init__(self, keys)
        self.strength, self.hue, self.prob = strength, hue, prob

    def draw(self, count: int) -> torch.Tensor:
        """Draw the factors (N, 3) of the optical densities; 1 where a patch stays as it is."""
        overall = self.R.uniform(1 - self.strength, 1 + self.strength, (count, 1))
        gains = overall * self.R.uniform(1 - self.hue, 1 + self.hue, (count, 3))
        return torch.from_numpy(np.where(self.R.random((count, 1)) < self.prob, gains, 1.0)).float()

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the batch with its sections jittered, in [0, 1]."""
        batch = dict(data)
        if self.prob > 0:
            first = batch[self.first_key(batch)]
            gains = self.draw(len(first)).to(first.device)[..., None, None]
            for key in self.key_iterator(batch):
                batch[key] = torch.where(gains == 1, batch[key], batch[key].clamp(min=DARKEST) ** gains)
        return batch


def _each(values: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """One value for each image, to be multiplied with them."""
    return values.to(images.device)[:, None, None, None]


def _smooth(images: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Gaussian blur of each image by its own standard deviation."""
    radius = math.ceil(4 * float(sigma.max()))
    distance = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (distance / sigma[:, None]) ** 2)
    weights = (weights / weights.sum(dim=1, keepdim=True)).to(images.device)
    count, channels = images.shape[:2]
    kernels = (weights[:, :, None] * weights[:, None]).repeat_interleave(channels, dim=0)[:, None]
    flat = F.pad(images, (radius,) * 4, mode="reflect").flatten(0, 1)[None]
    return F.conv2d(flat, kernels, groups=count * channels).view_as(images)
