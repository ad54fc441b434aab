"""Faults as they happen to people, planted into one pair of a study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.transform import rescale

Array = NDArray[Any]
GLASS = 0.01  # share of the brightest pixels that are glass, or as pale


@dataclass(frozen=True)
class Images:
    """CT (H, W) of any type and section (H, W, 3) of uint8."""

    ct: Array
    section: Array


def turned(pair: Images, other: Images) -> Images:
    """A quarter turn."""
    return replace(pair, section=np.rot90(pair.section))


def mirrored(pair: Images, other: Images) -> Images:
    """Left to right."""
    return replace(pair, section=pair.section[:, ::-1])


def inverted(pair: Images, other: Images) -> Images:
    """The CT within its own range."""
    ct = pair.ct
    return replace(pair, ct=(ct.max() - ct + ct.min()).astype(ct.dtype))


def negative(pair: Images, other: Images) -> Images:
    """The section as a photographic negative."""
    return replace(pair, section=255 - pair.section)


def shifted(pair: Images, other: Images) -> Images:
    """40 pixels to the right, glass in their place."""
    moved = np.full_like(pair.section, _glass(pair.section))
    moved[:, 40:] = pair.section[:, :-40]
    return replace(pair, section=moved)


def scaled(pair: Images, other: Images) -> Images:
    """A quarter larger, cut to the same size."""
    large = rescale(pair.section, 1.25, order=1, channel_axis=-1, preserve_range=True).astype(np.uint8)
    rows, columns = pair.ct.shape
    top, left = (large.shape[0] - rows) // 2, (large.shape[1] - columns) // 2
    return replace(pair, section=large[top : top + rows, left : left + columns])


def empty(pair: Images, other: Images) -> Images:
    """Glass with the noise of a camera."""
    noise = np.random.default_rng(0).normal(0, 2, pair.section.shape)
    return replace(pair, section=np.clip(_glass(pair.section) + noise, 0, 255).astype(np.uint8))


def saturated(pair: Images, other: Images) -> Images:
    """A CT whose brightest third is cut off."""
    top = np.quantile(pair.ct, 2 / 3)
    return replace(pair, ct=np.minimum(pair.ct, top).astype(pair.ct.dtype))


def foreign(pair: Images, other: Images) -> Images:
    """The section of another place or specimen, cut or filled up to the same size; changed a little, so that it is no
    copy of its file."""
    rows, columns = pair.ct.shape
    section = np.full((rows, columns, 3), _glass(other.section))
    part = other.section[:rows, :columns]
    section[: part.shape[0], : part.shape[1]] = part
    return replace(pair, section=np.clip(0.9 * section.astype(float) + 10, 0, 255).astype(np.uint8))


def duplicate(pair: Images, other: Images) -> Images:
    """Both images of another pair, stored anew."""
    return other


def redyed(pair: Images, other: Images) -> Images:
    """As if it were stained with haematoxylin and eosin: dense tissue violet, pale tissue pink."""
    glass = np.maximum(_glass(pair.section) / 255, 1e-3) ** 2.2
    density = -np.log10(np.maximum((pair.section / 255) ** 2.2, 1e-3) / glass).mean(axis=-1, keepdims=True)
    violet = np.clip(density / 0.5, 0, 1)
    dye = violet * np.array([0.65, 0.70, 0.29]) + (1 - violet) * np.array([0.10, 0.95, 0.30])
    light = glass * 10 ** -(density * dye / dye.mean(axis=-1, keepdims=True))
    return replace(pair, section=np.clip(255 * light ** (1 / 2.2), 0, 255).astype(np.uint8))


def _glass(section: Array) -> Array:
    brightness = section.mean(axis=-1)
    glass: Array = np.median(section[brightness >= np.quantile(brightness, 1 - GLASS)], axis=0).astype(section.dtype)
    return glass


#: Names of findings, and the faults that are to be called so.
PLANTED: dict[str, Callable[[Images, Images], Images]] = {
    "foreign section": foreign,
    "turned": turned,
    "mirrored": mirrored,
    "inverted CT": inverted,
    "negative section": negative,
    "shifted": shifted,
    "other scale": scaled,
    "empty section": empty,
    "saturated": saturated,
    "duplicate": duplicate,
    "another dye": redyed,
}
