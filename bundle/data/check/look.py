"""A pair read once and made small: what all checks look at, and what the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from bundle.data.check.finding import Finding
from bundle.data.listing.listed import Listed
from bundle.shared.section.glass import WHITE, white_of
from bundle.shared.section.light import light_of, values_of
from bundle.shared.section.tissue import find_tissue
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.image.read import read_ct, read_header, read_histology, read_mask
from scripts.data.padding import padding_of
from scripts.data.resample import same_size
from scripts.data.window import PERCENTILES, percentile_window, window
from scripts.errors import InputError
from scripts.files.digest import file_digest

SIDE = (
    320  # pixels along the longer side at most; registration errs by a few pixels of the files, which shall not count
)
SMALLEST = 160  # pixels along the shorter side of an image that is averaged down by two at least, against noise
BLACK = 0.8  # optical density from which something is opaque, such as metal
SATURATED = 0.03  # share of the pixels at the brightest grey where the section is not black
SATURATION = "saturated"  # kind of the finding
FEWEST_LEVELS = 24  # grey values; a scan has more

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """A section, made small.

    Attributes:
        image: (H, W, 3) sRGB values in [0, 1], its glass at `WHITE`.
        density: (H, W, 3) optical density against the glass.
        tissue: (H, W); nothing where no section is found.
    """

    image: Array
    density: Array
    tissue: Mask

    @property
    def opaque(self) -> Mask:
        """(H, W) what is black, such as metal: as bright as it is in CT, it would outweigh all tissue."""
        black: Mask = self.density.min(axis=-1) > BLACK
        return black


@dataclass(frozen=True)
class Look:
    """A pair, made small.

    Attributes:
        listed: the pair.
        shape: rows and columns of the CT slice.
        section_shape: of the section.
        factor: pixels of the CT slice along one of the small images.
        grey: (H, W) CT, its darkest and brightest values at 0 and 1.
        inside: (H, W) whether a pixel was reconstructed and is not masked out.
        light: (h, w, 3) linear light of the section; (H, W, 3) where both have the same size.
        seen: the section; None where sizes differ.
        pixel_um: edge of a pixel in micrometres, as somebody gave it, else as the CT's file says; None for unknown.
        digests: of the files of CT and section.
        findings: about the pair by itself.
    """

    listed: Listed
    shape: tuple[int, int]
    section_shape: tuple[int, int]
    factor: int
    grey: Array
    inside: Mask
    light: Array
    seen: Seen | None
    pixel_um: float | None
    digests: tuple[str, str]
    findings: tuple[Finding, ...]


def look_at(listed: Listed) -> Look:
    """Read a pair.

    Raises:
        InputError: a file that cannot be read, or holds another kind of image; exchanged files; a mask of another size.
    """
    heads = read_header(listed.ct), read_header(listed.section)
    if (heads[0].channels, heads[1].channels) == (3, 1) and not heads[1].palette:
        raise InputError(f"{listed.ct} is RGB and {listed.section} is grey: CT and section are exchanged.")
    ct, colours = read_ct(listed.ct), np.moveaxis(read_histology(listed.section), 0, -1)
    shape, factor = (ct.shape[0], ct.shape[1]), _factor(ct.shape)
    padding = padding_of([ct])
    padded = padding.where(ct)
    inside = np.ones(shape, bool) if padded is None else ~padded
    values = padding.without(ct)
    used = inside & _mask(listed, shape)
    lo, hi = percentile_window(values, *PERCENTILES, str(listed.ct))
    grey = _small(window(np.where(inside, ct, lo), lo, hi), factor)
    section_shape = (colours.shape[0], colours.shape[1])
    same = section_shape == shape
    light = _small(light_of(colours), factor if same else _factor(section_shape))
    seen = see(light) if same else None
    pixel_um = listed.pixel_um or read_pixel_size(listed.ct)
    findings = _grey_findings(ct, values, factor, seen) + _size_findings(listed, pixel_um) + _section_findings(seen)
    return Look(
        listed=listed,
        shape=shape,
        section_shape=section_shape,
        factor=factor,
        grey=grey,
        inside=_small(used.astype(np.float32), factor) > 0.5,
        light=light,
        seen=seen,
        pixel_um=pixel_um,
        digests=(file_digest(listed.ct), file_digest(listed.section)),
        findings=tuple(findings),
    )


def see(light: Array) -> Seen:
    """A section from its linear light (H, W, 3)."""
    passed = light / white_of(light)
    density = -np.log10(np.maximum(passed, 1e-3))
    mean = density.mean(axis=-1)
    try:
        tissue = find_tissue(mean, np.zeros(mean.shape, bool), "")
    except InputError:
        tissue = np.zeros(mean.shape, bool)
    image = values_of(np.clip(passed * light_of(np.array(WHITE)), 0, 1))
    return Seen(image, density, tissue)


def _factor(shape: tuple[int, ...]) -> int:
    """Pixels that are averaged, along each side."""
    return max(-(-max(shape) // SIDE), 2 if min(shape) >= SMALLEST else 1)


def _small(image: Array, factor: int) -> Array:
    """Means of squares of pixels; what is left over at the end is left out."""
    rows, columns = (side // factor * factor for side in image.shape[:2])
    small: Array = block_reduce(image[:rows, :columns], (factor, factor) + (1,) * (image.ndim - 2), np.mean)
    return small.astype(np.float32)


def _mask(listed: Listed, shape: tuple[int, int]) -> Mask:
    if listed.mask is None:
        return np.ones(shape, bool)
    mask = read_mask(listed.mask) > 0
    if mask.shape != shape:
        raise InputError(
            f"The mask {listed.mask} has {mask.shape[0]} x {mask.shape[1]} pixels (rows x columns), but its CT slice "
            f"{shape[0]} x {shape[1]}: save it at the same size."
        )
    return mask


def _grey_findings(ct: Array, values: Array, factor: int, seen: Seen | None) -> list[Finding]:
    levels = len(np.unique(values[:: max(1, values.size // 100_000)]))
    found = []
    if levels < FEWEST_LEVELS:
        todo = "export the slice again with all its grey values"
        found.append(Finding("few grey values", f"The CT has {levels} grey values only", todo))
    if seen is None:
        return found  # nothing says where the metal is, which may be as bright as can be
    top = _small((ct >= values.max()).astype(np.float32), factor)
    share = float((top * ~seen.opaque).mean())
    if share > SATURATED:
        bright = f"{100 * share:.0f} % of it are as bright as can be"
        what = f"The CT is saturated: {bright}, where the section shows no metal"
        found.append(Finding(SATURATION, what, "export the slice again with a wider range of grey values"))
    return found


def _size_findings(listed: Listed, said: float | None) -> list[Finding]:
    section = read_pixel_size(listed.section)
    if said is None or section is None or same_size(said, section):
        return []
    what = f"The pixels are of {said:g} um by the CT, of {section:g} um by the section's file"
    return [Finding("pixel sizes", what, "correct the wrong one; the CT is believed", fault=False)]


def _section_findings(seen: Seen | None) -> list[Finding]:
    if seen is None or seen.tissue.any():
        return []
    todo = "save the section again, or take the pair out"
    return [Finding("empty section", "The section is empty: hardly any of it is dyed", todo)]
