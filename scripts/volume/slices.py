"""A folder of 2D slices read as one volume."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np

from scripts.data.files import require_grey_type
from scripts.data.image import read_header, read_image
from scripts.errors import InputError
from scripts.volume.volume import Volume

logger = logging.getLogger(__name__)

_reported: set[tuple[object, ...]] = set()


class SliceVolume(Volume):
    """Files of one 2D slice each, in the order given.

    Args:
        path: the folder, or the file if there is only one.
        files: the slices.

    Raises:
        InputError: a slice is RGB, of unknown type, or differs from the first in size or type.
    """

    def __init__(self, path: Path, files: list[Path]) -> None:
        self.path, self.source, self.files = path, str(path), files
        headers = [read_header(file) for file in files]
        first = headers[0]
        for file, head in zip(files, headers, strict=True):
            if head.channels != 1:
                raise InputError(f"{file} is an RGB image where a CT slice was expected: convert it to greyscale.")
            if (head.height, head.width, head.dtype) != (first.height, first.width, first.dtype):
                raise InputError(
                    f"{file} has {head.height} x {head.width} pixels of {head.dtype}, but {files[0].name} in the same "
                    f"folder has {first.height} x {first.width} of {first.dtype}: slices must be alike, convert it."
                )
        self.shape = (len(files), first.height, first.width)
        self.dtype = np.dtype(first.dtype)
        require_grey_type(self.dtype, files[0])
        _warn_of_gaps(path, files)

    def _read(self, start: int, stop: int) -> np.ndarray:
        return np.stack([self._slice(index) for index in range(start, stop)])

    def _slice(self, index: int) -> np.ndarray:
        try:
            return read_image(self.files[index])
        except InputError as error:
            raise InputError(f"Slice {index} of {self.shape[0]}: {error}") from error

    def close(self) -> None:
        """Nothing stays open between reads."""


def _warn_of_gaps(path: Path, files: list[Path]) -> None:
    """Warn if the last number in the names does not go up in equal steps."""
    found = [re.findall(r"\d+", file.stem) for file in files]
    if len(files) < 3 or not all(found):
        return
    numbers = [int(digits[-1]) for digits in found]
    if len(set(numbers)) < len(numbers):  # the last number does not count the slices
        return
    steps = [after - before for before, after in zip(numbers, numbers[1:], strict=False)]
    usual = min(steps)
    gaps = [f"{files[i].name} and {files[i + 1].name}" for i, step in enumerate(steps) if step != usual]
    if gaps and (path.resolve(), *gaps) not in _reported:  # a run opens its volume several times
        _reported.add((path.resolve(), *gaps))
        logger.warning(
            "%s: slices are missing between %s (%d gap(s)); they are treated as neighbours.", path, gaps[0], len(gaps)
        )
