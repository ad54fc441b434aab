"""How a section is displaced against its CT: a smooth field, found by comparing the section with the stain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from monai.transforms import Transform
from torch.nn import functional as F

from scripts.data.control_points import bending, grid_shape, spread

#: Coarse to fine: pixels averaged along a side, first step of the control points in pixels, number of steps.
STAGES = ((8, 0.5, 40), (4, 0.25, 40), (2, 0.1, 30))
BORDER = 8  # pixels at the border that are not compared, as what belongs there may lie outside


class Displacementd(Transform):
    """Add to each pair how its section is displaced against its CT, nothing as long as nobody has found out.

    The entry is (2, H, W) float16, rows first: what the section shows at a pixel lies at this many pixels from there in
    the CT. `place` changes it in what a ``CacheDataset`` has cached already.

    Args:
        image_key: CT slice as of `LoadPaird`, by whose path the pair is known.
        displacement_key: entry to write.
    """

    def __init__(self, image_key: str = "image", displacement_key: str = "displacement") -> None:
        self.image_key, self.displacement_key = image_key, displacement_key
        self.points: dict[str, torch.Tensor] = {}
        self.fields: dict[str, torch.Tensor] = {}  # the tensors in the cache

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with its displacement."""
        image = data[self.image_key]
        path = image.meta["filename_or_obj"]
        if path not in self.fields:
            self.fields[path] = torch.zeros(2, *image.shape[-2:], dtype=torch.float16)
            if path in self.points:
                self.fields[path].copy_(spread(self.points[path], image.shape[-2:]))
        return {**data, self.displacement_key: self.fields[path]}

    def place(self, path: str, points: torch.Tensor) -> None:
        """Take over the control points (2, R, C), as of `find_displacement`, of the pair whose CT lies there."""
        self.points[path] = points
        if path in self.fields:
            self.fields[path].copy_(spread(points, self.fields[path].shape[-2:]))


def places_of(size: Sequence[int], device: torch.device) -> torch.Tensor:
    """Where the pixels (H, W) of an image lie: (H, W, 2), columns first, in pixels from its middle."""
    rows, columns = (torch.arange(side, device=device) - (side - 1) / 2 for side in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], dim=-1)


def sampled(images: torch.Tensor, places: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """Images (N, C, H, W) at such places (N, h, w, 2); what lies outside is reflected."""
    height, width = images.shape[-2:]
    grid = places * places.new_tensor([2 / width, 2 / height])
    return F.grid_sample(images, grid, mode, padding_mode="reflection", align_corners=False)


def find_displacement(
    stain: torch.Tensor, section: torch.Tensor, mask: torch.Tensor, spacing: float = 64.0, stiffness: float = 1.5e-4
) -> torch.Tensor:
    """Find how a section is displaced against the CT that its stain was made from.

    Both show the same tissue in the same colours, so plain differences are enough: the mean absolute difference where
    the mask is 1, and the control points' bending energy, which costs an affine map nothing, become least by gradient
    descent, on images averaged over 8, 4 and 2 pixels one after the other.

    Args:
        stain: (3, H, W) in [0, 1].
        section: (3, H, W) in [0, 1].
        mask: (1, H, W), 1 where the section is valid.
        spacing: of the control points, about, pixels.
        stiffness: grey levels (of 1) that a squared second difference of control points, in pixels, is worth.

    Returns:
        Control points (2, R, C), rows first, float32, pixels: ``section`` at p shows what ``stain`` does at p +
        displacement. Zero if nothing of the mask is left after averaging.
    """
    size = mask.shape[-2:]
    points = torch.zeros(1, 2, *grid_shape(size, spacing), device=mask.device)
    for factor, step, steps in STAGES:
        if min(size) < 2 * (BORDER + factor):
            continue
        moving, fixed, valid = (F.avg_pool2d(image[None].float(), factor) for image in (stain, section, mask))
        places = places_of(fixed.shape[-2:], mask.device)
        margin = max(1, BORDER // factor)
        inner = (..., slice(margin, -margin), slice(margin, -margin))
        weight = (valid[inner] > 0.999).float()
        if not weight.any():
            continue
        points.requires_grad_(True)
        optimizer = torch.optim.Adam([points], lr=step)
        with torch.enable_grad():
            for _ in range(steps):
                field = spread(points[0], fixed.shape[-2:]).flip(0).permute(1, 2, 0) / factor
                difference = (sampled(moving, (places + field)[None]) - fixed)[inner].abs().mean(dim=1, keepdim=True)
                loss = (difference * weight).sum() / weight.sum() + stiffness * bending(points, (0, 1, 2, 3))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        points = points.detach()
    return points[0]
