"""What ``greyscale`` measures."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.evidence.greyscale.bone import black_and_brown
from bundle.evidence.greyscale.metal import moved, without_and_with
from scripts.data.window_choice import Choice


def test_strips_and_box_hold_each_pixel_once() -> None:
    ct = np.arange(100 * 120).reshape(100, 120)
    implant = np.zeros(ct.shape, bool)
    implant[30:60, 40:90] = True
    strips, (box,) = without_and_with(ct, implant)
    assert box.shape == (30, 50)
    values = np.concatenate([part.ravel() for part in (*strips, box)])
    np.testing.assert_array_equal(np.sort(values), ct.ravel())
    assert without_and_with(ct, np.zeros(ct.shape, bool))[1] == []


def test_moved_by_hand() -> None:
    before, after = Choice(10, 110, "landmarks", ""), Choice(12, 107, "landmarks", "")
    assert moved(before, after) == pytest.approx(3.0)


def test_black_and_brown_by_hand() -> None:
    colours = [(10, 20, 59), (60, 20, 20), (90, 80, 70), (80, 120, 200)]  # black, brown, brown, blue
    assert black_and_brown(np.array(colours, np.uint8)) == (0.25, 0.5)
