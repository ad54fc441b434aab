"""The section on its slide: white glass, tissue, and what is no tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation, binary_fill_holes, binary_opening, gaussian_filter, label
from skimage.filters import threshold_otsu

from bundle.pairs.section.area import light_of, values_of
from scripts.errors import InputError

WHITE = 0.96  # sRGB value of glass after balancing
LEAST_GLASS = 0.7  # sRGB value of the darkest channel of what may be glass
CLEAR = 0.02  # optical density up to which a pixel may be glass
SMALLEST = 32  # pixels of the slide along its shorter side
LEAST_TISSUE = 0.01  # share of the slide
SMALLEST_PIECE = 0.02  # share of the largest piece of tissue
DUST = 0.001  # share of the slide that no single piece of dust covers
PEN_DENSITY = 0.25  # optical density from which a mark's hue is judged
PEN_MARGIN = 3  # pixels around a mark that are left out as well

Array = NDArray[np.floating]
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
    glass = glass_of(light)
    if values_of(glass).min() < LEAST_GLASS:  # the brightest there is is tissue: what white is cannot be told
        glass = np.full(3, light_of(np.array(WHITE)), light.dtype)
    passed = light / glass
    density = -np.log10(np.maximum(passed, 1e-3))
    marked = pen_marks(density) if left_out is None else pen_marks(density) | left_out
    mean = np.where(marked, np.float32(0), density.mean(axis=-1))
    tissue = _tissue(mean, marked, name)
    passed *= light_of(np.array(WHITE))
    image = values_of(np.clip(passed, 0, 1, out=passed))
    return Section(image, mean, tissue, marked, tuple(float(value) for value in values_of(glass)))


def glass_of(light: Array) -> Array:
    """Linear light (3,) of the glass: the median of what is about as bright as the brightest there is."""
    brightness = light.mean(axis=-1)
    brightest = np.percentile(brightness, 99.5)
    pixels = light[brightness > 0.9 * brightest]
    return np.maximum(np.median(pixels, axis=0), 1e-3).astype(light.dtype)


def pen_marks(density: Array) -> Mask:
    """Marks of a red, orange or green pen: dyes of tissue absorb red most or all alike, these inks do not.

    Args:
        density: (H, W, 3) optical density.
    """
    red, green, blue = (density[..., channel] for channel in range(3))
    strong = density.max(axis=-1) > PEN_DENSITY
    reddish = (red < 0.5 * green) & (red < 0.6 * blue)
    greenish = (green < 0.55 * red) & (green < 0.55 * blue)
    marks = binary_opening(strong & (reddish | greenish), iterations=1)
    return binary_dilation(marks, iterations=PEN_MARGIN) if marks.any() else marks


def _tissue(density: Array, marked: Mask, name: str) -> Mask:
    smooth = gaussian_filter(density, 1.5)
    stained = smooth > CLEAR
    if stained.mean() < LEAST_TISSUE:
        raise InputError(f"{name} shows no section, or hardly any: {100 * stained.mean():.1f} % of it is stained.")
    # Otsu's threshold falls between pale and dark tissue where much is stained: half of it parts glass from tissue.
    threshold = min(max(CLEAR, 0.25 * float(threshold_otsu(smooth[stained]))), 0.05)
    mask = binary_closing(np.pad(smooth > threshold, 8), iterations=4)[8:-8, 8:-8]
    mask = binary_fill_holes(binary_opening(mask, iterations=2)) & ~marked
    pieces, count = label(mask)
    if not count:
        raise InputError(f"{name} shows no section: nothing on it is stained and larger than a few pixels.")
    sizes = np.bincount(pieces.ravel())[1:]
    large = sizes >= max(SMALLEST_PIECE * sizes.max(), DUST * mask.size)
    if sizes[large].sum() < LEAST_TISSUE * mask.size:
        raise InputError(f"{name} shows hardly any section, {100 * sizes[large].sum() / mask.size:.1f} % of it.")
    return np.isin(pieces, 1 + np.nonzero(large)[0])
