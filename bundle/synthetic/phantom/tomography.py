"""From attenuation to 16-bit CT counts: blur, edge fringes, rings, streaks at metal and noise."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates, zoom
from scipy.sparse import csr_array

Array = NDArray[np.floating]

COUNTS_AT_ZERO = 5000.0
COUNTS_PER_MU = 10000.0
CT_WINDOW = (5000.0, 35000.0)
"""Grey-value window that goes with the counts: 0 to 3 per cm."""

COARSE = 128
ANGLES = 96


@dataclass(frozen=True)
class Scanner:
    """How one specimen was scanned.

    Attributes:
        gain: factor on the attenuation, about 1.
        blur: standard deviation of the point spread in pixels.
        noise: standard deviation of the noise in 1/cm.
        fringe: strength of the phase-contrast fringes relative to the step at an edge.
        axis: row and column of the rotation axis in pixels from the middle.
        rings: (2, R) two ring profiles in 1/cm over the distance from the axis; their mixture turns with height.
        streaks: strength of beam hardening and photon starvation.
    """

    gain: float
    blur: float
    noise: float
    fringe: float
    axis: tuple[float, float]
    rings: Array
    streaks: float

    @classmethod
    def draw(cls, rng: np.random.Generator, size: int, streaks: float) -> Scanner:
        """Draw the settings of a scan of slices of ``size`` pixels."""
        profile = gaussian_filter1d(rng.standard_t(3, (2, 2 * size)), 0.7, axis=1)
        return cls(
            gain=float(rng.uniform(0.98, 1.02)),
            blur=float(rng.uniform(0.6, 0.75)),
            noise=float(rng.uniform(0.06, 0.11)),
            fringe=float(rng.uniform(0.35, 0.6)),
            axis=(float(rng.normal(0, 0.1 * size)), float(rng.normal(0, 0.1 * size))),
            rings=profile * rng.uniform(0.015, 0.032),
            streaks=streaks,
        )

    def scan(
        self, rng: np.random.Generator, mu: Array, metal: NDArray[np.bool_], z: float, y: Array, x: Array
    ) -> NDArray[np.uint16]:
        """Return uint16 counts (H, W) of a slice; for the arguments see `reconstruct`."""
        counts = np.rint(COUNTS_AT_ZERO + COUNTS_PER_MU * self.reconstruct(rng, mu, metal, z, y, x))
        grey: NDArray[np.uint16] = np.clip(counts, 0, 65535).astype(np.uint16)
        return grey

    def reconstruct(
        self, rng: np.random.Generator, mu: Array, metal: NDArray[np.bool_], z: float, y: Array, x: Array
    ) -> Array:
        """Return the attenuation (H, W) in 1/cm of a slice as the scanner finds it.

        Args:
            rng: source of the slice's noise.
            mu: (H, W) attenuation in 1/cm.
            metal: (H, W) boolean, where the implant is metal.
            z: height of the slice in pixels.
            y: (H,) rows in pixels from the middle.
            x: (W,) columns.
        """
        sharp = gaussian_filter(mu, self.blur)
        image = sharp + self.fringe * (sharp - gaussian_filter(sharp, 1.1))
        if self.streaks > 0 and metal.any():
            image = image + self.streaks * streaks(rng, metal)
        radius = np.hypot(y[:, None] - self.axis[0], x[None, :] - self.axis[1])
        mixture = np.cos(z / 9) * self.rings[0] + np.sin(z / 9) * self.rings[1]
        image = image + map_coordinates(mixture, [radius], order=1, mode="nearest")
        noise = gaussian_filter(rng.normal(size=mu.shape), 0.45)
        found: Array = self.gain * image + self.noise * noise / noise.std()
        return found


def streaks(rng: np.random.Generator, metal: NDArray[np.bool_]) -> Array:
    """Streaks (H, W) in 1/cm of beam hardening and photon starvation at strongly absorbing metal.

    The metal is projected on a coarse grid, the projections' error (too low along long paths, and noisy where hardly a
    photon comes through) is filtered with a ramp and projected back, as filtered back-projection does.
    """
    shape = metal.shape
    factors = (COARSE / shape[0], COARSE / shape[1])
    coarse = zoom(metal.astype(np.float64), factors, order=1, grid_mode=True, mode="nearest")
    system, bins = _projector()
    path = (system @ coarse.ravel()).reshape(ANGLES, bins) / COARSE
    error = -2.6 * path**2 + 0.010 * np.expm1(4.5 * path) * rng.normal(size=path.shape)
    ramp = np.abs(np.fft.rfftfreq(2 * bins))
    ramp *= np.cos(np.pi * np.fft.rfftfreq(2 * bins))
    filtered = np.fft.irfft(np.fft.rfft(error, 2 * bins, axis=1) * ramp, axis=1)[:, :bins]
    image = (system.T @ filtered.ravel()).reshape(COARSE, COARSE) * (np.pi / ANGLES) * COARSE / 2
    fine = (shape[0] / COARSE, shape[1] / COARSE)
    found: Array = zoom(image, fine, order=1, grid_mode=True, mode="nearest")
    return found


@functools.lru_cache(maxsize=1)
def _projector() -> tuple[csr_array, int]:
    """Parallel-beam projector of the coarse grid as a sparse matrix, pixel-driven with linear interpolation."""
    middle = (COARSE - 1) / 2
    row, column = np.mgrid[:COARSE, :COARSE].reshape(2, -1) - middle
    bins = int(np.ceil(COARSE * np.sqrt(2))) + 3
    pixel = np.arange(COARSE * COARSE)
    rows, columns, weights = [], [], []
    for index, angle in enumerate(np.arange(ANGLES) * np.pi / ANGLES):
        position = column * np.cos(angle) + row * np.sin(angle) + (bins - 1) / 2
        low = np.floor(position).astype(int)
        for bin_, weight in ((low, low + 1 - position), (low + 1, position - low)):
            rows.append(index * bins + bin_)
            columns.append(pixel)
            weights.append(weight)
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(entries, shape=(ANGLES * bins, COARSE * COARSE)), bins
