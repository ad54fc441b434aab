"""Length units as people spell them, and voxel sizes that are none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from scripts.data.image.lengths import is_pixel_size, millimetres
from scripts.errors import InputError
from scripts.volume.read.units import check_voxel_um, doubt, in_words, voxel_size

SPELLINGS = {
    1e-9: ["pm", "picometer"],
    1e-7: ["Å", "\u212b", "A", "angstrom", "Angstroms", "Ångström"],
    1e-6: ["nm", "NM", "nanometre", "nanometers"],
    1e-3: ["um", "µm", "μm", "\\u00B5m", "micron", "Microns", "micrometer", "micrometres", "[µm]", "UM"],
    1.0: ["mm", "MM", "Millimetre"],
    10.0: ["cm", "centimeter"],
    100.0: ["dm"],
    1000.0: ["m", "meter", "metres"],
    25.4: ["in", "inch", "Inches", '"'],
    304.8: ["ft"],
}


@pytest.mark.parametrize("scale", SPELLINGS)
def test_spellings(scale: float) -> None:
    for unit in SPELLINGS[scale]:
        assert millimetres(unit) == scale, unit


@pytest.mark.parametrize("unit", ["pixel", "px", "", "Mm", "Pm", "furlong", "s", "km/h"])
def test_what_is_no_length_unit(unit: str) -> None:
    assert millimetres(unit) is None


def test_units_of_their_own_for_each_axis() -> None:
    assert voxel_size((10, 5e-3, 5e-4), ("um", "mm", "cm")).spacing == pytest.approx((0.01, 0.005, 0.005))


@pytest.mark.parametrize("length", [0.0, math.nan, math.inf])
def test_lengths_that_are_none(length: float) -> None:
    size = voxel_size((5.0, length, 5.0), ["um"] * 3)
    assert size.spacing is None
    assert "--voxel_um" in str(size.note)


def test_unknown_and_missing() -> None:
    unknown = voxel_size((5, 5, 5), ["furlong"] * 3)
    assert unknown.spacing is None
    assert "'furlong'" in str(unknown.note)
    assert "--voxel_um" in str(unknown.note)
    assert voxel_size((None, 5, 5), ["um"] * 3).note is not None
    pixels = voxel_size((5, 5, 5), ["pixel"] * 3)
    assert pixels.spacing is None
    assert "no length unit" in str(pixels.note)
    assert voxel_size((1, 1, 1), ["pixel"] * 3) == voxel_size((None, None, None), [None] * 3)  # nothing was said


def test_negative_is_taken_as_positive() -> None:
    size = voxel_size((-10, 5, 5), ["um"] * 3)
    assert size.spacing == pytest.approx((0.01, 0.005, 0.005))
    assert "negative" in str(size.note)


def test_unlikely_sizes() -> None:
    assert doubt((0.005, 0.005, 0.005)) is None
    assert "unlikely" in str(doubt((5e-8, 1.0, 1.0)))
    assert "unlikely" in str(doubt((1.0, 500.0, 1.0)))
    assert voxel_size((5e-9, 1, 1), ["mm"] * 3).spacing is None  # too many pixels for each centimetre of a TIFF


@pytest.mark.parametrize("value", [0.05, 1, 5.0, 500])
def test_sizes_that_a_pixel_may_have(value: float) -> None:
    assert is_pixel_size(value)


@pytest.mark.parametrize("value", [0, 0.049, -5.0, 501, math.nan, math.inf, "5", None, True, [5, 5]])
def test_sizes_that_no_pixel_has(value: object) -> None:
    assert not is_pixel_size(value)


def test_cubes_are_taken_where_the_distance_of_slices_is_missing() -> None:
    size = voxel_size((None, 5, 5), ("um", "um", "um"))
    assert size.spacing == pytest.approx((0.005, 0.005, 0.005))
    assert "no distance of slices, 5 um as in the plane is taken" in str(size.note)


def test_a_millimetre_stands_for_no_size() -> None:
    size = voxel_size((1, 1, 1), ("mm", "mm", "mm"))
    assert size.spacing is None
    assert "--voxel_um" in str(size.note)


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (5, (5.0, 5.0, 5.0)),
        ([10, 5, 5.0], (10.0, 5.0, 5.0)),
        (0.05, (0.05,) * 3),
        (500, (500.0,) * 3),
        (np.float32(10), (10.0,) * 3),
        (np.array([10, 5, 5]), (10.0, 5.0, 5.0)),
        ((np.float32(10), 5, 5), (10.0, 5.0, 5.0)),
    ],
)
def test_a_size_that_a_person_gives(asked: Any, size: tuple[float, float, float]) -> None:
    assert check_voxel_um(asked) == size


@pytest.mark.parametrize(
    "asked", [0, -1, math.nan, math.inf, True, "5", None, [], [5, 5], [5, 5, 0], [5, math.nan, 5], [5, 5, 5, 5]]
)
def test_a_size_that_is_none(asked: Any) -> None:
    for forced in (False, True):
        with pytest.raises(InputError, match=r"expected one positive number of micrometres or three \(z, y, x\)"):
            check_voxel_um(asked, forced)


@pytest.mark.parametrize("asked", [0.049, 501, [5, 5, 1000]])
def test_an_unlikely_size_must_be_forced(asked: Any) -> None:
    with pytest.raises(InputError, match=r"outside 0\.05 to 500 um.*--force_voxel_um true"):
        check_voxel_um(asked)
    assert check_voxel_um(asked, forced=True)[0] in (0.049, 501, 5)


def test_in_words() -> None:
    assert in_words((0.005, 0.005, 0.005)) == "5 um"
    assert in_words((0.01, 0.005, 0.00375)) == "10 x 5 x 3.75 um"
    assert in_words(None) == "unknown"
