"""The section on its slide: its colours before white glass, its tissue, and what is no tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.shared.section.glass import WHITE, white_of
from bundle.shared.section.light import light_of, values_of
from bundle.shared.section.pen_marks import pen_marks
from bundle.shared.section.tissue import find_tissue
from scripts.errors import InputError

SMALLEST = 32  # pixels of the slide along its shorter side

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Section:
    """A section at the CT's scale.

    Attributes:
        image: (H, W, 3) float32 sRGB values in [0, 1], the glass neutral and at `WHITE`.
        density: (H, W) float32, mean optical density of the three channels.
        tissue: (H, W) the section with the gaps inside it.
        marked: (H, W) pen marks and what a person has marked.
        glass: sRGB values of the glass before balancing; `WHITE` where none was found and colours are as they were.
    """

    image: NDArray[np.float32]
    density: NDArray[np.float32]
    tissue: Mask
    marked: Mask
    glass: tuple[float, ...]


def find_section(light: NDArray[np.float32], name: str, left_out: Mask | None = None) -> Section:
    """Balance the white of a slide by its glass, find the tissue and the marks on it.

    Where no glass is seen, as in a field within the tissue, colours stay as they are.

    Args:
        light: (H, W, 3) linear light in [0, 1].
        name: of the slide, for messages.
        left_out: (H, W) what a person has marked.

    Raises:
        InputError: there is no section on it, or it is too small to show one.
    """
    if min(light.shape[:2]) < SMALLEST:
        raise InputError(
            f"{name} has {light.shape[1]} x {light.shape[0]} pixels at the scan's voxel size, too few to be "
            "registered: check the sizes of pixels and voxels."
        )
    glass = white_of(light)
    passed = light / glass
    density = -np.log10(np.maximum(passed, 1e-3))
    marked = pen_marks(density) if left_out is None else pen_marks(density) | left_out
    mean = np.where(marked, np.float32(0), density.mean(axis=-1))
    tissue = find_tissue(mean, marked, name)
    passed *= light_of(np.array(WHITE))
    image = values_of(np.clip(passed, 0, 1, out=passed))
    return Section(image, mean, tissue, marked, tuple(float(value) for value in values_of(glass)))
