"""Volumes whose voxels lie behind each other in one stream, compressed or not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from isal import isal_zlib  # as zlib, in two thirds of its time
from numpy.typing import NDArray

from scripts.errors import InputError
from scripts.files.opening import reading, require_grey_type
from scripts.volume.read.volume import Volume

#: Bytes that are decompressed, or read from a compressed file, in one go.
PIECE, INPUT = 2**20, 2**16
#: zlib's way to say that the decoder shall find out whether a stream is gzip's or zlib's.
GZIP_OR_ZLIB = isal_zlib.MAX_WBITS | 32
#: What a damaged stream raises.
DAMAGE: tuple[type[Exception], ...] = (isal_zlib.error, EOFError)  # type: ignore[assignment] # a stub's mistake

#: A file that holds less than this share of what its header promises was not cut off: its header is wrong.
HELD = 0.5
#: Deflate makes at most 1032 bytes of one.
INFLATION = 1040


@dataclass(frozen=True)
class Voxels:
    """Where the voxels of a volume lie and how they are stored.

    Attributes:
        file: the file that holds them, in C order with z slowest.
        dtype: the type they are stored in, with its byte order.
        compressed: whether they lie in a gzip or zlib stream.
        offset: bytes of the file before the voxels, or before the compressed stream.
        skip: bytes before the voxels within the decompressed stream.
        scaling: (slope, inter) that make grey values of the stored ones, or None.
    """

    file: Path
    dtype: np.dtype[Any]
    compressed: bool = False
    offset: int = 0
    skip: int = 0
    scaling: tuple[float, float] | None = None


class StreamVolume(Volume):
    """Voxels in C order behind an offset of a plain, gzip or zlib stream.

    A compressed stream is decompressed in one pass if it is read from front to back; going back starts again from its
    beginning. Apart from what is asked for, one slice is in memory.

    Args:
        path: the file to name in messages: the one with the header.
        shape: (Z, Y, X), in voxels.
        voxels: where they lie.

    Raises:
        InputError: the voxel type is none of grey values; the file cannot be opened, or cannot hold such a volume.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], voxels: Voxels) -> None:
        require_grey_type(voxels.dtype, path)
        self.path, self.source = path, str(path)
        self.files = list(dict.fromkeys([path, voxels.file]))
        self.shape = shape
        self.dtype = voxels.dtype.newbyteorder("=") if voxels.scaling is None else np.dtype(np.float32)
        _check_claim(path, shape, voxels)
        self._voxels = voxels
        self._slice_bytes = shape[1] * shape[2] * voxels.dtype.itemsize
        with reading(voxels.file):
            self._file: BinaryIO = voxels.file.open("rb")
        self._inflated = _Inflated(self._file, voxels.offset) if voxels.compressed else None

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        stored = np.empty(self.shape[1:], self._voxels.dtype)
        content = stored.reshape(-1).view(np.uint8).data
        with reading(self._voxels.file):
            for index in range(start, stop):
                if self._inflated is None:
                    self._fill(index, content)
                else:
                    self._inflate(self._inflated, index, content)
                if self._voxels.scaling is None:
                    slab[index - start] = stored
                else:
                    slope, inter = self._voxels.scaling
                    slab[index - start] = stored * slope + inter
        return slab

    def _fill(self, index: int, content: memoryview) -> None:
        """Read one slice of a plain file."""
        begin = self._voxels.offset + self._voxels.skip
        self._file.seek(begin + index * self._slice_bytes)
        if self._file.readinto(content) < self._slice_bytes:  # type: ignore[attr-defined]
            raise self._ended(os.fstat(self._file.fileno()).st_size - begin)

    def _inflate(self, stream: _Inflated, index: int, content: memoryview) -> None:
        """Read one slice of a compressed stream; what is wrong on the way there is found in the slice where it is."""
        try:
            stream.seek(self._voxels.skip + index * self._slice_bytes)
            complete = stream.readinto(content) == self._slice_bytes
            if index == self.shape[0] - 1 and complete:
                stream.check()
        except DAMAGE as error:
            reached = self._slice_at(stream.position - self._voxels.skip)
            raise OSError(f"slice {reached} of {self.shape[0]}: {error}") from error
        if not complete:
            raise self._ended(stream.position - self._voxels.skip)

    def _ended(self, length: int) -> EOFError:
        return EOFError(f"it ends in slice {self._slice_at(length)} of {self.shape[0]}")

    def _slice_at(self, position: int) -> int:
        return min(max(position, 0) // self._slice_bytes, self.shape[0] - 1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _check_claim(path: Path, shape: tuple[int, int, int], voxels: Voxels) -> None:
    """Compare what the header promises with the size of the file, before memory is taken for it."""
    claimed = shape[0] * shape[1] * shape[2] * voxels.dtype.itemsize
    with reading(voxels.file):
        held = voxels.file.stat().st_size - voxels.offset
    if not voxels.compressed:
        held -= voxels.skip
    most = held * INFLATION if voxels.compressed else held / HELD
    if min(shape) < 1 or voxels.offset < 0 or voxels.skip < 0 or claimed > most:
        text = " x ".join(map(str, shape[::-1]))
        raise InputError(
            f"{path} promises {text} voxels (x, y, z) of {voxels.dtype.name}, {claimed} bytes, but {voxels.file.name} "
            f"holds {max(held, 0)}{' compressed ones' if voxels.compressed else ''}: correct the header, or copy the "
            "file again."
        )


class _Inflated:
    """The decompressed bytes of a gzip or zlib stream, also of several gzip members one after the other.

    Python's GzipFile knows neither zlib streams nor streams that begin in the middle of a file.

    Args:
        file: the file.
        offset: where the stream begins in it.

    Attributes:
        position: number of bytes decompressed so far.
    """

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file, self._offset = file, offset
        self._restart()

    def _restart(self) -> None:
        self._file.seek(self._offset)
        self._decoder = isal_zlib.decompressobj(GZIP_OR_ZLIB)
        self.position = 0

    def seek(self, position: int) -> None:
        """Go to a position, or to the end if that comes first; forwards in small pieces, back from the beginning."""
        if position < self.position:
            self._restart()
        while self.position < position and self._piece(min(PIECE, position - self.position)):
            pass

    def readinto(self, content: memoryview) -> int:
        """Fill a buffer; return the number of bytes, less than its length only at the end."""
        filled = 0
        while filled < len(content):
            piece = self._piece(min(PIECE, len(content) - filled))
            if not piece:
                break
            content[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def check(self) -> None:
        """Let the decoder compare the checksum, which stands behind the last byte, even if that byte was not read."""
        while not self._decoder.eof:
            source = self._decoder.unconsumed_tail or self._file.read(INPUT)
            if not self._decoder.decompress(source, PIECE) and not source:
                raise EOFError("its checksum is missing")

    def _piece(self, limit: int) -> bytes:
        """Decompress up to `limit` bytes; none at the end."""
        while True:
            source = self._decoder.unconsumed_tail or self._decoder.unused_data or self._file.read(INPUT)
            if self._decoder.eof:  # the next gzip member
                if not source:
                    return b""
                self._decoder = isal_zlib.decompressobj(GZIP_OR_ZLIB)
            piece = self._decoder.decompress(source, limit)
            if piece or not source:
                self.position += len(piece)
                return piece
