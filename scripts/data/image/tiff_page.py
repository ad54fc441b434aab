"""The pixels of a TIFF page, also of files whose segments hold more than belongs to the page."""

from __future__ import annotations

import copy
import zlib
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

PIECE = 2**20  # bytes that are inflated in one go
DEFLATE = (8, 32946)


def read_page(page: tifffile.TiffPage | tifffile.TiffFrame) -> NDArray[Any]:
    """Read a page as stored.

    Some programs fill the last strip up to the height of the others. libtiff cuts what is too much; tifffile hands
    decoders a buffer for what is needed, which they refuse.

    Args:
        page: page of an open file.

    Raises:
        Exception: whatever the decoder raises; a segment holds too little, or is damaged.
    """
    try:
        return page.asarray()
    except Exception as error:
        try:
            return _with_segments_cut(page)
        except Exception:
            raise error from None


def _with_segments_cut(page: tifffile.TiffPage | tifffile.TiffFrame) -> NDArray[Any]:
    stored = page.keyframe
    assert stored is not None
    plain = copy.copy(stored)  # a page whose segments are taken as not compressed
    plain.compression = tifffile.COMPRESSION.NONE
    plain.fillorder = tifffile.FILLORDER.MSB2LSB
    for kept in ("hash", "decode"):  # cached properties
        plain.__dict__.pop(kept, None)
    pixels = np.full(stored.shaped, stored.nodata, stored.dtype)
    handle = page.parent.filehandle
    for index, (offset, size) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        handle.seek(offset)
        data = _decompressed(handle.read(size), stored) if size else None
        segment, (sample, z, y, x, _), _ = plain.decode(data, index)
        if segment is not None:
            part = segment[: stored.imagedepth - z, : stored.imagelength - y, : stored.imagewidth - x]
            depth, length, width, _ = part.shape
            pixels[sample, z : z + depth, y : y + length, x : x + width] = part
    return pixels.reshape(stored.shape)


def _decompressed(data: bytes, page: tifffile.TiffPage) -> bytes:
    """At most the bytes of a whole strip or tile."""
    if page.compression in tifffile.TIFF.IMAGE_COMPRESSIONS:
        raise ValueError("segments of pictures have a size of their own")
    if page.fillorder == tifffile.FILLORDER.LSB2MSB:
        data = bytes(imagecodecs.bitorder_decode(data))
    size = int(np.prod(page.chunks)) * np.dtype(page.dtype).itemsize
    if page.compression in DEFLATE:
        return _inflated(data, size)
    decompress = tifffile.TIFF.DECOMPRESSORS[page.compression]
    return bytes(decompress(data)[:size])


def _inflated(data: bytes, size: int) -> bytes:
    """The first bytes of a zlib stream, whose checksum has been compared at its end."""
    stream = zlib.decompressobj()
    start = stream.decompress(data, size)
    while not stream.eof:
        if not stream.decompress(stream.unconsumed_tail, PIECE) and not stream.unconsumed_tail:
            raise EOFError("compressed data end too early")
    return start
