"""A pair that somebody registered elsewhere: two images of one size, with a verdict and a report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.pairs.pair import Pair
from bundle.pairs.pair_folder import claim, write_pair
from bundle.pairs.section.drawn_mask import left_out
from bundle.shared.quality.fit import measure
from bundle.shared.section.find import find_section
from bundle.shared.section.light import light_of
from scripts.data.datalist.specimen_window import FOUND, facts_of_slices, found_window, read_found
from scripts.data.given_window import given_or_none, percentiles_for
from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.image.read import read_ct, read_histology
from scripts.data.padding import dark_end, padding_of
from scripts.data.window import window
from scripts.data.window_choice import NO_TRAINING, Facts, decide
from scripts.errors import InputError


def check_pair(
    ct: str,
    section: str,
    out: Path,
    ct_window: tuple[float, float] | str | None = None,
    pixel_um: float | None = None,
    mask: str | None = None,
    window_found: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Judge a registered pair and write it with its report; return the report.

    Args:
        ct: grey image.
        section: RGB image of the same size.
        out: folder of the pair.
        ct_window: grey values that become black and white, or a word, see `given_window`; None to find them.
        pixel_um: edge of the pixels in micrometres; None: as the CT's file says.
        mask: image, 0 where the section is not to be used.
        window_found: what was found in all slices of the specimen, see `found_window`; None to look at the image.

    Raises:
        InputError: images of different sizes; files that cannot be used; no section.
    """
    begun = time.monotonic()
    if pixel_um is not None and not is_pixel_size(pixel_um):
        raise InputError(
            f"--pixel_um {pixel_um:g}: give the edge of the pixels in micrometres, {FINEST_UM:g} to {COARSEST_UM:g}."
        )
    pixel_um = read_pixel_size(ct) if pixel_um is None else pixel_um
    out = claim(out)
    grey, colours = _read(ct, section)
    padding = padding_of([grey])
    (lo, hi), entry = _window(ct_window, window_found, grey, ct)
    padded = padding.where(grey)
    if padded is not None:
        grey[padded] = dark_end(padding, lo)
    drawn = None if mask is None else left_out(mask, (grey.shape[0], grey.shape[1]), section)
    found = find_section(light_of(colours.astype(np.float32)), section, drawn)
    quality = measure(found.image, found.density, window(grey, lo, hi), found.tissue & ~found.marked)
    facts = {
        "slide": section,
        "volume": ct,
        "glass": [round(value, 4) for value in found.glass],
        "ct_window_given": isinstance(ct_window, tuple),
        **entry,
        "padding": padding.to_json(),
    }
    pair = Pair(found, grey, (lo, hi), np.ones(grey.shape, bool), quality, None, pixel_um, facts)
    return write_pair(pair, out, time.monotonic() - begun)


def _window(
    asked: tuple[float, float] | str | None, found: dict[str, Any] | None, grey: npt.NDArray[Any], name: str
) -> tuple[tuple[float, float], dict[str, Any]]:
    """The window, and for the report what it was chosen from; nothing where it was given."""
    asked = given_or_none(asked, name)
    if isinstance(asked, tuple):
        return asked, {}
    percentiles = percentiles_for(asked)
    entry = found or found_window(facts_of_slices([grey], percentiles, name), percentiles)
    robust, _, search = read_found(entry, name)
    assert search is not None
    return decide(asked, Facts(robust, search), NO_TRAINING, name).window, {FOUND: entry}


def _read(ct: str, section: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Grey values (H, W) and colours (H, W, 3)."""
    grey, colours = read_ct(ct), np.moveaxis(read_histology(section), 0, -1)
    if grey.shape != colours.shape[:2]:
        raise InputError(
            f"{section} has {colours.shape[0]} x {colours.shape[1]} pixels, but {ct} {grey.shape[0]} x "
            f"{grey.shape[1]}: a registered pair has one size; to register it, give --slide and --volume."
        )
    return grey, colours
