"""Exporting stained volumes slab by slab: RGB NIfTI and RGB OME-TIFF.

A file gets its name only once all slices are in it. The same stain of the same volume gives the same bytes.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
import tifffile
from isal import igzip
from nibabel.nifti1 import Nifti1Header
from numpy.typing import NDArray

from scripts.errors import InputError
from scripts.printable import printable
from scripts.volume.read.volume import Volume
from scripts.whole import whole_file, writing

RGB24 = np.dtype([("R", np.uint8), ("G", np.uint8), ("B", np.uint8)])

#: Classic TIFF addresses 4 GiB; the rest is left for the directories.
CLASSIC_TIFF_BYTES = 2**32 - 2**25

Slab = NDArray[np.uint8]  # (n, Y, X, channels)
Slabs = Iterable[Slab]

TILE = 256
GZIP_LEVEL = 2  # of ISA-L, which has 0 to 3: five times as fast as zlib's 1, files 7 % larger


def write_nifti(path: str | PathLike[str], volume: Volume, slabs: Slabs, channels: int = 3) -> None:
    """Write an RGB24 NIfTI (data type 128) or a uint8 one, array (X, Y, Z), compressed if its name ends in ``.gz``.

    Affine, spacing, units and orientation codes are those of a NIfTI input; other inputs get a diagonal affine of their
    spacing in mm, or of ones.

    Args:
        path: the file to write; missing folders are made.
        volume: the CT volume that was stained: gives shape, spacing and orientation.
        slabs: the stain in z order: uint8 arrays (n, Y, X, channels), together Z slices. Only one at a time is held.
        channels: 3 for colour, 1 for grey.

    Raises:
        InputError: the file cannot be written, or is an input of its own stain.
        ValueError: slices are missing or too many, or of another shape or type.
    """
    path = Path(path)
    _refuse_input(path, volume)
    with _written(path) as file, contextlib.ExitStack() as stack:
        output: IO[bytes] | igzip.IGzipFile = file
        if path.name.lower().endswith(".gz"):
            # Neither name nor time in the gzip header: the same stain gives the same bytes.
            output = stack.enter_context(igzip.IGzipFile("", "wb", GZIP_LEVEL, file, mtime=0))
        _header(volume, RGB24 if channels == 3 else np.dtype(np.uint8)).write_to(output)
        for slab in _checked(slabs, volume.shape, channels):
            # x runs fastest in a NIfTI file, then y, then z: the very order of (Z, Y, X, 3) in memory.
            output.write(slab.data)


def write_tiff(path: str | PathLike[str], volume: Volume, slabs: Slabs, channels: int = 3) -> None:
    """Write an RGB or grey OME-TIFF of one tiled page per slice, compressed without loss; BigTIFF above 4 GB.

    The OME metadata hold the spacing in mm, exactly; the resolution tags hold it in pixels per cm.

    Args:
        path: the file to write; missing folders are made.
        volume: the CT volume that was stained: gives shape and spacing.
        slabs: the stain in z order: uint8 arrays (n, Y, X, channels), together Z slices. Few at a time are held.
        channels: 3 for colour, 1 for grey.

    Raises:
        InputError: the file cannot be written, or is an input of its own stain.
        ValueError: slices are missing or too many, or of another shape or type.
    """
    path = Path(path)
    _refuse_input(path, volume)
    shape = (*volume.shape, 3) if channels == 3 else volume.shape
    with _written(path) as file:
        checked = _checked(slabs, volume.shape, channels)
        with tifffile.TiffWriter(
            file, bigtiff=int(np.prod(shape, dtype=np.int64)) > CLASSIC_TIFF_BYTES, ome=True
        ) as tif:
            tif.write(
                _tiles(checked if channels == 3 else (slab[..., 0] for slab in checked)),
                shape=shape,
                dtype=np.uint8,
                photometric="rgb" if channels == 3 else "minisblack",
                planarconfig="contig" if channels == 3 else None,
                tile=(TILE, TILE),
                compression="zlib",
                compressionargs={"level": 1},  # the highest take twice as long for 1 %
                predictor=True,
                resolution=_resolution(volume),
                resolutionunit="NONE" if volume.spacing is None else "CENTIMETER",
                metadata=_ome_metadata(volume, channels),
                buffersize=2**25,  # bytes that wait for tifffile's threads; half a GiB if left to it
            )
        next(checked, None)  # tifffile asks for no more tiles than it needs: a slab too many shows only here


def _ome_metadata(volume: Volume, channels: int) -> dict[str, str]:
    # tifffile would make up an identifier from the time, and sign with its version.
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{printable(volume.name)} {volume.shape}")
    metadata = {
        "axes": "ZYXS" if channels == 3 else "ZYX",
        "UUID": str(identifier),
        "Creator": "xray-histology-virtual-staining",
    }
    if volume.spacing is not None:
        metadata |= {f"PhysicalSize{axis}": repr(float(size)) for axis, size in zip("ZYX", volume.spacing, strict=True)}
        metadata |= {f"PhysicalSize{axis}Unit": "mm" for axis in "ZYX"}
    return metadata


def _resolution(volume: Volume) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Pixels per cm along x and y."""
    if volume.spacing is None:
        return None
    _, y, x = (float(size) for size in volume.spacing)
    return _rational(10 / x), _rational(10 / y)


#: Format, also the suffix of its files, to what writes it; those that are read faster come first.
EXPORTS: dict[str, Callable[..., None]] = {
    "tif": write_tiff,
    "nii": write_nifti,
    "nii.gz": write_nifti,
}


@contextlib.contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial, partial.open("wb") as file:
            yield file


def _refuse_input(path: Path, volume: Volume) -> None:
    if path.resolve() in {file.resolve() for file in volume.files}:
        raise InputError(f"The output {path} would overwrite the input: give another --output_dir.")


def _checked(slabs: Slabs, shape: tuple[int, int, int], channels: int) -> Iterator[Slab]:
    """Yield the slabs, contiguous; raise ValueError at one that does not belong, or at the end if some are missing."""
    depth, height, width = shape
    count = 0
    for slab in slabs:
        if slab.dtype != np.uint8 or slab.ndim != 4 or slab.shape[1:] != (height, width, channels):
            raise ValueError(f"slab {slab.shape} {slab.dtype}, expected (n, {height}, {width}, {channels}) uint8")
        count += len(slab)
        if count > depth:
            raise ValueError(f"slabs of at least {count} slices, expected {depth}")
        yield np.ascontiguousarray(slab)
    if count < depth:
        raise ValueError(f"slabs of only {count} slices, expected {depth}")


def _tiles(slabs: Slabs) -> Iterator[Slab]:
    """Yield the tiles of all slices, row by row; those at the right and lower edge are smaller, tifffile pads them."""
    for slab in slabs:
        for page in slab:
            for top in range(0, page.shape[0], TILE):
                for left in range(0, page.shape[1], TILE):
                    yield page[top : top + TILE, left : left + TILE]


def _rational(value: float) -> tuple[int, int]:
    """Numerator and denominator of a TIFF tag, 32 bits each; closer than what tifffile makes of a float."""
    fraction = Fraction(value).limit_denominator(max(1, min(10_000, int(2**31 / value))))
    return fraction.numerator, fraction.denominator


def _header(volume: Volume, dtype: np.dtype[Any]) -> Nifti1Header:
    z, y, x = volume.shape
    header: Nifti1Header
    if volume.nifti_header is not None:
        header = volume.nifti_header.as_byteswapped("<")
    else:
        header = Nifti1Header(endianness="<")
        spacing = volume.spacing or (1.0, 1.0, 1.0)
        affine = volume.affine if volume.affine is not None else np.diag([*spacing[::-1], 1.0])
        header.set_data_shape((x, y, z))
        header.set_zooms(spacing[::-1])
        header.set_qform(affine, code="scanner")
        header.set_sform(affine, code="scanner")
        header.set_xyzt_units("mm" if volume.spacing else "unknown")
    zooms = (*header.get_zooms(), 1.0)[:3]
    header.set_data_shape((x, y, z))
    header.set_zooms(zooms)
    header.set_data_dtype(dtype)
    header.set_slope_inter(1, 0)
    header.set_intent("none")
    header["cal_min"] = header["cal_max"] = 0
    header.extensions.clear()
    header.set_data_offset(0)  # right behind this header, however long the input's was
    return header
