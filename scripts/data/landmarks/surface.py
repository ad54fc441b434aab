"""How far voxels lie from the surface between background and mineral: bone is thin or porous, implants are thick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

RIM = 2.0  # pixels beside a surface, whose grey values are those of both sides
NEAR = 0.5  # share of a class that counts as near its surface
COMPACT = 0.05  # median depth of implants, as part of the root of their area: 0.17 for a disc, 0.03 for bone
MOST_METAL = 0.6  # share of the voxels: a scan shows more of the bone than of its implant

Masks = Sequence[NDArray[np.bool_]]


def depths(others: Masks) -> NDArray[np.float32]:
    """Distance in pixels of each pixel from the next one of `others` in its slice, of all slices, one-dimensional."""
    return np.concatenate([_depth(other).ravel() for other in others])


def near_surface(depth: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of a layer below the surface, without its rim, that holds half of a class; of everything where it is thin.

    Args:
        depth: of all voxels, from the other class.
        inside: mask of the class.
    """
    below = depth[inside & (depth > RIM)]
    if not below.size:
        return np.ones(depth.shape, bool)
    layer: NDArray[np.bool_] = (depth > RIM) & (depth <= np.quantile(below, NEAR))
    return layer


def is_compact(bright: Masks) -> bool:
    """Whether what is bright has the shape of implants: few thick bodies that do not fill the slices.

    Args:
        bright: mask of each slice.
    """
    areas = [int(mask.sum()) for mask in bright]
    if not max(areas) or sum(areas) > MOST_METAL * sum(mask.size for mask in bright):
        return False
    inside = np.concatenate([_depth(~mask)[mask] for mask in bright])
    return bool(np.median(inside) > COMPACT * np.sqrt(max(areas)))


def _depth(other: NDArray[np.bool_]) -> NDArray[np.float32]:
    if not other.any():
        return np.full(other.shape, np.float32(max(other.shape)))
    depth: NDArray[np.float32] = distance_transform_edt(~other).astype(np.float32)
    return depth
