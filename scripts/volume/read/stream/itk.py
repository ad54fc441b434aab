"""MetaImage and NRRD volumes: ITK reads the header, the voxels are read slab by slab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.lengths import millimetres, number
from scripts.errors import InputError
from scripts.files.opening import has_suffix, reading
from scripts.volume.read.stream.itk_header import META_SUFFIXES, NRRD_SUFFIXES, Place, read_place
from scripts.volume.read.stream.stream import StreamVolume, Voxels
from scripts.volume.read.units import voxel_size

ITK_SUFFIXES = META_SUFFIXES + NRRD_SUFFIXES
#: From ITK's patient axes, left and posterior, to NIfTI's, right and anterior.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


class ItkVolume(StreamVolume):
    """A MetaImage or NRRD file, compressed or not, with its voxels in the same file or in another.

    Lengths are taken as mm unless the header names a unit, see `voxel_size`.

    Args:
        path: ``.mha``, ``.mhd``, ``.nrrd`` or ``.nhdr``.

    Raises:
        InputError: damaged; several channels; more than three dimensions; an unknown voxel type; voxels as text, in
            another compression than gzip, or in several files; no data file; no ITK.
    """

    def __init__(self, path: Path) -> None:
        with reading(path):
            place = read_place(path)
            grid = _read_grid(path)
        if grid.components != 1:
            raise InputError(
                f"{path} has {grid.components} channels where a CT volume was expected: save one, or convert to grey."
            )
        if len(grid.sizes) < 2 or any(size > 1 for size in grid.sizes[3:]):
            text = " x ".join(map(str, grid.sizes))
            raise InputError(f"{path} has other axes than x, y and z ({text}): save one channel or time point as 3D.")
        x, y, z = (*grid.sizes, 1)[:3]
        dtype = grid.dtype.newbyteorder(">" if place.big_endian else "<")
        with reading(path):
            offset = _offset(place, x * y * z * dtype.itemsize)
        super().__init__(path, (z, y, x), Voxels(place.file, dtype, place.compressed, offset, place.skip))
        extra = 0 if place.compressed else place.file.stat().st_size - offset - place.skip - x * y * z * dtype.itemsize
        if extra > 0:
            self.remarks = (
                f"{place.file.name} holds {extra} bytes more than the header promises, which are not read: check the "
                "sizes and HeaderSize or byte skip",
            )
        if place.has_spacing:
            self._set_geometry(place, grid)

    def _set_geometry(self, place: Place, grid: _Grid) -> None:
        """Set voxel size and affine.

        A unit belongs to an axis of the voxels where the header gives lengths, and to an axis of the space where it
        gives directions.
        """
        units = [*place.units, *["mm" if not place.units else place.units[0]] * 3][:3]
        scales = np.array([millimetres(unit) or np.nan for unit in units])
        lengths = [number(text) for text in place.lengths[:3]] or grid.spacing.tolist()
        lengths += grid.spacing.tolist()[len(lengths) :]
        columns = grid.directions * lengths
        matrix = LPS_TO_RAS @ (columns * scales if place.lengths else columns * scales[:, None])
        if not place.lengths and np.isfinite(scales).all() and len(set(units)) > 1:
            lengths, units = np.linalg.norm(matrix, axis=0).tolist(), ["mm"] * 3
        size = voxel_size(lengths[::-1], units[::-1])
        self.spacing, self.spacing_note = size.spacing, size.note
        if self.spacing is None:
            return
        self.affine = np.eye(4)
        self.affine[:3, :3] = matrix
        self.affine[:3, 3] = LPS_TO_RAS @ (grid.origin * scales)


@dataclass(frozen=True)
class _Grid:
    """What ITK knows of an image: arrays of three numbers for x, y, z, directions as columns, in LPS."""

    sizes: tuple[int, ...]
    components: int
    dtype: np.dtype[Any]
    spacing: NDArray[np.float64]
    origin: NDArray[np.float64]
    directions: NDArray[np.float64]


def _read_grid(path: Path) -> _Grid:
    try:
        import itk  # here, because it takes seconds
    except (ImportError, AttributeError) as error:  # itk 5.4.4 asks NumPy 1 for names that only NumPy 2 has
        raise InputError(
            f"{path} needs ITK to be read, which cannot be imported ({error}): pip install itk-io, with numpy 1.26 "
            "itk-io==5.4.0, or convert the file to NIfTI."
        ) from error
    image = (itk.NrrdImageIO if has_suffix(path, NRRD_SUFFIXES) else itk.MetaImageIO).New()
    image.SetFileName(str(path))
    try:
        image.ReadImageInformation()
    except RuntimeError as error:
        # Several lines, the last of which says what is wrong.
        raise ValueError(f"ITK: {str(error).strip().splitlines()[-1]}") from error
    axes = range(image.GetNumberOfDimensions())
    spacing, origin, directions = np.ones(3), np.zeros(3), np.eye(3)
    for axis in axes[:3]:  # a 2D image lies in the plane z = 0
        spacing[axis], origin[axis] = image.GetSpacing(axis), image.GetOrigin(axis)
        direction = np.asarray(image.GetDirection(axis))[:3]
        directions[: len(direction), axis] = direction
    kind = image.GetComponentTypeAsString(image.GetComponentType())
    code = "u" if kind.startswith("unsigned") else "f" if kind in ("float", "double") else "i"
    return _Grid(
        sizes=tuple(int(image.GetDimensions(axis)) for axis in axes),
        components=int(image.GetNumberOfComponents()),
        dtype=np.dtype(f"{code}{image.GetComponentSize()}"),
        spacing=spacing,
        origin=origin,
        directions=directions,
    )


def _offset(place: Place, size: int) -> int:
    """Bytes before the voxels, of which there are `size`."""
    if place.offset is not None:
        return place.offset
    offset = place.file.stat().st_size - size
    if offset < 0:
        raise EOFError(f"{place.file.name} is {-offset} bytes too short")
    return offset
