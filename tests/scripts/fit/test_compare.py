"""What is said of a scan that differs from the training's."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scripts.fit.compare import Scan, as_json, compare, lines_of, not_known, uncommon, words_of
from scripts.fit.cost import COST, cost_of
from scripts.fit.describe import ScanDescription
from scripts.networks.trained_on import UNKNOWN, TrainedOn

FLAT = (1000 / 64,) * 64
TRAINED = TrainedOn(
    pixel_um=5.0, histogram=FLAT, noise=(0.02, 0.04), sharpness=(0.6, 0.8), materials=("PEEK", "Ti"), specimens=9
)
ALIKE = Scan(ScanDescription(0.03, 0.7, FLAT), (5.0, 5.0, 5.0), (4, 512, 512), "trained")


def kinds(scan: Scan, trained: TrainedOn = TRAINED) -> dict[str, float]:
    return {finding.kind: finding.number for finding in compare(scan, trained)}


def described(**changed: Any) -> Scan:
    return replace(ALIKE, description=replace(ALIKE.description, **changed))


def test_nothing_is_said_of_a_scan_like_the_trainings() -> None:
    assert compare(ALIKE, TRAINED) == []
    assert not_known(TRAINED) is None


def test_weights_of_earlier_versions_say_once_what_they_do_not_know() -> None:
    worst = replace(ALIKE, description=ScanDescription(0.5, 9.0, FLAT), voxel_um=None, window_source="percentiles")
    assert compare(worst, UNKNOWN) == []
    assert "version 0.9 and before" in str(not_known(UNKNOWN))
    assert str(not_known(replace(TRAINED, noise=None))).startswith("The weights do not say the noise of")
    assert kinds(described(noise=0.5), replace(TRAINED, noise=None)) == {}


def test_noise_is_told_by_what_was_added() -> None:
    assert kinds(described(noise=0.05)) == {}  # 1.25 times the noisiest
    assert kinds(described(noise=0.1)) == {"noisier": pytest.approx(math.sqrt(0.1**2 - 0.04**2), abs=1e-4)}
    assert kinds(described(noise=0.009)) == {"smoother": 0.009}
    assert kinds(described(noise=None)) == {}


def test_blur_is_told_by_what_was_added() -> None:
    assert kinds(described(sharpness=1.0)) == {}
    assert kinds(described(sharpness=math.hypot(0.8, 1.5))) == {"blurred": 1.5}
    assert kinds(described(sharpness=math.hypot(0.8, 1.5), noise=0.001)) == {"blurred": 1.5}  # explains the other
    assert kinds(described(sharpness=0.5), replace(TRAINED, sharpness=(1.5, 2.0))) == {"sharper": 1.41}
    assert kinds(described(sharpness=None)) == {}


def test_voxel_size() -> None:
    assert kinds(replace(ALIKE, voxel_um=None)) == {"voxel size unknown": 5.0}
    assert kinds(replace(ALIKE, voxel_um=(5.0, 15.0, 15.0))) == {"coarser": 3.0}
    assert kinds(replace(ALIKE, voxel_um=(30.0, 2.5, 2.5))) == {}  # the network sees slices
    assert kinds(replace(ALIKE, voxel_um=None), replace(TRAINED, pixel_um=None)) == {}


def test_grey_values() -> None:
    assert uncommon(FLAT, FLAT) == 0
    one_value = (0.0,) * 32 + (1000.0,) + (0.0,) * 31
    # all but five times the usual 15.6 per mille
    assert kinds(described(histogram=one_value)) == {"grey values": pytest.approx(1 - 5 / 64, abs=1e-3)}
    two_values = tuple(np.bincount([20, 40], minlength=64) * 500.0)
    noise = 0.2 * np.random.default_rng(0).normal(size=(2, 10000)) + [[20.5 / 64], [40.5 / 64]]
    noisy = tuple(np.histogram(noise.clip(0, 1), 64, (0, 1))[0] / 20.0)
    assert uncommon(noisy, two_values) > 500
    assert uncommon(noisy, two_values, 0.2) < 10  # of the tails, of which a sample of 20,000 holds few
    assert uncommon((1000 / 13,) * 13 + (0.0,) * 51, FLAT) == 0  # under five times


@pytest.mark.parametrize(("source", "said"), [("given", False), ("trained", False), ("percentiles", True)])
def test_a_found_window_is_named(source: str, said: bool) -> None:
    assert ("window found" in kinds(replace(ALIKE, window_source=source))) is said


def test_landmarks_are_no_doubt_where_the_weights_know_those_of_their_training() -> None:
    knowing = replace(TRAINED, landmarks=(0.13, 0.46))
    sources = {
        source: compare(replace(ALIKE, window_source=source), knowing) for source in ("landmarks", "percentiles")
    }
    assert {source: [finding.kind for finding in found] for source, found in sources.items()} == {
        "landmarks": [],
        "percentiles": ["window found"],
    }


def test_padding_size_and_material() -> None:
    assert kinds(replace(ALIKE, padding=0.6)) == {"padding": 0.6}
    assert kinds(replace(ALIKE, shape=(9, 40, 512))) == {"small": 40.0}
    assert kinds(replace(ALIKE, materials=("Ti", "Zn"))) == {"material": 1.0}
    assert kinds(replace(ALIKE, materials=("Zn",)), replace(TRAINED, materials=())) == {}


def test_words_give_numbers_and_what_they_cost() -> None:
    (finding,) = compare(described(noise=0.1), TRAINED)
    assert finding.words == (
        "Noisier than the training's scans: its noise is 10.0 %, theirs 2.0 to 4.0 % of the window. "
        + cost_of("noisier", math.sqrt(0.1**2 - 0.04**2)).strip()
    )
    found = compare(replace(described(noise=0.1), voxel_um=None), TRAINED)
    record = {"differs": as_json(found), "not_known": None}
    assert words_of(record) == [finding.words for finding in found]
    assert [finding.kind for finding in found] == ["noisier", "voxel size unknown"]  # what was measured comes first
    assert lines_of(record) == ["differs from the training: noisier, voxel size unknown", found[0].words]
    assert lines_of({"differs": as_json(found[:1])}) == [f"differs from the training: {found[0].words}"]
    assert lines_of({"differs": [], "not_known": "The weights are old."}) == ["fit: the weights are old."]
    assert words_of({}) == lines_of({}) == []


def test_costs_are_interpolated_and_grow() -> None:
    for kind, measured in COST.items():
        sizes, costs = zip(*measured, strict=True)
        assert list(sizes) == sorted(sizes)
        assert f"about {costs[0]:.1f} dB" in cost_of(kind, sizes[0])
        assert f"more than {costs[-1]:.1f} dB" in cost_of(kind, 2 * sizes[-1])
