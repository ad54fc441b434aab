"""Uncertainty of stained slices by several methods, beside their squared error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from bundle.shared.windowed_pairs import load_pairs
from scripts.inferers import TileInferer, UncertaintyInferer

VIEWS = (2, 4, 8)
LOCAL = 9  # pixels, side of the square in which the stain's own contrast is taken


@dataclass
class Maps:
    """Pixels of all slices of a split, one after the other, those that are valid.

    Attributes:
        error: squared error of the stain, mean over the colours, in units of grey levels of 255 squared; (pixels,).
        uncertainty: by method, (pixels,); in grey levels where it is a standard deviation.
        slices: specimen and number of pixels of each slice, in order.
    """

    error: NDArray[np.float32]
    uncertainty: dict[str, NDArray[np.float32]]
    slices: list[tuple[str, int]] = field(default_factory=list)

    def of_slices(self, method: str) -> list[tuple[str, float]]:
        """Specimen and mean uncertainty of each slice."""
        ends = np.cumsum([count for _, count in self.slices])
        parts = np.split(self.uncertainty[method], ends[:-1])
        return [(name, float(part.mean())) for (name, _), part in zip(self.slices, parts, strict=True)]


def maps_of(dataset_dir: Path, split: str, networks: Sequence[Any], views: Sequence[int] = VIEWS) -> Maps:
    """Stain a split by the first network, and find its uncertainty in every way.

    Args:
        dataset_dir: with ``datalist.json``.
        split: whose slices.
        networks: the one that is judged, at its pixel size, and others trained alike, whose differences are the method
            `ensemble`.
        views: as many of each slice, each number a method.

    Returns:
        Methods ``2 views`` and so on, ``ensemble of N``, and ``contrast``, the standard deviation of the stain's grey
        in a square: errors lie where there is something to see, and a method has to tell more than that.
    """
    pairs = load_pairs(dataset_dir, split, working_um=networks[0].trained_on.pixel_um)
    errors: list[NDArray[np.float32]] = []
    found: dict[str, list[NDArray[np.float32]]] = {}
    slices: list[tuple[str, int]] = []
    for index in range(len(pairs)):
        item = pairs[index]
        ct, true = (torch.as_tensor(item[key]).as_subclass(torch.Tensor) for key in ("image", "label"))
        valid = np.asarray(item["mask"])[0] > 0
        with torch.no_grad():
            laid = torch.cat(list(UncertaintyInferer(views=max(views)).laid_back(ct[None], networks[0])))
            stain = 255 * laid[0]
            apart = 255 * (laid - laid[0])  # small differences keep their digits, as in inference
            deviations = {f"{count} views": apart[:count].std(dim=0, unbiased=False).mean(dim=0) for count in views}
            if len(networks) > 1:
                stains = torch.stack([stain, *(255 * TileInferer()(ct[None], other)[0] for other in networks[1:])])
                deviations[f"ensemble of {len(networks)}"] = stains.std(dim=0, unbiased=False).mean(dim=0)
        grey = stain.mean(dim=0).numpy()
        mean = uniform_filter(grey, LOCAL)
        contrast = np.sqrt(np.maximum(uniform_filter(grey**2, LOCAL) - mean**2, 0))
        errors.append((stain - 255 * true).square().mean(dim=0).numpy()[valid])
        for name, deviation in {**deviations, "contrast": contrast}.items():
            found.setdefault(name, []).append(np.asarray(deviation)[valid])
        slices.append((str(item["specimen"]), int(valid.sum())))
    return Maps(np.concatenate(errors), {name: np.concatenate(parts) for name, parts in found.items()}, slices)
