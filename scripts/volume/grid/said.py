"""What log, record and preview say of the two grids: the scan's and the network's."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from scripts.volume.grid.resampled import Shape, spacing_on
from scripts.volume.read.units import in_words, micrometres
from scripts.volume.read.volume import Volume

logger = logging.getLogger(__name__)


def tell_of_grids(volume: Volume, stained: Shape, written: Shape) -> None:
    """Write into the log to which grid a volume is resampled, and on which its outputs will lie; else nothing.

    Args:
        volume: as it was opened.
        stained: (Z, Y, X) of the network's grid.
        written: (Z, Y, X) of the outputs' grid.
    """
    if stained == volume.shape:
        return
    logger.info(
        "%s: resampled from %s to the network's grid of %s, %d x %d x %d voxels (z, y, x); the outputs lie on %s",
        volume.source,
        in_words(volume.spacing),
        in_words(spacing_on(volume, stained)),
        *stained,
        "that grid (or give --output_grid input)" if written == stained else "the input's grid",
    )


def grids_of(volume: Volume, stained: Shape, shown: Volume, digest: str) -> dict[str, Any]:
    """For the record: the grid that was stained, and that of the outputs, sizes in micrometres.

    Args:
        volume: as it was opened.
        stained: (Z, Y, X) of the network's grid.
        shown: the volume on the grid of the outputs.
        digest: SHA-256 over the SHA-256 of the slices that were stained.
    """
    spacing, resampled = spacing_on(volume, stained), stained != volume.shape
    return {
        "resampled": resampled,
        "network": {
            "shape_zyx": list(stained),
            "voxel_size_zyx_um": None if spacing is None else micrometres(spacing),
            # of grey values above the window's low end, float32
            "sha256_of_slice_sha256": digest if resampled else None,
        },
        "output": {
            "shape_zyx": list(shown.shape),
            "voxel_size_zyx_um": None if shown.spacing is None else micrometres(shown.spacing),
            "affine_xyz_to_mm": None if shown.affine is None else np.asarray(shown.affine).tolist(),
        },
    }


def lines_of_grids(volume: Volume, stained: Shape) -> list[str]:
    """For the preview: that a volume was resampled, or nothing."""
    if stained == volume.shape:
        return []
    return [f"voxels: {in_words(volume.spacing)}, resampled to {in_words(spacing_on(volume, stained))} for the network"]
