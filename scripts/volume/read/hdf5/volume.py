"""Volumes in HDF5 files, as beamlines write them."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from pathlib import Path

import h5py

from scripts.errors import InputError
from scripts.files.opening import reading, require_grey_type
from scripts.volume.read.array import ArrayVolume
from scripts.volume.read.hdf5.axes import choose_axes, three_axes
from scripts.volume.read.hdf5.nexus import default_dataset, find_dataset, stored_voxel_size
from scripts.volume.read.hdf5.sources import Sources, follow, open_file

HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".nxs", ".nx", ".he5")


def split_source(source: str) -> tuple[Path, str | None]:
    """Split ``file.h5:/entry/data`` into the file and the path in it; the latter is None in any other source."""
    suffixes = "|".join(map(re.escape, HDF5_SUFFIXES))
    found = re.fullmatch(rf"(.+(?:{suffixes})):(.*)", source, flags=re.IGNORECASE)
    return (Path(found[1]), found[2]) if found and not Path(source).exists() else (Path(source), None)


class Hdf5Volume(ArrayVolume):
    """A 3D dataset of an HDF5 file, slices across the axis called z, else its first; further axes of length
    one are dropped.

    Args:
        path: the file.
        inside: path of a dataset, or of a group with only one, in the file; None for the default, see `find_dataset`.

    Raises:
        InputError: damaged; no such dataset, or several to choose from; more than three dimensions; an unknown type; a
            filter that is not installed; sources that are missing or outside the file's folder.
    """

    def __init__(self, path: Path, inside: str | None = None) -> None:
        self.path, self.files = path, [path]
        with reading(path):
            self._file = open_file(path)
            try:
                self._address = find_dataset(self._file, inside, str(path))
                self.source = f"{path}:{self._address}"
                self._is_default = self._is_meant()
                dataset = follow(self._file, self._address)
                sources = Sources(self.source)
                sources.check(dataset)
                self.files = [path, *sources.files]
                sources.report()
                self._check(dataset)
                axes = choose_axes(self._file, self._address, self.source)
                self._set_array(dataset, axes)
                size = stored_voxel_size(self._file, self._address, axes)
                self.spacing, self.spacing_note = size.spacing, size.note
            except BaseException:
                self._file.close()
                raise

    def _check(self, dataset: h5py.Dataset) -> None:
        if dataset.ndim < 2 or 0 in dataset.shape or three_axes(dataset.shape) is None:
            text = " x ".join(map(str, dataset.shape)) or "a single value"
            raise InputError(
                f"{self.source} has the shape {text}, expected z, y and x: name another dataset, or save one channel "
                "or time point as 3D."
            )
        require_grey_type(dataset.dtype, Path(self.source))

    def _is_meant(self) -> bool:
        with suppress(InputError):  # what else the file may hold is no matter
            return default_dataset(self._file) == self._address
        return False

    @property
    def name(self) -> str:
        """The file's name without suffix; with the dataset's, unless that is the one meant if none is named."""
        return self.path.stem if self._is_default else f"{self.path.stem}_{posixpath.basename(self._address)}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()
