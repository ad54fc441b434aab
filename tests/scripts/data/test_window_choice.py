"""Which window a scan is given: numbers by hand."""

from __future__ import annotations

import logging

import pytest

from scripts.data.landmarks.find import Landmarks, Search
from scripts.data.window_choice import UNKNOWN, Choice, Facts, Training, choose_window, decide, from_landmarks
from scripts.errors import InputError

TRAINING = Training((0.0, 1000.0), (0.1, 0.5))


def facts(background: float, mineral: float, robust: tuple[float, float] = (50, 800), remark: str = "") -> Facts:
    return Facts(robust, Search(Landmarks(background, mineral), remark))


NONE = Facts((50.0, 800.0), Search(None, "it is all air"))


def chosen(of: Facts, training: Training = TRAINING) -> Choice:
    return choose_window(of, training, "scan.tif")


def test_landmarks_fall_where_they_are_to_lie() -> None:
    # 20 and 60 at 0.1 and 0.5: a window of 100 from 10
    assert from_landmarks(Landmarks(20, 60), (0.1, 0.5)) == pytest.approx((10, 110))


@pytest.mark.parametrize(("background", "mineral"), [(100, 500), (113, 519), (87, 481)])
def test_calibrated_alike(background: float, mineral: float) -> None:
    assert chosen(facts(background, mineral))[:3] == (0, 1000, "trained")


@pytest.mark.parametrize(("background", "mineral"), [(116, 500), (100, 525), (84, 500), (100, 475)])
def test_calibrated_otherwise(background: float, mineral: float) -> None:
    lo, hi, source, why = chosen(facts(background, mineral))
    assert source == "landmarks"
    assert (lo, hi) == pytest.approx(from_landmarks(Landmarks(background, mineral), (0.1, 0.5)))
    assert f"background {background}" in why
    assert "10 % and 50 %" in why


def test_another_scale_altogether() -> None:
    assert chosen(facts(20, 60, (15, 80)))[:3] == pytest.approx((10, 110, "landmarks"))


def test_other_tissues_on_the_trainings_scale(caplog: pytest.LogCaptureFixture) -> None:
    """Air at 0 and soft tissue at 130 of a calibrated scan are not stretched until they look like resin and bone."""
    assert chosen(facts(0, 130, (0, 700)))[:3] == (0, 1000, "trained")
    assert "other tissues" in caplog.text


def test_no_landmarks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert chosen(NONE)[:3] == (0, 1000, "trained")  # on its scale
        assert not caplog.records
        far = Facts((5000, 9000), Search(None, "it is all air"))
        assert chosen(far)[:3] == (5000, 9000, "percentiles")
    assert "scan.tif: nothing better than percentiles was found for the window, since it is all air." in caplog.text


def test_weights_of_earlier_versions(caplog: pytest.LogCaptureFixture) -> None:
    windowed = Training((0.0, 1000.0), None)
    assert chosen(facts(150, 550), windowed)[2] == "trained"  # on its scale, as before
    brought = chosen(facts(20, 60, (15, 80)), windowed)
    assert brought.source == "landmarks"
    assert brought.why.endswith("are brought to 13 % and 46 % of the window, the usual places")
    with caplog.at_level(logging.WARNING):
        found = chosen(facts(150, 550), UNKNOWN)  # their training was windowed by percentiles
    assert found[:3] == (50, 800, "percentiles")
    assert "0.9" in found.why
    assert not caplog.records


def test_a_doubtful_window_is_said(caplog: pytest.LogCaptureFixture) -> None:
    chosen(facts(20, 60, (15, 80), "it may be soft tissue"))
    assert "scan.tif: its window is doubtful: it may be soft tissue." in caplog.text


def test_words() -> None:
    assert decide("landmarks", facts(20, 60), TRAINING, "scan")[:3] == pytest.approx((10, 110, "landmarks"))
    assert decide("export", NONE, TRAINING, "scan")[:3] == (50, 800, "export")
    with pytest.raises(InputError, match="scan has no landmarks, since it is all air: give two numbers"):
        decide("landmarks", NONE, TRAINING, "scan")
