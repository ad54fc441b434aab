"""The header of NIfTI volumes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from scripts.data.image.nifti import is_scaled, open_nifti, stored_array, stored_header
from scripts.errors import InputError
from scripts.files.opening import has_suffix, reading, require_grey_type
from scripts.volume.read.stream.stream import StreamVolume, Voxels
from scripts.volume.read.units import REMEDY, VoxelSize, voxel_size

#: The unit by its code in the header. Without a unit lengths are taken as mm, as every viewer does.
UNITS = {0: "mm", 1: "m", 2: "mm", 3: "um"}


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
        with reading(path):
            size = _voxel_size(path, image)
        proxy = stored_array(image)
        scaling = (float(proxy.slope), float(proxy.inter)) if is_scaled(image) else None
        compressed = has_suffix(path, (".gz",))
        super().__init__(path, (z, y, x), Voxels(path, stored, compressed, skip=int(proxy.offset), scaling=scaling))
        self.spacing, self.spacing_note = size.spacing, size.note
        self.affine = np.array(image.affine, dtype=np.float64)
        self.nifti_header = header


def _voxel_size(path: Path, image: nibabel.Nifti1Image) -> VoxelSize:
    header, stored = image.header, stored_header(image, path)
    x, y, z = (float(length) for length in stored["pixdim"][1:4])
    code = int(stored["xyzt_units"]) & 7
    if len(header.get_data_shape()) < 3:
        z = z or 1.0
    unit = UNITS.get(code, f"code {code}")
    size = voxel_size((z, y, x), [unit] * 3)
    if code == 0 and size.spacing is not None:
        text = " x ".join(f"{side:g}" for side in size.spacing)
        return VoxelSize(
            size.spacing,
            f"the header names no unit, so the voxel size {text} (z, y, x) is taken as mm: if it is in micrometres, "
            f"{REMEDY}",
        )
    return size
