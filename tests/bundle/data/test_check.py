"""Twelve pairs with one fault among them, and without any."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from bundle.data.check.check import judge, look_or_mistake
from bundle.data.check.checked import GOOD, OUT
from bundle.data.check.fitting import remedy_of
from bundle.data.check.look import Look
from bundle.data.check.relation import relation_of
from bundle.data.check.upside_down import upside_down
from bundle.data.listing.folders import list_folders
from bundle.data.listing.listed import Listed
from scripts.data.image.read import read_image
from scripts.errors import InputError
from tests.bundle.data.faults import PLANTED, Images

PLACE, OTHER = 5, 9  # of the pair with the fault, and of one of another specimen
METAL = 8  # of a pair with titanium
#: What would help. Pixels are averaged in pairs, and sections lie a few pixels beside their CT.
SAID = {
    "turned": "turned by 90 degrees to the right",
    "mirrored": "mirrored left to right",
    "shifted": "by (3[6-9]|4[0-4]) pixels to the left|and (3[6-9]|4[0-4]) pixels to the left",
    "other scale": r"scaled by 0\.(79\d|8|80\d)\b",
}

Read = tuple[list[Listed], list[Look | InputError]]


@pytest.fixture(scope="module")
def sound(study: Path) -> Read:
    listed = list_folders(study / "CT slices", study / "HE")
    return listed, [look_or_mistake(pair) for pair in listed]


def images(pair: Listed) -> Images:
    return Images(read_image(pair.ct), read_image(pair.section, colours=True))


def written(folder: Path, pair: Listed, made: Images) -> Listed:
    """The pair with other images."""
    tifffile.imwrite(folder / "ct.tif", made.ct)
    Image.fromarray(np.ascontiguousarray(made.section)).save(folder / "section.png")
    return replace(pair, ct=folder / "ct.tif", section=folder / "section.png")


def with_other(sound: Read, pair: Listed, place: int = PLACE) -> Read:
    listed, looks = list(sound[0]), list(sound[1])
    listed[place], looks[place] = pair, look_or_mistake(pair)
    return listed, looks


def test_sound_pairs_are_good(sound: Read) -> None:
    assert {one.listed.name: one.findings for one in judge(*sound) if one.verdict != GOOD} == {}


def test_other_pairs_that_mislead(sound: Read, tmp_path: Path) -> None:
    """Where the greys of the other pairs tell nothing of this one, its own darkness shows where it belongs."""
    pair = sound[0][PLACE]
    shifted = PLANTED["shifted"](images(pair), images(pair))
    look = look_or_mistake(written(tmp_path, pair, shifted))
    assert isinstance(look, Look)
    assert look.seen is not None
    one_grey = relation_of(look.seen.image, np.full_like(look.grey, 0.5), look.inside)
    remedy = remedy_of(look, one_grey, 0.0)
    assert remedy is not None
    assert re.search(SAID["shifted"], remedy.words)


def test_most_are_inverted(sound: Read) -> None:
    """The others are left out for it, and what is bright at the glass is told of those that are used."""
    listed, looks = sound
    assert upside_down(judge(listed[:3], looks[:3])) is None
    inverted = [replace(look, grey=1 - look.grey) if isinstance(look, Look) else look for look in looks[:3]]
    checked = judge(listed[:4], [*inverted, looks[3]])
    assert [one.verdict for one in checked] == [GOOD, GOOD, GOOD, OUT]
    said = upside_down(checked)
    assert said is not None
    assert "In 3 of 3 pairs the CT is brighter at the glass" in said


@pytest.mark.parametrize("kind", PLANTED)
def test_a_fault_is_named(sound: Read, kind: str, tmp_path: Path) -> None:
    pair, other = sound[0][PLACE], sound[0][OTHER]
    bad = written(tmp_path, pair, PLANTED[kind](images(pair), images(other)))
    checked = judge(*with_other(sound, bad))
    at = OTHER if kind == "duplicate" else PLACE  # of two that are one, the first is kept
    assert [finding.kind for finding in checked[at].findings] == [kind]
    assert [place for place, one in enumerate(checked) if one.verdict != GOOD] == [at]
    assert checked[at].verdict == OUT
    assert re.search(SAID.get(kind, ""), checked[at].findings[0].what)


@pytest.mark.parametrize("kind", ["turned", "negative section"])
def test_metal_that_a_section_shows_elsewhere_is_no_saturation(sound: Read, kind: str, tmp_path: Path) -> None:
    """Titanium is as bright as can be; the sections of the other specimens do not say how bright it is."""
    pair = sound[0][METAL]
    bad = written(tmp_path, pair, PLANTED[kind](images(pair), images(sound[0][PLACE])))
    found = judge(*with_other(sound, bad, METAL))[METAL].findings
    assert [finding.kind for finding in found] == [kind]
    assert re.search(SAID.get(kind, ""), found[0].what)


def test_metal_and_a_section_of_another_size(sound: Read, tmp_path: Path) -> None:
    pair = sound[0][METAL]
    bad = written(tmp_path, pair, Images(images(pair).ct, images(pair).section[:200]))
    assert [finding.kind for finding in judge(*with_other(sound, bad, METAL))[METAL].findings] == ["other size"]


def test_the_partner_of_exchanged_sections_is_named(sound: Read) -> None:
    one, other = sound[0][PLACE], sound[0][OTHER]
    listed, looks = list(sound[0]), list(sound[1])
    for place, pair, of in ((PLACE, one, other), (OTHER, other, one)):
        listed[place] = replace(pair, section=of.section)
        looks[place] = look_or_mistake(listed[place])
    checked = judge(listed, looks)
    assert [one.listed.name for one in checked if one.fault] == [one.name, other.name]
    assert other.name in checked[PLACE].findings[0].what
    assert one.name in checked[OTHER].findings[0].what


def test_a_section_of_twice_the_size(sound: Read, tmp_path: Path) -> None:
    pair = sound[0][PLACE]
    section = np.kron(images(pair).section, np.ones((2, 2, 1), np.uint8))
    finding = judge(*with_other(sound, written(tmp_path, pair, Images(images(pair).ct, section))))[PLACE].findings[0]
    assert finding.kind == "other size"
    assert "scaled by 0.5" in finding.what


def test_files_that_cannot_be_read_do_not_end_it(sound: Read, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(sound[0][PLACE].ct.read_bytes()[:3000])
    checked = judge(*with_other(sound, replace(sound[0][PLACE], ct=broken)))
    assert [one.listed.ct for one in checked if not one.used] == [broken]
    assert "broken.tif" in checked[PLACE].findings[0].what


def test_a_volume_where_a_slice_is_wanted(sound: Read, tmp_path: Path) -> None:
    volume = tmp_path / "volume.tif"
    tifffile.imwrite(volume, np.zeros((5, 256, 256), np.uint16), photometric="minisblack")
    checked = judge(*with_other(sound, replace(sound[0][PLACE], ct=volume)))
    assert checked[PLACE].verdict == OUT
    assert "holds a volume (5x256x256)" in checked[PLACE].findings[0].what
    assert checked[PLACE].findings[0].todo == "save one slice per file"
