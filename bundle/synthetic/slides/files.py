"""Writing slides and scans as OME-TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

TILE = 256
SMALLEST = 512  # pixels, longer side of the pyramid's last level


def write_slide(path: Path, image: NDArray[np.uint8], pixel_um: float | None) -> None:
    """Write RGB (H, W, 3) in JPEG tiles with levels of half the size each, down to about 512 pixels.

    Args:
        path: ending in ``.ome.tif``.
        image: level 0.
        pixel_um: edge of its pixels in micrometres, None to leave it out.
    """
    levels = [image]
    while max(levels[-1].shape[:2]) > SMALLEST:
        levels.append(_halved(levels[-1]))
    size = {} if pixel_um is None else {"PhysicalSizeX": pixel_um, "PhysicalSizeY": pixel_um}
    options: dict[str, Any] = {
        "tile": (TILE, TILE),
        "compression": "jpeg",
        "compressionargs": {"level": 92},
        "photometric": "rgb",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path, bigtiff=True, ome=True) as tif:
        tif.write(image, subifds=len(levels) - 1, metadata={"axes": "YXS", **size}, **options)
        for level in levels[1:]:
            tif.write(level, subfiletype=1, **options)


def write_scan(path: Path, ct: NDArray[np.uint16], voxel_um: float) -> None:
    """Write a scan (Z, Y, X), one page a slice.

    Args:
        path: ending in ``.ome.tif``.
        ct: grey values.
        voxel_um: edge of a voxel in micrometres.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"axes": "ZYX"} | {f"PhysicalSize{axis}": voxel_um for axis in "ZYX"}
    tifffile.imwrite(
        path, ct, ome=True, metadata=metadata, photometric="minisblack", compression="zlib", predictor=True
    )


def _halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = (side // 2 for side in image.shape[:2])
    parts = image[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    halved: NDArray[np.uint8] = np.rint(parts.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
    return halved
