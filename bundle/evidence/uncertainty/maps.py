"""Uncertainty of stained slices by several methods, beside their squared error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from bundle.shared.windowed_pairs import load_pairs
from scripts.inferers import TileInferer, UncertaintyInferer
from scripts.inferers.uncertainty import upsampled
from scripts.networks import StainEnsemble

VIEWS = (2, 4, 8)
LOCAL, WIDE = 9, 25  # pixels, side of the square in which the contrast of stain and CT is taken
AROUND = 2.0  # pixels, standard deviation of the blur by which the views' deviation around a pixel is found
MOST_UNLIKE = 0.1  # part of a slice by whose novelty it is judged
NOVELTY = "novelty"


@dataclass
class Maps:
    """Pixels of all slices of a split, one after the other, those that are valid.

    Attributes:
        error: squared error of the stain, mean over the colours, in units of grey levels of 255 squared; (pixels,).
        uncertainty: by method, (pixels,); in grey levels where it is a standard deviation.
        slices: specimen and number of pixels of each slice, in order.
        terms: what is known of each pixel, by name, for `fit_combination`.
    """

    error: NDArray[np.float32]
    uncertainty: dict[str, NDArray[np.float32]]
    slices: list[tuple[str, int]] = field(default_factory=list)
    terms: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def of_slices(self, method: str) -> list[tuple[str, float]]:
        """Specimen and mean uncertainty of each slice; of the novelty, mean of the tenth that is most unlike."""
        ends = np.cumsum([count for _, count in self.slices])
        parts = np.split(self.uncertainty[method], ends[:-1])
        if method == NOVELTY:
            parts = [np.sort(part)[-max(1, int(MOST_UNLIKE * len(part))) :] for part in parts]
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
        in a square: errors lie where there is something to see, and a method has to tell more than that. ``novelty``
        where the first network knows the features of its training.
    """
    pairs = load_pairs(dataset_dir, split, working_um=networks[0].trained_on.pixel_um)
    errors: list[NDArray[np.float32]] = []
    found: dict[str, list[NDArray[np.float32]]] = {}
    terms: dict[str, list[NDArray[np.float32]]] = {}
    slices: list[tuple[str, int]] = []
    familiar = getattr(networks[0], "known_features", None)
    for index in range(len(pairs)):
        item = pairs[index]
        ct, true = (torch.as_tensor(item[key]).as_subclass(torch.Tensor) for key in ("image", "label"))
        valid = np.asarray(item["mask"])[0] > 0
        with torch.no_grad():
            ends: list[torch.Tensor] = []
            inferer = UncertaintyInferer(views=max(views))
            laid = torch.cat(list(inferer.laid_back(ct[None], networks[0], on_trunk=ends.append)))
            stain = 255 * laid[0]
            apart = 255 * (laid - laid[0])  # small differences keep their digits, as in inference
            deviations = {f"{count} views": apart[:count].std(dim=0, unbiased=False).mean(dim=0) for count in views}
            if isinstance(networks[0], StainEnsemble):  # its members' views count one by one, as in inference
                alone = {count: UncertaintyInferer(views=count)(ct[None], networks[0]) for count in views}
                deviations = {f"{count} views": 255 * maps[0, 3] for count, maps in alone.items()}
            if len(networks) > 1:
                stains = torch.stack([stain, *(255 * TileInferer()(ct[None], other)[0] for other in networks[1:])])
                deviations[f"ensemble of {len(networks)}"] = stains.std(dim=0, unbiased=False).mean(dim=0)
            if familiar is not None:
                deviations[NOVELTY] = upsampled(familiar.novelty(ends[0]), networks[0].stride, ct.shape[1:])[0, 0]
        grey = stain.mean(dim=0).numpy()
        contrast = _contrast(grey, LOCAL)
        for name, term in _terms(deviations, grey, 255 * ct[0].numpy()).items():
            terms.setdefault(name, []).append(np.asarray(term, np.float32)[valid])
        errors.append((stain - 255 * true).square().mean(dim=0).numpy()[valid])
        for name, deviation in {**deviations, "contrast": contrast}.items():
            found.setdefault(name, []).append(np.asarray(deviation)[valid])
        slices.append((str(item["specimen"]), int(valid.sum())))
    uncertainty, known = ({name: np.concatenate(parts) for name, parts in each.items()} for each in (found, terms))
    return Maps(np.concatenate(errors), uncertainty, slices, known)


def _terms(deviations: Mapping[str, Any], grey: NDArray[Any], ct: NDArray[Any]) -> dict[str, Any]:
    """What may tell of the error of a pixel, in grey levels but for the novelty."""
    if "4 views" not in deviations:
        return {}
    views = np.asarray(deviations["4 views"])
    return {
        "views": views,
        "views around": gaussian_filter(views, AROUND),
        **({NOVELTY: deviations[NOVELTY]} if NOVELTY in deviations else {}),
        "stain": grey,
        "contrast of the stain": _contrast(grey, WIDE),
        "contrast of the CT": _contrast(ct, WIDE),
    }


def _contrast(image: NDArray[Any], side: int) -> NDArray[Any]:
    """Standard deviation in a square of so many pixels."""
    variance = uniform_filter(image**2, side) - uniform_filter(image, side) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)))
