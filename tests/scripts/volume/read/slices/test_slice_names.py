"""Which files of a folder are slices of one scan, and their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import InputError
from scripts.volume.read.slices.slice_names import choose_slices

FOLDER = Path("scan")


def names(*given: str) -> tuple[list[str], list[str]]:
    slices, lines = choose_slices(FOLDER, [FOLDER / name for name in given])
    return [slice_.name for slice_ in slices], lines


def numbered(form: str, count: int = 6) -> list[str]:
    return [form.format(index) for index in range(count)]


@pytest.mark.parametrize("other", ["scan_spr.tif", "preview.png", "scan_1 (2).tif", "thumbnail_1.tif"])
def test_file_of_another_pattern_is_left_out(other: str) -> None:
    slices = numbered("scan_{:04d}.tif")
    found, lines = names(other, *slices)
    assert found == slices
    assert len(lines) == 1
    assert other in lines[0]


def test_gap_is_found_beside_another_file() -> None:
    found, lines = names("a_spr.tif", "a1.tif", "a2.tif", "a4.tif", "a10.tif", "a3.tif", "a5.tif")
    assert found == ["a1.tif", "a2.tif", "a3.tif", "a4.tif", "a5.tif", "a10.tif"]
    assert "a_spr.tif" in lines[0]
    assert "between a5.tif and a10.tif" in lines[1]


@pytest.mark.parametrize(
    "given",
    [
        [*numbered("one_{}.tif"), *numbered("two_{}.tif")],
        [*numbered("scan1_{}.tif"), *numbered("scan2_{}.tif")],
        [*numbered("s{}_c1.tif"), *numbered("s{}_c2.tif")],
    ],
)
def test_two_scans(given: list[str]) -> None:
    with pytest.raises(InputError, match=r"several scans or channels .*folder of its own"):
        names(*given)


def test_slices_twice() -> None:
    with pytest.raises(InputError, match="several formats"):
        names(*numbered("s{}.tif"), "s3.png")
    with pytest.raises(InputError, match=r"s03.tif.*the same number|s3.tif.*the same number"):
        names(*numbered("s{}.tif"), "s03.tif")


def test_heights() -> None:
    assert names("z=0.25.tif", "z=0.5.tif", "z=0.75.tif", "z=1.0.tif")[0][0] == "z=0.25.tif"
    assert names("z=0.1.tif", "z=0.005.tif", "z=0.01.tif")[0] == ["z=0.005.tif", "z=0.01.tif", "z=0.1.tif"]
    found, lines = names("z=1.tif", "z=0.tif", "z=-1.tif", "z=-2.tif")
    assert found == ["z=-2.tif", "z=-1.tif", "z=0.tif", "z=1.tif"]
    assert "z=-2.tif to z=1.tif" in lines[0]


@pytest.mark.parametrize("form", ["slice-{}.tif", "v1.{}.tif", "slice ({}).tif", "2026-11-27_{}.tif", "{}.tif"])
def test_counts(form: str) -> None:
    assert names(*reversed(numbered(form, 12))) == (numbered(form, 12), [])


def test_time_beside_the_count() -> None:
    given = ["s1_120000.tif", "s2_120003.tif", "s3_120009.tif", "s4_120010.tif"]
    assert names(*given) == (given, [])


def test_names_without_numbers() -> None:
    found, lines = names("b.tif", "a.tif", "c.tif")
    assert found == ["a.tif", "b.tif", "c.tif"]
    assert "a.tif, b.tif, c.tif" in lines[0]
    assert names("a.tif") == (["a.tif"], [])
