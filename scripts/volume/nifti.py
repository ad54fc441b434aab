"""NIfTI volumes read slab by slab through one open stream."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from scripts.data.files import has_suffix, reading, require_grey_type
from scripts.data.nifti import is_scaled, open_nifti, stored_array
from scripts.errors import InputError
from scripts.volume.volume import Volume

#: NIfTI's length units in mm; a header without a unit is taken as mm, as every viewer does.
MILLIMETRES = {"unknown": 1.0, "mm": 1.0, "micron": 1e-3, "meter": 1000.0}


class NiftiVolume(Volume):
    """A NIfTI file, compressed or not.

    The z axis is the slowest in the file, so a slab is one run of bytes. A compressed file is decompressed in one pass
    if it is read from front to back; going back starts again from its beginning.

    Args:
        path: ``.nii`` or ``.nii.gz``.

    Raises:
        InputError: damaged; RGB; more than three dimensions; an unknown voxel type.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.files = path, [path]
        with reading(path):
            image = open_nifti(path)
            header = image.header
            sizes = tuple(int(size) for size in image.shape)
        if len(sizes) < 2 or any(size > 1 for size in sizes[3:]):
            text = " x ".join(map(str, sizes))
            raise InputError(f"{path} has other axes than x, y and z ({text}): save one channel or time point as 3D.")
        stored = header.get_data_dtype()
        if stored.fields:
            raise InputError(f"{path} is an RGB volume where a CT volume was expected: convert it to greyscale.")
        require_grey_type(stored, path)
        x, y, z = (*sizes, 1)[:3]
        zooms = (*(float(zoom) for zoom in header.get_zooms()), 1.0)[:3]
        unit = MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
        proxy = stored_array(image)
        self._scaling = (float(proxy.slope), float(proxy.inter)) if is_scaled(image) else None
        self._stored, self._offset = stored, int(proxy.offset)
        self.shape = (z, y, x)
        self.dtype = stored.newbyteorder("=") if self._scaling is None else np.dtype(np.float32)
        self.spacing = (zooms[2] * unit, zooms[1] * unit, zooms[0] * unit)
        self.affine = np.array(image.affine, dtype=np.float64)
        self.nifti_header = header
        opener = gzip.open if has_suffix(path, (".gz",)) else open
        self._file = opener(path, "rb")

    def _read(self, start: int, stop: int) -> np.ndarray:
        _, rows, columns = self.shape
        slice_bytes = rows * columns * self._stored.itemsize
        self._file.seek(self._offset + start * slice_bytes)
        content = self._file.read((stop - start) * slice_bytes)
        if len(content) < (stop - start) * slice_bytes:
            raise EOFError(f"it ends in slice {start + len(content) // slice_bytes} of {self.shape[0]}")
        slab = np.frombuffer(content, self._stored).reshape(stop - start, rows, columns)
        if self._scaling is None:
            return slab
        slope, inter = self._scaling
        return (slab * slope + inter).astype(np.float32)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
