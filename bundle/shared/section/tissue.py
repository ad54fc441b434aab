"""Which pixels of a slide show tissue."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_closing, binary_fill_holes, binary_opening, gaussian_filter, label
from skimage.filters import threshold_otsu

from scripts.errors import InputError

CLEAR = 0.02  # optical density up to which a pixel may be glass
LEAST_TISSUE = 0.01  # share of the slide
SMALLEST_PIECE = 0.02  # share of the largest piece of tissue
DUST = 0.001  # share of the slide that no single piece of dust covers

Mask = npt.NDArray[np.bool_]


def find_tissue(density: npt.NDArray[np.floating[Any]], marked: Mask, name: str) -> Mask:
    """Mask (H, W) of the tissue, with the gaps inside it.

    Args:
        density: (H, W) optical density, the mean of the three channels.
        marked: (H, W) what is no tissue, such as pen marks.
        name: of the slide, for messages.

    Raises:
        InputError: hardly any tissue.
    """
    smooth = gaussian_filter(density, 1.5)
    dyed = smooth > CLEAR
    if dyed.mean() < LEAST_TISSUE:
        raise InputError(f"{name} shows no section, or hardly any: {100 * dyed.mean():.1f} % of it is dyed.")
    # Where much is dyed Otsu's threshold falls between pale and dark tissue; a quarter of it parts glass from tissue.
    otsu = float(threshold_otsu(smooth[dyed]))
    threshold = min(max(CLEAR, 0.25 * otsu), 0.05)
    mask = binary_closing(np.pad(smooth > threshold, 8), iterations=4)[8:-8, 8:-8]
    mask = binary_fill_holes(binary_opening(mask, iterations=2)) & ~marked
    pieces, count = label(mask)
    if not count:
        raise InputError(f"{name} shows no section: nothing on it is dyed and larger than a few pixels.")
    sizes = np.bincount(pieces.ravel())[1:]
    large = sizes >= max(SMALLEST_PIECE * sizes.max(), DUST * mask.size)
    if sizes[large].sum() < LEAST_TISSUE * mask.size:
        raise InputError(f"{name} shows hardly any section, {100 * sizes[large].sum() / mask.size:.1f} % of it.")
    return np.isin(pieces, 1 + np.nonzero(large)[0])
