"""Opening a user's file: what a missing, damaged or unknown file is answered with."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scripts.errors import InputError
from scripts.files.cause import cause
from scripts.memory import free_memory

TIFF_SUFFIXES = (".tif", ".tiff")
PNG_SUFFIXES = (".png",)
JPEG_SUFFIXES = (".jpg", ".jpeg")
BMP_SUFFIXES = (".bmp",)
PICTURE_SUFFIXES = TIFF_SUFFIXES + PNG_SUFFIXES + JPEG_SUFFIXES + BMP_SUFFIXES
NIFTI_SUFFIXES = (".nii", ".nii.gz")

#: Grey-value types that a CT image or volume may have, in either byte order.
GREY_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def has_suffix(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether the file name ends in one of the suffixes, in lower or upper case (``.nii.gz`` counts as one)."""
    return path.name.lower().endswith(suffixes)


def existing_file(path: str | PathLike[str]) -> Path:
    """Return the path of a regular file.

    Raises:
        InputError: nothing lies there, or a folder does, or a device, pipe or socket.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder where a file was expected: give the path of a file.")
    if path.exists() and not path.is_file():
        raise not_regular(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist: check the path.")
    return path


def not_regular(path: Path) -> InputError:
    """The sentence for what is neither a file nor a folder; to open it could wait for ever."""
    return InputError(f"{path} is a device, pipe or socket where a file was expected: copy what it holds into a file.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises while it reads the file into an `InputError` that names the file and the cause.

    Decoders meet damaged bytes with exceptions of every kind (OSError, EOFError, struct.error, RuntimeError, ...),
    therefore the wide net.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(cause(path, error)) from error


def require_memory(path: Path, shape: Sequence[int], dtype: DTypeLike) -> None:
    """Raise an `InputError` if the pixels that a header promises do not fit into the memory that is free.

    Args:
        path: the file.
        shape: what the header says.
        dtype: type of the pixels.
    """
    claimed, free = math.prod(int(side) for side in shape) * np.dtype(dtype).itemsize, free_memory()
    if claimed > free:
        sides = " x ".join(map(str, shape))
        raise InputError(
            f"{path} says that it has {sides} pixels of {np.dtype(dtype).name}, {claimed / 2**30:.1f} GiB, and "
            f"{free / 2**30:.1f} GiB of memory are free. The file has {path.stat().st_size / 2**20:.1f} MiB: cut the "
            "image into parts, or export it again if its header is wrong."
        )


def require_grey_type(dtype: np.dtype[Any], path: Path) -> None:
    """Raise an `InputError` unless the pixel type is one of `GREY_TYPES`."""
    if dtype.name not in GREY_TYPES:
        raise InputError(
            f"{path} has pixels of type {dtype.name}, expected one of {', '.join(GREY_TYPES)}: convert it to float32."
        )


def require_finite(values: NDArray[Any], path: Path | str, where: str = "") -> None:
    """Raise an `InputError` if there is a NaN or an infinity among the values."""
    if values.dtype.kind == "f":
        bad = values.size - int(np.count_nonzero(np.isfinite(values)))
        if bad:
            raise InputError(
                f"{path} holds {bad} NaN or infinite values{where}: replace them, say by the grey value of air."
            )


def natural_key(path: Path) -> list[tuple[int, int | str]]:
    """Sorting key that puts ``slice2`` before ``slice10``."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
