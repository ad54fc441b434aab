"""Scans made worse in ways that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bundle.evidence.fit.specimens import Specimen
from scripts.data.resample import resize_ct

#: From a slice (H, W) in parts of its window, and random numbers, to the changed one.
Change = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


class Worse(NamedTuple):
    """One way.

    Attributes:
        name: for the table.
        kinds: of the findings of which one names it.
        make: makes a specimen worse.
    """

    name: str
    kinds: frozenset[str]
    make: Callable[[Specimen], Specimen]


def changes() -> list[Worse]:
    """Those that the table counts."""
    noisier, blurred = frozenset({"noisier"}), frozenset({"blurred"})
    return [
        *(Worse(f"noise {sigma:g} added", noisier, _by(_noise(sigma))) for sigma in (0.02, 0.05, 0.1)),
        *(Worse(f"blur {sigma:g} added", blurred, _by(_blur(sigma))) for sigma in (1.0, 2.0, 4.0)),
        *(Worse(f"binning {n}, size known", frozenset({"coarser"}), _binned(n)) for n in (2, 3)),
        *(Worse(f"binning {n}, enlarged again", blurred, _by(_enlarged(n))) for n in (2, 3)),
        Worse("voxel size missing", frozenset({"voxel size unknown"}), lambda scan: replace(scan, pixel_um=None)),
    ]


def _by(change: Change) -> Callable[[Specimen], Specimen]:
    def make(scan: Specimen) -> Specimen:
        lo, hi = scan.window
        rng = np.random.default_rng(0)
        parts = [change((slice_ - lo) / (hi - lo), rng) for slice_ in scan.slices.astype(np.float32)]
        return replace(scan, slices=np.stack(parts) * np.float32(hi - lo) + np.float32(lo))

    return make


def _noise(sigma: float) -> Change:
    """White noise of this standard deviation, of the window's width."""
    return lambda ct, rng: ct + sigma * rng.standard_normal(ct.shape, dtype=np.float32)


def _blur(sigma: float) -> Change:
    """Gaussian blur of this standard deviation, pixels."""
    return lambda ct, _rng: gaussian_filter(ct, sigma)


def _enlarged(factor: int) -> Change:
    """Means of `factor` by `factor` pixels, brought back to the old pixels by cubic interpolation."""

    def change(ct: NDArray[np.float32], _rng: np.random.Generator) -> NDArray[np.float32]:
        coarse = _means(ct, factor)
        return resize_ct(coarse, (factor * coarse.shape[0], factor * coarse.shape[1]))

    return change


def _binned(factor: int) -> Callable[[Specimen], Specimen]:
    """A scan of so much larger pixels, which says so."""

    def make(scan: Specimen) -> Specimen:
        size = None if scan.pixel_um is None else factor * scan.pixel_um
        return replace(scan, slices=np.stack([_means(slice_, factor) for slice_ in scan.slices]), pixel_um=size)

    return make


def _means(ct: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    rows, columns = (side - side % factor for side in ct.shape)
    blocks = ct[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    return np.asarray(blocks.mean((1, 3)), np.float32)
