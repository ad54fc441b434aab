"""Scans of any size for measurements: tissue of the phantom, written slice by slice."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel.nifti1
import numpy as np
import tifffile
from numpy.typing import NDArray

WINDOW = (5000.0, 35000.0)  # the phantom's grey values that become black and white


def slices(shape: tuple[int, int, int], dtype: str, seed: int = 0) -> Iterator[NDArray[Any]]:
    """Slices like those of a noisy scan: blobs that move a little from one to the next, in the phantom's grey values.

    Args:
        shape: (Z, Y, X).
        dtype: of the grey values.
        seed: random seed.
    """
    rng = np.random.default_rng(seed)
    coarse = rng.random((shape[1] // 16 + 2, shape[2] // 16 + 2))
    blobs = np.kron(coarse, np.ones((16, 16)))[: shape[1], : shape[2]] > 0.5
    for z in range(shape[0]):
        tissue = np.where(np.roll(blobs, z, axis=1), 26000, 12000)
        yield (tissue + rng.normal(0, 1500, shape[1:])).astype(dtype)


def write_folder(path: Path, shape: tuple[int, int, int], dtype: str) -> Path:
    """A folder of uncompressed TIFF slices."""
    path.mkdir(parents=True)
    for index, image in enumerate(slices(shape, dtype)):
        tifffile.imwrite(path / f"slice_{index:05d}.tif", image)
    return path


def write_nifti(path: Path, shape: tuple[int, int, int], dtype: str) -> Path:
    """A compressed NIfTI, written as a stream: a volume of measurements need not fit into memory."""
    header: Any = nibabel.nifti1.Nifti1Header()
    header.set_data_shape(shape[::-1])
    header.set_data_dtype(dtype)
    header.set_zooms((0.005, 0.005, 0.005))
    header.set_xyzt_units("mm")
    header["magic"] = b"n+1"
    header.set_data_offset(352)
    with gzip.open(path, "wb", compresslevel=1) as file:
        header.write_to(file)
        file.write(bytes(352 - file.tell()))
        for image in slices(shape, dtype):
            file.write(image.tobytes())
    return path
