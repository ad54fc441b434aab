"""Taking training patches: on tissue, never on flat background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable, Transform
from monai.utils import convert_to_numpy
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from torch.nn import functional as F


class TissueWeightd(Transform):
    """Add a map of sampling weights for `RandTissueCropd` to a windowed pair.

    The weight of a pixel is the share of tissue in the patch centred there, up to `enough_tissue`: beyond it patches
    are equally likely, so that resin and implants, which look like tissue in the CT, are seen as well. A pixel is
    tissue if it is valid and its stain is darker, in any channel, than the slide's white by more than `contrast`.
    Patches with less than `min_tissue` of it, or with a flat CT, get weight zero, so they are never drawn; if no patch
    has enough tissue (a section of another kind, or a very small one), every patch with a CT that is not flat may be,
    and if there is none of these either, every patch.

    The map depends on the pair alone, so it is computed once when ``CacheDataset`` caches the item.

    Args:
        patch_size: side of the patches to be drawn, in pixels.
        image_key: windowed CT, (1, H, W) in [0, 1].
        label_key: section, (3, H, W) in [0, 1].
        mask_key: valid region, (1, H, W), 1 = use.
        weight_key: entry to write, (1, H, W) float32 in [0, 1].
        contrast: how far below the slide's white a channel must be, of 1.
        min_tissue: smallest share of tissue in a patch.
        enough_tissue: share of tissue from which more makes a patch no more likely.
        min_deviation: smallest standard deviation of the CT in a patch, of the window's width; below it is flat.
    """

    def __init__(
        self,
        patch_size: int,
        image_key: str = "image",
        label_key: str = "label",
        mask_key: str = "mask",
        weight_key: str = "weight",
        contrast: float = 0.1,
        min_tissue: float = 0.05,
        enough_tissue: float = 0.25,
        min_deviation: float = 0.005,
    ) -> None:
        self.patch_size = patch_size
        self.image_key, self.label_key, self.mask_key, self.weight_key = image_key, label_key, mask_key, weight_key
        self.contrast, self.min_deviation = contrast, min_deviation
        self.min_tissue, self.enough_tissue = min_tissue, enough_tissue

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with its map of weights."""
        item = dict(data)
        ct, stain, mask = (
            convert_to_numpy(item[key]).astype(np.float64) for key in (self.image_key, self.label_key, self.mask_key)
        )
        darkest = stain.min(axis=0)
        white = np.percentile(darkest[mask[0] > 0], 99) if mask.any() else 1.0  # no padding of a registration
        tissue = self._share((darkest < white - self.contrast) * mask[0])
        mean, square = self._share(ct[0]), self._share(ct[0] ** 2)
        textured = (square - mean**2 > self.min_deviation**2) & (self._share(mask[0]) > 0)
        inside = np.zeros_like(textured)
        inside[self._centres(ct.shape[1]), self._centres(ct.shape[2])] = True
        weight = np.where(textured & inside & (tissue >= self.min_tissue), tissue.clip(max=self.enough_tissue), 0.0)
        for fallback in (textured & inside, inside):
            if not weight.any():
                weight = fallback.astype(np.float64)
        item[self.weight_key] = torch.from_numpy(weight[None].astype(np.float32))
        return item

    def _centres(self, size: int) -> slice:
        """Pixels along one side at which a whole patch can be centred."""
        half = self.patch_size // 2
        return slice(half, size - self.patch_size + half + 1)

    def _share(self, values: NDArray[Any]) -> NDArray[Any]:
        """Mean over the patch centred at each pixel."""
        share: NDArray[np.float64] = uniform_filter(values.astype(np.float64), size=self.patch_size, mode="constant")
        return share


class CumulativeWeightd(Transform):
    """Replace a map of sampling weights (1, H, W) by its cumulative sum, row by row, float64.

    `RandTissueCropd` finds a pixel in it by bisection, where MONAI's ``RandWeightedCropd`` adds up the whole map for
    every patch.

    Args:
        weight_key: the map.
    """

    def __init__(self, weight_key: str = "weight") -> None:
        self.weight_key = weight_key

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with the sum in place of the map."""
        weight = data[self.weight_key]
        return {**data, self.weight_key: weight.double().flatten().cumsum(0).view_as(weight)}


class RandTissueCropd(Randomizable, MapTransform):
    """Cut a square out of a pair, centred at a pixel drawn by its weight; what lies outside the pair is reflected.

    Args:
        keys: entries (C, H, W) of one size, on each side longer than half of `spatial_size`.
        spatial_size: side of the square, in pixels.
        weight_key: of `CumulativeWeightd`, of the same size.
        num_samples: squares cut from one item.
    """

    def __init__(
        self, keys: KeysCollection, spatial_size: int, weight_key: str = "weight", num_samples: int = 1
    ) -> None:
        MapTransform.__init__(self, keys)
        self.spatial_size, self.weight_key, self.num_samples = spatial_size, weight_key, num_samples

    def draw(self, cumulative: NDArray[Any]) -> tuple[int, int]:
        """Draw a pixel's row and column."""
        place = np.searchsorted(cumulative.ravel(), self.R.random() * cumulative[-1, -1], side="right")
        row, column = divmod(int(place), int(cumulative.shape[1]))
        return row, column

    def __call__(self, data: Mapping[Any, Any]) -> list[dict[Any, Any]]:
        """Return items with the entries of `keys` alone, cut."""
        cumulative = data[self.weight_key][0].numpy()
        return [self._cut(data, self.draw(cumulative)) for _ in range(self.num_samples)]

    def _cut(self, data: Mapping[Any, Any], centre: tuple[int, int]) -> dict[Any, Any]:
        spans: list[slice] = []
        padding: list[int] = []
        for at, side in zip(centre, data[self.weight_key].shape[-2:], strict=True):
            start = at - self.spatial_size // 2
            stop = start + self.spatial_size
            spans.append(slice(max(0, start), min(side, stop)))
            padding = [max(0, -start), max(0, stop - side), *padding]  # the last side comes first
        item = {}
        for key in self.key_iterator(data):
            cut = data[key][:, spans[0], spans[1]]
            item[key] = F.pad(cut, padding, mode="reflect") if any(padding) else cut
        return item
