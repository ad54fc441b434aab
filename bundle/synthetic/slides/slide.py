"""A slide: a section that is cut from a block, dyed, damaged and photographed; and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from bundle.synthetic.phantom.section import WHITE
from bundle.synthetic.slides.cut import SectionCut
from bundle.synthetic.slides.damage import bubble, fold, pen, tear
from bundle.synthetic.slides.options import StudyOptions
from bundle.synthetic.slides.truth import seen_by_the_scan

FINER = 5  # pixels of the slide along a voxel
MARGIN = 1.25  # of the section's canvas, of the block's side
DAMAGE = ((fold, 0.05), (tear, 0.04), (bubble, 0.12), (pen, 0.03))  # with its greatest width, of the canvas

Density = NDArray[np.float32]  # optical density (3, H, W) of the slide's pixels


@dataclass(frozen=True)
class Truth:
    """What is known of a slide, in the slide's own orientation.

    Attributes:
        places: (3, h, w) z, y, x in voxels of the block for each CT pixel of the section.
        damage: (H, W) of the slide, whether the section is damaged there.
        tissue: (H, W) of the slide, whether there is any of the block.
        section: (h, w, 3) at the scan's voxels, undamaged, of the usual dye.
    """

    places: NDArray[np.float32]
    damage: NDArray[np.bool_]
    tissue: NDArray[np.bool_]
    section: NDArray[np.uint8]


def make_slide(
    rng: np.random.Generator, stain: NDArray[np.uint8], cut: SectionCut, options: StudyOptions
) -> tuple[NDArray[np.uint8], Truth]:
    """Cut, dye, damage and photograph a section.

    Args:
        rng: source of dye, damage, light, noise and orientation.
        stain: (Z, Y, X, 3) of the block.
        cut: where the section lies in the block.
        options: of the study.

    Returns:
        The slide (H, W, 3), and what is known of it.
    """
    canvas = round(MARGIN * options.side)
    middle = (np.array(stain.shape[:3]) - 1) / 2
    coarse = np.arange(canvas) - (canvas - 1) / 2
    fine = (np.arange(canvas * FINER) + 0.5) / FINER - canvas / 2
    places = cut.places(coarse, coarse) + middle[:, None, None].astype(np.float32)
    sharp = cut.places(fine, fine) + middle[:, None, None].astype(np.float32)
    density, tissue = _cut_section(stain, sharp)
    section = seen_by_the_scan(density, FINER)
    if options.dye:
        strength = 1 + options.dye * (rng.uniform(-1, 1) + rng.uniform(-1 / 3, 1 / 3, 3))
        density *= strength[:, None, None]
    damage = np.zeros(tissue.shape, bool)
    if options.damaged:
        density, damage = _damage(rng, density)
    pixels = _photograph(rng, density)
    quarters, mirrored = (int(rng.integers(4)), bool(rng.integers(2))) if options.any_way else (0, False)

    def laid(array: NDArray[Any], first: int = 0) -> NDArray[Any]:
        turned = np.rot90(array, quarters, (first, first + 1))
        return np.ascontiguousarray(np.flip(turned, first + 1) if mirrored else turned)

    return laid(pixels), Truth(laid(places, 1), laid(damage), laid(tissue), laid(section))


def _cut_section(stain: NDArray[np.uint8], places: NDArray[np.float32]) -> tuple[Density, NDArray[np.bool_]]:
    """Density of the block's stain at places (3, H, W) of the slide's pixels, and where there is any of the block."""
    density = np.empty((3, *places.shape[1:]), np.float32)
    for channel in range(3):
        light = map_coordinates(stain[..., channel], places, np.float32, order=1, mode="nearest")
        density[channel] = -np.log10(np.clip(gaussian_filter(light, 0.3 * FINER), 1, None) / WHITE[channel])
    limits = np.array(stain.shape[:3])[:, None, None] - 0.5
    tissue: NDArray[np.bool_] = np.all((places > -0.5) & (places < limits), axis=0)
    density *= gaussian_filter(tissue.astype(np.float32), FINER)
    return density, tissue


def _damage(rng: np.random.Generator, density: Density) -> tuple[Density, NDArray[np.bool_]]:
    """Each kind of damage with a chance of a half; the density with it, and where it is."""
    damage = np.zeros(density.shape[1:], bool)
    for kind, width in DAMAGE:
        if rng.random() < 0.5:
            density, there = kind(rng, density, width * density.shape[1] * rng.uniform(0.5, 1))
            damage |= there
    return density, damage


def _photograph(rng: np.random.Generator, density: Density) -> NDArray[np.uint8]:
    """(H, W, 3) under light with a cast that falls off to a side, with a camera's noise."""
    cast, slope = rng.uniform(0.95, 1, 3), rng.normal(0, 0.01, 2)
    position = np.linspace(-1, 1, density.shape[1], dtype=np.float32)
    light = 1 + slope[0] * position[:, None] + slope[1] * position[None, :]
    image = (np.asarray(WHITE) * cast)[:, None, None] * 10**-density * light
    image += rng.normal(0, 1.5, image.shape)
    pixels: NDArray[np.uint8] = np.clip(np.rint(image), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return pixels
