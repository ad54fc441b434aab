"""Varied specimens by kind, and data sets that are made of a phantom that has some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bundle.evidence.limits.kinds import KINDS, specimens_by
from bundle.evidence.limits.points import LIMITS, Basis
from bundle.evidence.limits.variants import fewer_pairs, misregistered, noisier, worse_scans
from bundle.synthetic.phantom.datalist import read_phantom
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data import load_datalist
from scripts.errors import InputError


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("kinds") / "both"
    make_phantom(out, specimens=3, slices=1, size=96, volumes=0, processes=1, varied=[4, 1, 4])
    return out


def write(folder: Path, specimens: Mapping[str, object]) -> Path:
    (folder / "datalist.json").write_text(json.dumps({"phantom": {"specimens": specimens}}))
    return folder


def test_specimens_of_a_split_are_told_apart(tmp_path: Path) -> None:
    facts = {
        "S01": {"split": "test", "material": "Ti"},
        "V01": {"split": "training", "pixel_um": 5.0, "energy_kev": 34.0, "grey": "counts", "dye": 0.0},
        "V02": {"split": "test", "pixel_um": 7.5, "energy_kev": 38.4, "grey": "export8", "dye": 0.4},
        "V03": {"split": "test", "pixel_um": 2.5, "energy_kev": 45.0, "grey": "counts", "dye": -0.1},
        "V04": {"split": "test", "pixel_um": 7.5, "energy_kev": 45.0, "grey": "counts", "dye": -0.2},
    }
    folder = write(tmp_path, facts)
    assert specimens_by("pixel", folder, "test") == {"plain": ["S01"], "2.5": ["V03"], "7.5": ["V02", "V04"]}
    assert specimens_by("energy", folder, "test") == {"plain": ["S01"], "38.4": ["V02"], "45": ["V03", "V04"]}
    assert specimens_by("grey", folder, "test") == {"plain": ["S01"], "counts": ["V03", "V04"], "export8": ["V02"]}
    assert specimens_by("look", folder, "test") == {
        "plain": ["S01"],
        "alike": ["V03"],
        "less": ["V04"],
        "more": ["V02"],
    }
    with pytest.raises(InputError, match="has no varied specimens"):
        specimens_by("look", folder, "validation")


@pytest.mark.parametrize("name", KINDS)
def test_every_test_specimen_counts_at_one_point(both: Path, tmp_path: Path, name: str) -> None:
    points = list(LIMITS[name](Basis(both, "test", tmp_path)))
    assert {point.train_on for point in points} == {point.evaluate_on for point in points} == {both}
    counted = [specimen for point in points for specimen in point.specimens or ()]
    assert len(counted) == len(set(counted))
    assert set(counted) == {item["specimen"] for item in read_phantom(both)["test"]}


def test_fewer_pairs_keep_their_masks(both: Path, tmp_path: Path) -> None:
    masked = [item for item in read_phantom(both)["training"] if "mask" in item]
    assert masked
    variant = fewer_pairs(both, len(read_phantom(both)["training"]), tmp_path)
    assert sum("mask" in item for item in load_datalist(variant, "training")) == len(masked)


def test_varied_specimens_are_displaced_as_the_plain_ones_are(both: Path, tmp_path: Path) -> None:
    variant = misregistered(both, 0.0, tmp_path / "0_px")
    assert [item["ct"] for item in read_phantom(variant)["test"]] == [item["ct"] for item in read_phantom(both)["test"]]


def test_scans_without_a_common_window_are_not_made_worse(both: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has varied specimens: make scans worse of a plain phantom"):
        worse_scans(both, "test", noisier(0.1), tmp_path)
