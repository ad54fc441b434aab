"""Writing the phantom's images and volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel.loadsave
import nibabel.nifti1
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

PIXEL_MM = 0.005
"""Edge of a pixel and of a voxel: 5 micrometres."""

RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def write_ct(path: Path, counts: NDArray[Any], pixel_mm: float = PIXEL_MM) -> None:
    """Write a slice (H, W) or a volume (Z, H, W) as a compressed TIFF, one page a slice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    per_centimetre = (10 / pixel_mm, 10 / pixel_mm)
    # Without the ImageJ and shape metadata the bytes depend on the pixels alone.
    tifffile.imwrite(
        path,
        counts,
        photometric="minisblack",
        compression="zlib",
        predictor=counts.dtype.kind != "f",  # few programs read the predictor of floats
        resolution=per_centimetre,
        resolutionunit="CENTIMETER",
        metadata=None,
        software="",
    )


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an 8-bit image, (H, W) or (H, W, 3), as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, compress_level=4)


def write_displacement(path: Path, field: NDArray[np.float16]) -> None:
    """Write a field (2, H, W) as arrays ``dy`` and ``dx``: the displaced image at (y, x) shows (y + dy, x + dx)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, dy=field[0], dx=field[1])


def write_nifti(path: Path, volume: NDArray[Any], pixel_mm: float = PIXEL_MM) -> None:
    """Write a volume (Z, H, W), or (Z, H, W, 3) uint8 as RGB24, as NIfTI of axes (x, y, z) with x = W, y = H."""
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.ascontiguousarray(volume).view(RGB24)[..., 0] if volume.ndim == 4 else volume
    affine = np.diag([pixel_mm, pixel_mm, pixel_mm, 1.0])
    image: Any = nibabel.nifti1.Nifti1Image(voxels.T, affine)
    image.header.set_xyzt_units("mm")
    nibabel.loadsave.save(image, path)
