"""Small bodies scattered in space (lacunae, cells) and their cross-sections on a slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def jittered_points(rng: np.random.Generator, half: tuple[float, float, float], spacing: float, keep: float) -> Array:
    """Points (N, 3) in (z, y, x), sorted by z, in the box of half sides ``half``.

    They form a lattice, strongly jittered and thinned. Unlike independent points they do not clump, as cells do not.
    """
    axes = [np.arange(-h - spacing, h + spacing, spacing) for h in half]
    points: Array = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = points + rng.uniform(0, spacing, points.shape)
    points = points[rng.random(len(points)) < keep]
    return points[np.argsort(points[:, 0], kind="stable")]


def near_slice(points: Array, z: float, reach: float) -> slice:
    """The run of z-sorted points whose height is within ``reach`` of ``z``."""
    low, high = np.searchsorted(points[:, 0], [z - reach, z + reach])
    return slice(int(low), int(high))


def spheroid_sections(
    shape: tuple[int, ...], offsets: Array, normals: Array, thin: Array, wide: Array, reach: int = 4
) -> Array:
    """Coverage (H, W) in [0, 1] of a slice by the cross-sections of oblate spheroids.

    Args:
        shape: (H, W) of the slice.
        offsets: (N, 3), height above the slice, row and column of the centres in pixels of the slice.
        normals: (N, 3) unit vectors along the short axes.
        thin: (N,) half length of the short axis in pixels.
        wide: (N,) half length of the two other axes.
        reach: half side in pixels of the window written for each body.
    """
    coverage = np.zeros(shape[0] * shape[1])
    centre = np.rint(offsets[:, 1:]).astype(np.int64)
    step = np.arange(-reach, reach + 1)
    rows = centre[:, 0, None, None] + step[None, :, None]
    columns = centre[:, 1, None, None] + step[None, None, :]
    dy = rows - offsets[:, 1, None, None]
    dx = columns - offsets[:, 2, None, None]
    dz = -offsets[:, 0, None, None]
    along = normals[:, 0, None, None] * dz + normals[:, 1, None, None] * dy + normals[:, 2, None, None] * dx
    square = dy**2 + dx**2 + dz**2
    thin, wide = thin[:, None, None], wide[:, None, None]
    radius = np.sqrt(along**2 / thin**2 + np.maximum(square - along**2, 0) / wide**2)
    value = np.clip((1 - radius) * np.sqrt(thin * wide) + 0.5, 0, 1)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1]) & (value > 0)
    flat = np.broadcast_to(rows * shape[1] + columns, value.shape)[inside]
    np.maximum.at(coverage, flat, value[inside])
    return coverage.reshape(shape)
