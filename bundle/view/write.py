"""The page of one stained volume: what is read, and where it is written."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bundle.shared.stained import Stained
from bundle.shared.stained_layer import open_layer
from bundle.view.facts import facts_of
from bundle.view.grid import Grid, choose_grid
from bundle.view.on_grid import ct_on_grid, layer_on_grid
from bundle.view.page import write_page
from scripts.errors import InputError
from scripts.files.digest import file_signature
from scripts.volume.grid.resampled import ResampledVolume
from scripts.volume.read.reader import open_volume
from scripts.volume.read.volume import Volume

logger = logging.getLogger(__name__)


def write_view(stained: Stained, path: Path, size: int = 1024, ct: str | None = None) -> Grid:
    """Write the page of one volume.

    Args:
        stained: the volume's outputs.
        path: HTML file to write.
        size: voxels along the longest side at most.
        ct: the CT volume instead of the record's.

    Returns:
        What voxels the page shows.
    """
    shape, spacing = stained.shape, stained.spacing
    grid = choose_grid(shape, spacing or (1.0, 1.0, 1.0), size)
    sparse = stained.zeros_left_out
    layers = {"stain": layer_on_grid(open_layer(stained.stain, 3, shape, sparse), grid, stained.digests("stain"))}
    grey, doubt = _ct(stained, grid, ct)
    if grey is not None:
        layers["ct"] = grey
    if stained.uncertainty is not None:
        doubts = open_layer(stained.uncertainty, 1, shape, sparse)
        layers["uncertainty"] = layer_on_grid(doubts, grid, stained.digests("uncertainty"))
    write_page(path, facts_of(stained, grid, doubt), layers)
    return grid


def _ct(stained: Stained, grid: Grid, given: str | None) -> tuple[npt.NDArray[np.uint8] | None, str]:
    """The CT (z, y, x, 1) uint8, None if it is no longer there; and a doubt that it is what was stained.

    A line tells of a missing CT and of a doubt.
    """
    try:
        with open_volume(given or stained.source) as volume:
            if volume.shape != stained.ct_shape:
                sizes = [" x ".join(map(str, sides)) for sides in (volume.shape, stained.ct_shape)]
                raise InputError(
                    f"{volume.source} has {sizes[0]} voxels (z, y, x), but what was stained as {stained.name} had "
                    f"{sizes[1]}: give --ct the CT of this stain."
                )
            grey, digest = _on_grid(volume, stained, grid)
            if doubt := _doubt(stained, volume, digest):
                logger.warning("%s: %s (%s)", stained.name, doubt, volume.source)
            return grey, doubt
    except InputError as error:
        if given:
            raise
        logger.warning("%s: the page shows the stain without its CT. %s", stained.name, error)
        return None, ""


def _on_grid(volume: Volume, stained: Stained, grid: Grid) -> tuple[npt.NDArray[np.uint8], str]:
    resampling = stained.resampling
    if resampling is None:
        return ct_on_grid(volume, grid, stained.window, stained.padding)
    return ct_on_grid(ResampledVolume(volume, resampling), grid, resampling.window_above)


def _doubt(stained: Stained, volume: Volume, digest: str) -> str:
    """Why a CT of the right shape may not be the one that was stained; empty if it is known to be."""
    shown = f"The CT on this page, {volume.path.name},"
    if stained.ct_digest is not None:
        other = f"{shown} is not what was stained: its grey values or their type are others."
        return "" if digest == stained.ct_digest else other
    # slices along another axis are not compared by their digest: to read them costs a copy of the volume
    if stained.made_of == file_signature(volume.files):
        return ""
    return f"{shown} may not be what was stained: its files are not those of the record, or were changed since."
