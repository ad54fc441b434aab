"""How strongly sections are dyed, compared by what the scan shows in the same places.

Methods that compare sections by themselves, Reinhard's and Macenko's, take a section with more bone for one that is
dyed otherwise. A registered pair knows better: what is equally grey in CT should be equally dense in every section.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from bundle.shared.section.glass import WHITE
from bundle.shared.section.light import light_of, values_of

BINS = 32  # of CT grey
LEAST_PIXELS = 200  # of a bin that counts
PALE, BLACK = 0.02, 1.0  # optical densities between which there is dye: glass and gaps, metal
FADE = 0.2  # above and below `BLACK`, within which redyeing fades out
ALIKE = 0.1  # by which factors may differ from 1 without meaning anything: tissues of one grey have several colours
STRANGE = 3.0  # factor from which it is another dye

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Shades:
    """A section's optical density by CT grey.

    Attributes:
        density: (BINS, 3) natural logarithm of the median optical density of red, green, blue.
        pixels: (BINS,) how many there are, 0 in bins that do not count.
    """

    density: Array
    pixels: npt.NDArray[np.int64]


def shades(image: Array, ct: Array, mask: npt.NDArray[np.bool_]) -> Shades:
    """Measure a section.

    Args:
        image: (H, W, 3) sRGB values in [0, 1], the glass at `WHITE`.
        ct: (H, W) in [0, 1], by one window for all sections.
        mask: (H, W) where both fit.
    """
    density = _density(image)
    dyed = mask & (density.mean(axis=-1) > PALE) & (density.min(axis=-1) < BLACK)
    grey = np.minimum((ct * BINS).astype(int), BINS - 1)
    medians, pixels = np.zeros((BINS, 3)), np.zeros(BINS, np.int64)
    for bin_ in range(BINS):
        there = dyed & (grey == bin_)
        if there.sum() >= LEAST_PIXELS:
            pixels[bin_] = there.sum()
            medians[bin_] = np.log(np.maximum(np.median(density[there], axis=0), 1e-3))
    return Shades(medians, pixels)


def strengths(sections: Mapping[str, Shades], training: Collection[str]) -> dict[str, Array]:
    """By what factors the optical density of each section differs from the usual of training.

    The logarithm of a section's density is that of its dye and that of the tissue with its grey: both are found by
    least squares, weighted by pixels, from the training sections; those of other splits change nothing. Training
    sections that share no grey with the others, by whatever chain, are left out.

    Args:
        sections: by name.
        training: names of the training sections.

    Returns:
        Factors (3,) of red, green, blue by name, the median of training 1, and 1 where none differs by `ALIKE`; without
        the sections of which nothing can be compared, or a factor would be beyond `STRANGE`.
    """
    names = [name for name in sections if name in training and sections[name].pixels.any()]
    if not names:
        return {}
    usual, known = _usual(_comparable([sections[name] for name in names]))
    found = {}
    for name, section in sections.items():
        common = (section.pixels * known)[:, None]
        factor = np.exp(((section.density - usual) * common).sum(axis=0) / max(common.sum(), 1))
        if common.any() and (factor < STRANGE).all() and (factor > 1 / STRANGE).all():
            found[name] = factor if np.abs(np.log(factor)).max() > ALIKE else np.ones(3)
    return found


def _comparable(sections: list[Shades]) -> list[Shades]:
    """The largest group of sections that share greys with each other, directly or by way of others."""
    there = np.stack([section.pixels > 0 for section in sections])
    _, groups = connected_components(csr_array(there @ there.T))
    return [section for section, group in zip(sections, groups, strict=True) if group == np.bincount(groups).argmax()]


def _usual(sections: list[Shades]) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Logarithm of the density (BINS, 3) that each grey usually has, and for which of them (BINS,) it is known."""
    pixels = np.stack([section.pixels for section in sections])
    index, bins = np.nonzero(pixels)
    weights = np.sqrt(pixels[index, bins])[:, None]
    terms = np.zeros((len(index), len(sections) + BINS))
    rows = np.arange(len(index))
    terms[rows, index] = terms[rows, len(sections) + bins] = 1
    density = np.stack([section.density for section in sections])[index, bins]
    solved = np.linalg.lstsq(terms * weights, density * weights, rcond=None)[0]
    factors, usual = solved[: len(sections)], solved[len(sections) :]
    known: npt.NDArray[np.bool_] = np.any(pixels > 0, axis=0)
    return usual + np.median(factors, axis=0), known


def redyed(image: Array, strength: Array) -> Array:
    """The section as if it were dyed as usual; what is as black as metal stays as it is.

    Args:
        image: (H, W, 3) sRGB values in [0, 1], the glass at `WHITE`.
        strength: (3,) factors by which its optical density differs.

    Returns:
        (H, W, 3) sRGB values in [0, 1].
    """
    glass, density = light_of(np.array(WHITE)), _density(image)
    dye = np.clip((BLACK + FADE - density.min(axis=-1, keepdims=True)) / (2 * FADE), 0, 1)
    return values_of(np.clip(glass * 10 ** -(density / strength**dye), 0, 1))


def _density(image: Array) -> Array:
    """Optical density of linear light; glass that is brighter than `WHITE` has a negative one."""
    density: Array = -np.log10(np.maximum(light_of(image) / light_of(np.array(WHITE)), 1e-3))
    return density
