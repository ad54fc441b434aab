"""Tests of masks that a person has drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bundle.pairs.section.drawn_mask import left_out
from scripts.errors import InputError


def drawn(path: Path, mask: np.ndarray) -> str:
    Image.fromarray(mask).save(path)
    return str(path)


def test_it_is_brought_to_the_size_of_the_section(tmp_path: Path) -> None:
    mask = np.array([[0, 255], [255, 1]], np.uint8)
    found = left_out(drawn(tmp_path / "mask.png", mask), (6, 6), "a.svs")
    expected = np.zeros((6, 6), bool)
    expected[:3, :3] = True
    np.testing.assert_array_equal(found, expected)


def test_no_stroke_is_too_thin(tmp_path: Path) -> None:
    mask = np.full((200, 200), 255, np.uint8)
    mask[103] = 0
    found = left_out(drawn(tmp_path / "mask.png", mask), (10, 10), "a.svs")
    assert found[5].all()
    assert found.sum() == 10


def test_a_mask_of_another_slide(tmp_path: Path) -> None:
    mask = np.full((30, 40), 255, np.uint8)
    mask[0, 0] = 0
    with pytest.raises(InputError, match=r"40 x 30 pixels, another shape than a\.svs"):
        left_out(drawn(tmp_path / "mask.png", mask), (60, 60), "a.svs")


def test_a_mask_that_leaves_out_nothing(tmp_path: Path) -> None:
    """Such as red strokes on a thumbnail, or a JPEG."""
    red = np.full((8, 8, 3), 255, np.uint8)
    red[2:4] = (255, 0, 0)
    with pytest.raises(InputError, match="no pixel of 0: paint black"):
        left_out(drawn(tmp_path / "mask.png", red), (8, 8), "a.svs")
    red[2:4] = 0
    assert left_out(drawn(tmp_path / "mask.png", red), (8, 8), "a.svs").sum() == 16
    with pytest.raises(InputError, match="is a JPEG"):
        left_out(drawn(tmp_path / "mask.jpg", red), (8, 8), "a.svs")


def test_a_mask_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="masks out the whole image"):
        left_out(drawn(tmp_path / "mask.png", np.zeros((8, 8), np.uint8)), (8, 8), "a.svs")
