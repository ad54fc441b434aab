"""Writing stained volumes slab by slab: RGB NIfTI and RGB TIFF stack.

A file is written under a name ending in ``.partial`` and takes its own name only once all slices are in it, so an
unfinished file cannot be mistaken for a finished one.
"""

from __future__ import annotations

import contextlib
import gzip
from abc import ABC, abstractmethod
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import IO

import nibabel
import numpy as np
import tifffile

from scripts.errors import InputError
from scripts.volume.volume import Volume

RGB24 = np.dtype([("R", np.uint8), ("G", np.uint8), ("B", np.uint8)])

#: Classic TIFF addresses 4 GiB; the rest is left for the directories.
CLASSIC_TIFF_BYTES = 2**32 - 2**25


class RGBWriter(ABC):
    """Writes the stain of a volume, slice after slice, in constant memory.

    Usable as a context manager: leaving it closes the file, leaving it by an exception aborts.

    Args:
        path: the file to write; missing folders are made.
        volume: the CT volume that was stained: gives shape, spacing and orientation.

    Raises:
        InputError: the folder cannot be written to, or the file is an input of its own stain.
    """

    def __init__(self, path: str | PathLike[str], volume: Volume) -> None:
        self.path = Path(path)
        self.partial = self.path.with_name(self.path.name + ".partial")
        self.shape = volume.shape
        self._next = 0
        if self.path.resolve() in {file.resolve() for file in volume.files}:
            raise InputError(f"The output {self.path} would overwrite the input: give another --output_dir.")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open(volume)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"{self.path} cannot be written ({reason}): give another --output_dir.") from error

    def write(self, start: int, slab: np.ndarray) -> None:
        """Append slices.

        Args:
            start: index of the first; slabs must follow each other without gap.
            slab: uint8 array (n, Y, X, 3).

        Raises:
            ValueError: a slab out of order, or of another shape or type.
        """
        if start != self._next or start + len(slab) > self.shape[0]:
            raise ValueError(f"slab of {len(slab)} slices from {start}, expected from {self._next} of {self.shape[0]}")
        if slab.dtype != np.uint8 or slab.shape[1:] != (*self.shape[1:], 3):
            raise ValueError(f"slab {slab.shape} {slab.dtype}, expected (n, {self.shape[1]}, {self.shape[2]}, 3) uint8")
        try:
            self._write(np.ascontiguousarray(slab))
        except OSError as error:
            raise self._unwritable(error) from error
        self._next += len(slab)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            InputError: no room is left for the last bytes; the file is removed.
            RuntimeError: slices are missing; the file is removed.
        """
        if self._next < self.shape[0]:
            self.abort()
            raise RuntimeError(f"{self.path}: only {self._next} of {self.shape[0]} slices were written")
        try:
            self._close()
        except OSError as error:
            self.abort()
            raise self._unwritable(error) from error
        self.partial.replace(self.path)

    def abort(self) -> None:
        """Remove the unfinished file."""
        with contextlib.suppress(OSError):  # what is left to write finds no room either
            self._close()
        self.partial.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> InputError:
        reason = error.strerror or str(error)
        return InputError(
            f"{self.path} cannot be written to its end ({reason}): free some space or give another --output_dir."
        )

    @abstractmethod
    def _open(self, volume: Volume) -> None: ...

    @abstractmethod
    def _write(self, slab: np.ndarray) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    def __enter__(self) -> RGBWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


class NiftiRGBWriter(RGBWriter):
    """RGB24 NIfTI (data type 128), array (X, Y, Z), compressed if the name ends in ``.gz``.

    Affine, spacing, units and orientation codes are those of a NIfTI input; other inputs get a diagonal affine of their
    spacing in mm, or of ones.
    """

    def _open(self, volume: Volume) -> None:
        header = _rgb_header(volume)
        raw = self.partial.open("wb")
        self._files: list[IO[bytes] | gzip.GzipFile] = [raw]
        if self.path.name.lower().endswith(".gz"):
            # Neither name nor time in the gzip header: the same stain gives the same bytes.
            self._files.insert(0, gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0))
        header.write_to(self._files[0])

    def _write(self, slab: np.ndarray) -> None:
        # x runs fastest in a NIfTI file, then y, then z: the very order of (Z, Y, X, 3) in memory.
        self._files[0].write(slab.data)

    def _close(self) -> None:
        for file in self._files:
            file.close()


class TiffRGBWriter(RGBWriter):
    """RGB TIFF stack, one page (Y, X, 3) per slice, uncompressed; BigTIFF where 4 GB do not suffice.

    ImageJ and tifffile find the spacing in the description and resolution tags, in mm.
    """

    def _open(self, volume: Volume) -> None:
        size = int(np.prod(volume.shape, dtype=np.int64)) * 3
        self._tif = tifffile.TiffWriter(self.partial, bigtiff=size > CLASSIC_TIFF_BYTES)
        slices = volume.shape[0]
        lines = ["ImageJ=1.54f", f"images={slices}", f"slices={slices}", "loop=false"]
        self._resolution: tuple[tuple[int, int], tuple[int, int]] | None = None
        if volume.spacing is not None:
            z, y, x = volume.spacing
            lines += ["unit=mm", f"spacing={z:.9g}"]
            self._resolution = (_rational(1 / x), _rational(1 / y))
        self._description: str | None = "\n".join([*lines, ""])

    def _write(self, slab: np.ndarray) -> None:
        for page in slab:
            self._tif.write(
                page,
                photometric="rgb",
                contiguous=False,
                metadata=None,
                description=self._description,
                resolution=self._resolution,
                resolutionunit="NONE",
            )
            self._description = None

    def _close(self) -> None:
        self._tif.close()


def _rational(value: float) -> tuple[int, int]:
    """Numerator and denominator of a TIFF tag, 32 bits each; closer than what tifffile makes of a float."""
    fraction = Fraction(value).limit_denominator(max(1, min(10_000, int(2**31 / value))))
    return fraction.numerator, fraction.denominator


def _rgb_header(volume: Volume) -> nibabel.Nifti1Header:
    z, y, x = volume.shape
    if volume.nifti_header is not None:
        header = volume.nifti_header.as_byteswapped("<")
    else:
        header = nibabel.Nifti1Header(endianness="<")
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
    header.set_data_dtype(RGB24)
    header.set_slope_inter(1, 0)
    header.set_intent("none")
    header["cal_min"] = header["cal_max"] = 0
    header.extensions.clear()
    header.set_data_offset(0)  # right behind this header, however long the input's was
    return header
