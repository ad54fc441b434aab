"""Slices of a specimen, rendered twice from one label field. A slice depends on seed, specimen and height alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.materials import METAL
from bundle.synthetic.phantom.anatomy.specimen import Specimen
from bundle.synthetic.phantom.plan import Plan
from bundle.synthetic.phantom.section import Slide
from bundle.synthetic.phantom.tomography import Scanner

SLICE, VOLUME = 1, 2
"""Streams of random numbers beside the specimen's own: noise of its single slices, noise of its volume."""


@dataclass(frozen=True)
class Rendering:
    """What one slice looks like: ``ct`` (H, W), uint8 ``stain`` (H, W, 3) and ``labels`` (H, W).

    The CT of a plain specimen is uint16. ``mask`` (H, W), where the field of view is round, is 255 in it and 0 outside.
    """

    ct: NDArray[Any]
    stain: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None = None


@functools.lru_cache(maxsize=2)
def body(seed: int, plan: Plan, size: int, half_depth: float) -> tuple[Specimen, Scanner, Slide]:
    """The specimen, its scan and its slides, from the generator of ``[seed, specimen]``."""
    rng = np.random.default_rng([seed, plan.index])
    specimen = Specimen(rng, plan.material, plan.weeks, size, half_depth)
    return specimen, Scanner.draw(rng, size, specimen.implant.streaks), Slide.draw(rng)


def render_slice(seed: int, plan: Plan, size: int, half_depth: float, index: int, z: float) -> Rendering:
    """Render a whole slice of ``size`` pixels: a scan, and a section with its own thickness and illumination."""
    rng = np.random.default_rng([seed, plan.index, SLICE, index])
    return _render(rng, body(seed, plan, size, half_depth), size, size, z, vary=True)


def render_volume_slice(
    seed: int, plan: Plan, size: int, half_depth: float, index: int, z: float, side: int
) -> Rendering:
    """Render the middle ``side`` x ``side`` pixels of a slice of a volume, all of whose slices share one staining."""
    rng = np.random.default_rng([seed, plan.index, VOLUME, index])
    return _render(rng, body(seed, plan, size, half_depth), size, side, z, vary=False)


def _render(
    rng: np.random.Generator, parts: tuple[Specimen, Scanner, Slide], size: int, side: int, z: float, vary: bool
) -> Rendering:
    specimen, scanner, slide = parts
    pixel = np.arange(side) - (side - 1) / 2
    canvas = specimen.slice(z, pixel, pixel)
    ct = scanner.scan(rng, canvas.mu, canvas.labels == METAL, z, pixel, pixel)
    if vary:
        slide = slide.vary(rng)
    field = 2 * pixel / size
    return Rendering(ct, slide.photograph(rng, canvas.optical_density, field, field), canvas.labels)
