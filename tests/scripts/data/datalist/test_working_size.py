"""The pixel size that a training works at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from scripts.data import check_patch_size, tell_network_size, tell_working_size, working_size
from scripts.errors import InputError


def items_of(*sizes: float | None, image: Path | str = "ct.tif") -> list[dict[str, Any]]:
    return [{"image": str(image), "specimen": "a", "pixel_um": size} for size in sizes]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([5.0, 5.0, 5.0], 5.0),
        ([2.5, 5.0, 7.5], 5.0),  # of 7.5 is only a third
        ([5.0] * 6 + [7.5] * 4, 5.0),
        ([5.0] * 4 + [7.5] * 6, 7.5),
        ([5.0] * 5 + [7.5] * 5, 7.5),  # half is enough
        ([2.5, 2.5, 2.5, 7.5], 2.5),
        ([None, 2.5, None, None], 2.5),  # those without a size do not count
        ([None, None], None),
    ],
)
def test_the_coarsest_that_at_least_half_have(sizes: list[float | None], expected: float | None) -> None:
    items = items_of(*sizes)
    found = working_size(items)
    assert found == expected
    known = [size for size in sizes if size is not None]
    if found is not None:
        assert sum(size > found for size in known) <= len(known) / 2  # these are made finer
        assert all(sum(size >= coarser for size in known) < len(known) / 2 for coarser in known if coarser > found)
    assert working_size(items, 3.0) == 3.0


@pytest.fixture
def image(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "ct.tif", np.arange(200 * 300, dtype=np.uint16).reshape(200, 300))
    return tmp_path / "ct.tif"


def test_one_line_says_what_is_resampled(image: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    items = items_of(2.5, 5.0, 7.5, 7.5, 5.1, image=image)
    tell_working_size(items, 5.0)
    (record,) = caplog.records
    assert record.message == ("Working size: 5 um. 3 of the 5 pairs are resampled: 1 from 2.5 um, 2 from 7.5 um.")
    caplog.clear()
    tell_working_size(items_of(5.0, image=image), 5.0, others=items_of(5.0, image=image))
    assert caplog.messages == ["Working size: 5 um. None of the 2 pairs is resampled."]


def test_what_is_not_known_is_said_once(image: Path, caplog: pytest.LogCaptureFixture) -> None:
    tell_working_size(items_of(2.5, None, None, image=image), 2.5)
    (record,) = caplog.records
    assert "2 of the 3 pairs do not say how large their pixels are" in record.message
    assert "they are taken for 2.5 um" in record.message
    caplog.clear()
    tell_working_size(items_of(None, None, image=image), None)
    (record,) = caplog.records
    assert "no pair is resampled, and the weights will not know their pixel size" in record.message
    assert record.levelno == logging.WARNING


def test_initial_weights_of_another_size(image: Path, caplog: pytest.LogCaptureFixture) -> None:
    tell_working_size(items_of(2.5, image=image), 2.5, initial_um=5.0)
    assert "give --working_um 5 to keep theirs" in caplog.text
    caplog.clear()
    tell_working_size(items_of(5.1, image=image), 5.1, initial_um=5.0)
    assert caplog.text == ""


def test_the_size_of_a_network(image: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tell_network_size(items_of(2.5, 5.0, image=image), 5.0)
    assert caplog.messages == ["The network works at pixels of 5 um. 1 of the 2 pairs are resampled: 1 from 2.5 um."]
    caplog.clear()
    tell_network_size(items_of(2.5, 5.0, image=image), None)
    assert caplog.messages == ["The weights do not say which pixel size they work at: no pair is resampled."]


@pytest.mark.parametrize(("pixel_um", "size"), [(0.5, "20 x 30"), (500.0, "200000 x 300000")])
def test_too_few_or_too_many_pixels(image: Path, pixel_um: float, size: str) -> None:
    working_um = 5.0 if pixel_um < 5 else 0.5
    with pytest.raises(InputError, match=f"would have {size} pixels .* at the working size .*expected 64 to 200000"):
        tell_working_size(items_of(pixel_um, image=image), working_um)
    with pytest.raises(InputError, match=size):
        tell_network_size(items_of(pixel_um, image=image), working_um)
    tell_working_size(items_of(working_um, image=image), working_um)  # as it is, it may have any size


def test_patches_are_counted_at_the_working_size(image: Path) -> None:
    items = items_of(2.5, 5.0, image=image)
    check_patch_size(items, 200)
    check_patch_size(items[1:], 200, working_um=5.0)
    with pytest.raises(InputError, match=r"1 of the images, .*ct.tif has 100 x 150 at the working size of 5 um"):
        check_patch_size(items[:1], 101, working_um=5.0)
