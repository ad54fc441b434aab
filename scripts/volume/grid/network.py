"""The grid on which a network sees a volume: that of the voxel size of its training."""

from __future__ import annotations

import logging

from scripts.data.datalist.working_size import FEWEST, MOST
from scripts.data.resample import working_shape
from scripts.errors import InputError
from scripts.volume.grid.resampled import Shape
from scripts.volume.read.once import log_once
from scripts.volume.read.units import in_words, micrometres
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import neighbours_alike

logger = logging.getLogger(__name__)

COARSEST = 20  # times the training's pixels, from which no stain can be right and the grid takes terabytes


def network_shape(volume: Volume, pixel_um: float | None) -> Shape | None:
    """Number of voxels (Z, Y, X) of a volume on the network's grid; None where nothing is to be resampled.

    That is so where a size is not known, of which `fit_of` tells, and where all sides are within 3 % of the network's.
    A single slice, and slices of which each shows something else, are resampled in the plane only.

    Args:
        volume: with its voxel size, if it is known.
        pixel_um: size of the pixels that the network works at, micrometres, None if the weights do not say.

    Raises:
        InputError: a slice would have under 64 or over 200,000 pixels along a side; voxels are more than 20 times as
            large as the network's; damaged slices.
    """
    if pixel_um is None:
        log_once(logger, logging.INFO, "The weights do not say at which voxel size they work: nothing is resampled.")
        return None
    if volume.spacing is None:
        return None
    if max(micrometres(volume.spacing)) > COARSEST * pixel_um:
        raise InputError(
            f"{volume.source} has voxels of {in_words(volume.spacing)} (z, y, x), over {COARSEST} times the "
            f"{pixel_um:g} um of the training: give the true size with --voxel_um, or --voxel_um "
            f"{pixel_um:g} to stain the voxels as they are."
        )
    depth, rows, columns = working_shape(volume.shape, micrometres(volume.spacing), pixel_um)
    if depth != volume.shape[0] and not _is_body(volume):
        depth = volume.shape[0]
    if (depth, rows, columns) == volume.shape:
        return None
    if min(rows, columns) < FEWEST or max(depth, rows, columns) > MOST:
        raise InputError(
            f"{volume.source} has voxels of {in_words(volume.spacing)} (z, y, x). On the network's grid of "
            f"{pixel_um:g} um it would have {depth} x {rows} x {columns} voxels, but a side of a slice may have "
            f"{FEWEST} to {MOST:,}: give the true size with --voxel_um, or --voxel_um {pixel_um:g} to stain the voxels "
            "as they are."
        )
    return depth, rows, columns


def _is_body(volume: Volume) -> bool:
    """Whether something lies between the slices of a volume: it has several, and they look alike."""
    if volume.shape[0] == 1:
        return False
    if neighbours_alike(volume):
        return True
    log_once(
        logger,
        logging.WARNING,
        f"{volume.source}: neighbouring slices have little in common, so no slices are computed between them: they are "
        "resampled in the plane only.",
    )
    return False
