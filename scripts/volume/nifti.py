"""The header of NIfTI volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.data.files import has_suffix, reading, require_grey_type
from scripts.data.nifti import is_scaled, open_nifti, stored_array
from scripts.errors import InputError
from scripts.volume.stream import StreamVolume, Voxels
from scripts.volume.units import MILLIMETRES


class NiftiVolume(StreamVolume):
    """A NIfTI file, compressed or not. The z axis is the slowest in the file, so a slab is one run of bytes.

    Args:
        path: ``.nii`` or ``.nii.gz``.

    Raises:
        InputError: damaged; RGB; more than three dimensions; an unknown voxel type.
    """

    def __init__(self, path: Path) -> None:
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
        # A header without a unit is taken as mm, as every viewer does.
        unit = MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
        proxy = stored_array(image)
        scaling = (float(proxy.slope), float(proxy.inter)) if is_scaled(image) else None
        compressed = has_suffix(path, (".gz",))
        super().__init__(path, (z, y, x), Voxels(path, stored, compressed, skip=int(proxy.offset), scaling=scaling))
        self.spacing = (zooms[2] * unit, zooms[1] * unit, zooms[0] * unit)
        self.affine = np.array(image.affine, dtype=np.float64)
        self.nifti_header = header
