"""TIFF segments that hold more than belongs to the page, as other programs write and read them."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.read import read_image
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

PIXELS = np.random.default_rng(0).integers(0, 200, (24, 32)).astype(np.uint8)
ENCODERS = {
    "adobe_deflate": zlib.compress,
    "lzw": imagecodecs.lzw_encode,
    "packbits": imagecodecs.packbits_encode,
    "zstd": imagecodecs.zstd_encode,
    "lzma": imagecodecs.lzma_encode,
}


def write_padded(path: Path, compression: str, tiled: bool = False, rows: int = 21) -> None:
    """The last strip has 8 rows where 5 belong to the image; a tile has a few bytes more."""
    encode: Any = ENCODERS[compression]
    if tiled:
        places = [(y, x) for y in (0, 16) for x in (0, 16)]
        padded = np.pad(PIXELS[:rows], ((0, 32 - rows), (0, 0)))
        segments = [encode(padded[y : y + 16, x : x + 16].tobytes() + bytes(40)) for y, x in places]
        layout: dict[str, Any] = {"tile": (16, 16)}
    else:
        segments = [encode(PIXELS[y : y + 8].tobytes()) for y in (0, 8, 16)]
        layout = {"rowsperstrip": 8}
    tifffile.imwrite(
        path, iter(segments), shape=(rows, 32), dtype=np.uint8, compression=compression, metadata=None, **layout
    )


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("compression", ENCODERS)
def test_what_is_too_much_is_cut(tmp_path: Path, compression: str, tiled: bool) -> None:
    write_padded(tmp_path / "a.tif", compression, tiled)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), PIXELS[:21])
    if compression != "zstd":  # Pillow's libtiff comes without it
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), np.asarray(Image.open(tmp_path / "a.tif")))


def test_a_stack_with_padded_strips(tmp_path: Path) -> None:
    segments = [zlib.compress(PIXELS[y : y + 8].tobytes()) for y in (0, 8, 16)] * 3
    layout: dict[str, Any] = {"rowsperstrip": 8, "compression": "adobe_deflate", "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", iter(segments), shape=(3, 21, 32), dtype=np.uint8, **layout)
    with open_volume(tmp_path / "a.tif") as volume:
        np.testing.assert_array_equal(volume.read(0, 3), np.stack([PIXELS[:21]] * 3))


def test_what_is_too_little_is_damage(tmp_path: Path) -> None:
    segments = [zlib.compress(PIXELS[y : y + 8].tobytes()) for y in (0, 8)] + [zlib.compress(PIXELS[16:20].tobytes())]
    layout: dict[str, Any] = {"rowsperstrip": 8, "compression": "adobe_deflate"}
    tifffile.imwrite(tmp_path / "a.tif", iter(segments), shape=(21, 32), dtype=np.uint8, metadata=None, **layout)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_image(tmp_path / "a.tif")


def test_the_checksum_of_a_padded_strip_is_compared(tmp_path: Path) -> None:
    write_padded(tmp_path / "a.tif", "adobe_deflate")
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        end = tif.pages.first.dataoffsets[2] + tif.pages.first.databytecounts[2]
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[end - 1] ^= 1
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_image(tmp_path / "a.tif")
