"""Pictures, and where they are kept."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scripts.training_report.album import Album, thinned
from scripts.training_report.pictures import as_jpeg
from scripts.training_report.validation import Validation
from tests.scripts.training_report.made import pictures, slices


def pixels(jpeg: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(jpeg))))


def test_pixels_are_averaged() -> None:
    """Columns of 0 and 1 by turns become grey of a half: none is skipped."""
    image = torch.zeros(1, 64, 64)
    image[..., ::2] = 1
    small = pixels(as_jpeg(image, 16))
    assert small.shape == (16, 16)
    assert np.abs(small.astype(int) - 127.5).max() <= 1


@pytest.mark.parametrize(
    ("shape", "expected"), [((3, 200, 100), (50, 25, 3)), ((3, 20, 10), (20, 10, 3)), ((1, 1, 300), (1, 50))]
)
def test_size(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert pixels(as_jpeg(torch.zeros(shape), 50)).shape == expected


def test_what_is_no_colour() -> None:
    image = torch.tensor([[[float("nan")] * 16, [float("inf")] * 16, [-3.0] * 16, [7.0] * 16]]).repeat_interleave(8, 1)
    levels = pixels(as_jpeg(image, 400)).astype(int)
    assert np.abs(levels[:8]).max() <= 2  # JPEG
    assert np.abs(levels[8:16] - 255).max() <= 2
    assert np.abs(levels[16:24]).max() <= 2
    assert np.abs(levels[24:] - 255).max() <= 2


def validation(epoch: int) -> Validation:
    seen = slices()
    return Validation(epoch, seen, tuple(map(pictures, seen)), (pictures(seen[0]),), "ssim")


def test_what_was_added_is_found_again(tmp_path: Path) -> None:
    album = Album(tmp_path / "report")
    album.add(validation(2), 60.0)
    album.add(validation(4), 120.0)
    again = Album(tmp_path / "report")
    assert again.latest() == validation(4)
    page = again.page(2)
    assert page is not None
    assert page.seconds == 60
    assert list(page.stains) == ["specimen 0/a.tif 40 x 60", "specimen 1/b.tif 40 x 60"]
    assert list(again.sizes([2, 3, 4])) == [2, 4]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"epoch": 2}', "null", "\x00"])
def test_a_damaged_file_is_left_out(content: str, tmp_path: Path) -> None:
    album = Album(tmp_path)
    for name in ("latest.json", "epoch_0002.json"):
        (tmp_path / name).write_text(content)
    assert album.latest() is None
    assert album.page(2) is None


@pytest.mark.parametrize(
    ("count", "budget", "expected"),
    [
        (6, 600, [1, 2, 3, 4, 5, 6]),
        (6, 500, [1, 2, 3, 5, 6]),  # every second, the kept 2 and the last
        (6, 400, [1, 2, 4, 6]),  # every third
        (6, 1, [1, 2, 6]),  # whatever the budget
        (1, 1, [1]),
        (0, 1, []),
    ],
)
def test_thinned(count: int, budget: int, expected: list[int]) -> None:
    sizes = dict.fromkeys(range(1, count + 1), 100)
    assert thinned(sizes, [2, 99], budget) == expected
