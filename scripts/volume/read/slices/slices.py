"""A folder of 2D slices read as one volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.read import read_header, read_image
from scripts.errors import InputError
from scripts.files.opening import require_grey_type
from scripts.volume.read.slices.skyscan import log_voxel_size
from scripts.volume.read.volume import Volume


class SliceVolume(Volume):
    """Files of one 2D slice each, in the order given.

    Args:
        path: the folder, or the file if there is only one.
        files: the slices.
        remarks: what is doubtful about the choice of files.

    Raises:
        InputError: a slice is RGB, of unknown type, or differs from the first in size or type.
    """

    def __init__(self, path: Path, files: list[Path], remarks: tuple[str, ...] = ()) -> None:
        self.path, self.source, self.files = path, str(path), files
        headers = [read_header(file) for file in files]
        first = headers[0]
        for file, head in zip(files, headers, strict=True):
            if head.channels != 1:
                raise InputError(f"{file} is an RGB image where a CT slice was expected: convert it to greyscale.")
            if (head.height, head.width, head.dtype) != (first.height, first.width, first.dtype):
                raise InputError(
                    f"{file} has {head.height} x {head.width} pixels of {head.dtype}, but {files[0].name} in the same "
                    f"folder has {first.height} x {first.width} of {first.dtype}: make them alike."
                )
        self.shape = (len(files), first.height, first.width)
        self.dtype = np.dtype(first.dtype)
        require_grey_type(self.dtype, files[0])
        self.remarks = remarks
        if path.is_dir():
            size = log_voxel_size(path, files)
            self.spacing, self.spacing_note = size.spacing, size.note

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.stack([self._slice(index) for index in range(start, stop)])

    def _slice(self, index: int) -> NDArray[Any]:
        try:
            return read_image(self.files[index])
        except InputError as error:
            raise InputError(f"Slice {index} of {self.shape[0]}: {error}") from error

    def close(self) -> None:
        """Nothing stays open between reads."""
