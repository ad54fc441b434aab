"""Data sets from which something was taken away, made of a tiny phantom."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bundle.evidence.limits.axes import AXES
from bundle.evidence.limits.kinds import KINDS
from bundle.evidence.limits.points import LIMITS, Basis
from bundle.evidence.limits.variants import (
    brighter,
    fewer_pairs,
    lifted,
    misregistered,
    more_blurred,
    noisier,
    without_material,
    worse_scans,
)
from bundle.synthetic.phantom.datalist import materials
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data import load_datalist
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.image.read import read_ct, read_histology
from scripts.errors import InputError


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("limits") / "base"
    make_phantom(out, specimens=[4, 4, 1], slices=2, size=96, volumes=0, processes=1)
    return out


def specimens(folder: Path, split: str) -> Counter[str]:
    return Counter(item["specimen"] for item in load_datalist(folder, split))


def test_fewer_pairs_are_of_as_many_specimens_as_can_be(base: Path, tmp_path: Path) -> None:
    assert specimens(fewer_pairs(base, 3, tmp_path / "3"), "training") == {"S01": 1, "S02": 1, "S03": 1}
    assert specimens(fewer_pairs(base, 5, tmp_path / "5"), "training") == {"S01": 2, "S02": 1, "S03": 1, "S04": 1}
    assert load_datalist(tmp_path / "5", "test") == load_datalist(base, "test")
    with pytest.raises(InputError, match="8 training pairs, not 9"):
        fewer_pairs(base, 9, tmp_path / "9")


def test_a_material_is_left_out_of_training_and_validation_only(base: Path, tmp_path: Path) -> None:
    of = materials(base)
    variant = without_material(base, "Ti", tmp_path)
    for split in ("training", "validation"):
        assert {of[name] for name in specimens(variant, split)} == {"Mg-5Gd", "Mg-10Gd", "PEEK"}
    assert specimens(variant, "test") == specimens(base, "test")
    one_left = fewer_pairs(base, 1, tmp_path / "one")
    with pytest.raises(InputError, match="no training specimens but of Mg-5Gd"):
        without_material(one_left, "Mg-5Gd", tmp_path / "none")


def test_sections_are_displaced_and_nothing_else(base: Path, tmp_path: Path) -> None:
    aligned, far = misregistered(base, 0.0, tmp_path / "0"), misregistered(base, 8.0, tmp_path / "8")
    for split, same in (("training", False), ("test", True)):
        one, other, known = (load_datalist(folder, split)[0] for folder in (aligned, far, base))
        np.testing.assert_array_equal(read_ct(one["image"]), read_ct(known["image"]))
        assert np.array_equal(read_histology(one["label"]), read_histology(other["label"])) is same
    assert misregistered(base, 0.0, tmp_path / "0") == tmp_path / "0"  # made once
    with pytest.raises(InputError, match="another phantom"):
        misregistered(base, 1.0, tmp_path / "0")


def test_ct_is_changed_in_units_of_its_window(base: Path, tmp_path: Path) -> None:
    known = read_ct(load_datalist(base, "test")[0]["image"])
    same, noisy, blurred, bright = (
        read_ct(load_datalist(worse_scans(base, "test", change, tmp_path / name), "test")[0]["image"])
        for name, change in (
            ("same", noisier(0.0)),
            ("noisy", noisier(0.05)),
            ("blurred", more_blurred(2.0)),
            ("bright", brighter(1.1)),
        )
    )
    np.testing.assert_allclose(same, known, atol=1)  # rounded in float32
    width = 30000
    inside = (known > 15000) & (known < 50000)  # away from 0, where noise is cut off
    assert (noisy - known)[inside].std() == pytest.approx(0.05 * width, rel=0.05)
    np.testing.assert_allclose(blurred, gaussian_filter(known.astype(np.float32), 2), atol=1.5)
    lower = load_datalist(base, "test")[0]["ct_window"][0]
    expected = np.clip(lower + 1.1 * (known.astype(np.float64) - lower), 0, 65535)
    np.testing.assert_allclose(bright, expected, atol=1)  # rounded in float32
    training = [[item["image"] for item in load_datalist(folder, "training")] for folder in (base, tmp_path / "noisy")]
    assert training[0] == training[1]


def test_points_of_each_limit(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bundle.evidence.limits.points.PAIRS", (2, 4, 25))
    monkeypatch.setattr("bundle.evidence.limits.points.DISPLACEMENTS", (1.0,))
    assert list(LIMITS) == list(AXES)
    # Those of varied specimens: see test_kinds.py.
    of = {name: list(points(Basis(base, "test", tmp_path))) for name, points in LIMITS.items() if name not in KINDS}
    assert [point.x for point in of["pairs"]] == [2, 4, 8]  # all there are, where there are fewer
    assert [point.x for point in of["displacement"]] == [1.0]
    assert all(point.evaluate_on == base != point.train_on for point in of["pairs"] + of["displacement"])
    unseen = {str(point.x): point for point in of["material"] if point.curve == "unseen"}
    assert set(unseen) == {"Mg-5Gd"}  # the one test specimen's
    assert unseen["Mg-5Gd"].specimens == frozenset(name for name, kind in materials(base).items() if kind == "Mg-5Gd")
    assert all(point.train_on == base != point.evaluate_on for point in of["noise"] + of["blur"] + of["brightness"])


def test_worse_scans_keep_their_pixel_size(base: Path, tmp_path: Path) -> None:
    content = json.loads((base / "datalist.json").read_text())
    for item in content["test"]:
        item["pixel_um"] = 2.5
    for split in ("training", "validation", "test"):
        content[split] = [
            item | {key: str(base / item[key]) for key in ("histology", "labels")} for item in content[split]
        ]
    shutil.copytree(base / "ct", tmp_path / "fine" / "ct")
    (tmp_path / "fine" / "datalist.json").write_text(json.dumps(content))
    worse = load_datalist(worse_scans(tmp_path / "fine", "test", noisier(0.1), tmp_path / "worse"), "test")
    assert {(item["pixel_um"], read_pixel_size(item["image"])) for item in worse} == {(2.5, 2.5)}


def test_a_scan_that_is_not_calibrated_gives_no_window(base: Path, tmp_path: Path) -> None:
    known = read_ct(load_datalist(base, "test")[0]["image"]).astype(np.float64)
    item = load_datalist(worse_scans(base, "test", lifted(0.05), tmp_path / "raised", calibrated=False), "test")[0]
    assert not item["window_given"]
    expected = np.clip(known + 0.05 * 30000, 0, 65535)
    np.testing.assert_allclose(read_ct(item["image"]), expected, atol=1)  # rounded in float32
