"""What every volume offers, whatever its file format."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from numpy.typing import NDArray

from scripts.errors import InputError
from scripts.files.opening import reading

AXES = ("z", "y", "x")  # in the order of a volume's shape


class Volume(ABC):
    """A greyscale volume that is read slab by slab and never held whole.

    Usable as a context manager. Not for use from several threads at once.

    Attributes:
        path: the file or folder.
        source: what `open_volume` opens it by again: the path, and for HDF5 the path of the dataset in the file.
        files: the files that make it up.
        shape: (Z, Y, X), in voxels.
        dtype: type of the grey values that `read` returns, native byte order.
        spacing: voxel size (z, y, x) in mm, or None where the file does not say.
        spacing_note: why it is None or doubtful, for the log, or None.
        remarks: what else is doubtful about the files, for the log.
        affine: 4 x 4 matrix from (x, y, z) indices to the scanner's space, or None.
        nifti_header: header of a NIfTI file, else None.
    """

    path: Path
    source: str
    files: list[Path]
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    spacing: tuple[float, float, float] | None = None
    spacing_note: str | None = None
    remarks: tuple[str, ...] = ()
    affine: NDArray[np.float64] | None = None
    nifti_header: Nifti1Header | None = None

    @property
    def name(self) -> str:
        """Name of the file without its suffixes, or of the folder."""
        if self.path.is_dir():
            return self.path.resolve().name
        return re.sub(r"(\.ome)?(\.nii\.gz|\.[^.]+)$", "", self.path.name, flags=re.IGNORECASE)

    @property
    def own_spacing(self) -> tuple[float, float, float] | None:
        """Voxel size of the scan, which is another than `spacing` if it was resampled."""
        return self.spacing

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Read the slices from `start` up to, not including, `stop`.

        Returns:
            Array (stop - start, Y, X) of grey values, contiguous, in native byte order; with NaN and infinity where
            the file has them.

        Raises:
            InputError: the file is truncated or damaged; names the slice.
            IndexError: not 0 <= start < stop <= Z.
        """
        if not 0 <= start < stop <= self.shape[0]:
            raise IndexError(f"slices {start} to {stop} of {self.shape[0]} asked for")
        with reading(self.path):
            slab = self._read(start, stop)
        return np.ascontiguousarray(slab, dtype=self.dtype)

    def replaced(self, _z: int) -> int:
        """Voxels that were NaN or infinite and that `read`, just called for this slice, returned as something else."""
        return 0

    @abstractmethod
    def _read(self, start: int, stop: int) -> NDArray[Any]:
        """Read slices; may raise whatever the decoder raises."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Volume:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@contextmanager
def locating(where: str) -> Iterator[None]:
    """Put the place of the damage (``slice 17``) in front of whatever a decoder raises there."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise OSError(f"{where}: {str(error) or type(error).__name__}") from error
