"""Tests of the verdict on a registered section."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from bundle.pairs.options import Options
from bundle.pairs.place.cut import POSE, Cut, Frame
from bundle.pairs.place.landmarks import Landmarks
from bundle.pairs.place.level import Found
from bundle.pairs.registration.attempt import Attempt
from bundle.pairs.registration.judge import judge
from bundle.pairs.registration.prepare import Guess, Scale, Task
from bundle.shared.quality.fit import Quality
from bundle.shared.section.find import Section
from scripts.data.padding import NO_PADDING
from scripts.volume.read.window import VolumeWindow

SHAPE = (40, 50)
UPRIGHT, ON_ITS_BACK = torch.eye(3), torch.diag(torch.tensor([-1.0, 1.0, -1.0]))


def task(landmarks: Landmarks | None = None) -> Task:
    image = np.full((*SHAPE, 3), 0.5, np.float32)
    section = Section(image, image[..., 0], np.ones(SHAPE, bool), np.zeros(SHAPE, bool), (0.96, 0.96, 0.96))
    scale, window = Scale(1.0, 5.0, np.ones(3)), VolumeWindow(0.0, 1.0, "given", NO_PADDING)
    volume, slide = Mock(source="scan.tif"), Mock(path=Path("a.svs"))
    return Task(slide, volume, Options(), scale, section, None, window, Guess([], Mock(), landmarks), 1, Mock())


def attempt(axes: torch.Tensor, verdict: str = "good", **changes: Any) -> Attempt:
    cut = Cut(Frame(torch.tensor([7.0, 20.0, 25.0]), axes), torch.zeros(len(POSE)), torch.zeros(3, 4, 4), SHAPE)
    blank = np.zeros(SHAPE, np.float32)
    quality = Quality(verdict, ("measured",), 0.7, 40, 0.0, blank, np.ones(SHAPE, bool))
    found = {"inside": np.ones(SHAPE, bool), "folding": np.ones(SHAPE)} | changes
    return Attempt(Found(cut, 0.5, 1.0), blank, quality=quality, **found)


def test_nothing_is_wrong() -> None:
    pair = judge(task(), attempt(UPRIGHT))
    assert pair.quality.verdict == "good"
    assert pair.quality.reasons == ("measured",)
    assert pair.pixel_um == 5
    assert pair.facts["pose"]["normal_zyx"] == [1, 0, 0]
    assert pair.facts["pose"]["centre_zyx_pixels"] == [7, 20.5, 25.5]
    assert "landmark_errors_pixels" not in pair.facts


def test_a_scan_that_shows_less_than_half() -> None:
    inside = np.zeros(SHAPE, bool)
    inside[:16] = True
    quality = judge(task(), attempt(UPRIGHT, inside=inside)).quality
    assert quality.verdict == "reject"
    assert quality.reasons[1] == "40 % of the section lie in the scan, fewer than 50"


@pytest.mark.parametrize(("before", "after"), [("good", "usable with mask"), ("reject", "reject")])
def test_a_map_that_folds(before: str, after: str) -> None:
    folding = np.ones(SHAPE)
    folding[:4] = 0
    quality = judge(task(), attempt(UPRIGHT, before, folding=folding)).quality
    assert quality.verdict == after
    assert quality.reasons[1] == "the map folds over 10.0 % of the section"


@pytest.mark.parametrize(("axes", "hints"), [(UPRIGHT, 0), (ON_ITS_BACK, 1)])
def test_landmarks_that_are_mixed_up(axes: torch.Tensor, hints: int) -> None:
    """Landmarks in the middle of the section, 3 and 4 voxels from there."""
    at = np.array([[20.0, 25.0]]) * 5 + 2  # pixels of the slide, five along one of the section
    landmarks = Landmarks(Path("marks.csv"), at, np.array([[7.0, 23.5, 29.5]]))
    pair = judge(task(landmarks), attempt(axes, "reject"))
    assert len([reason for reason in pair.quality.reasons if "on its back" in reason]) == hints
    if axes is UPRIGHT:
        assert pair.facts["landmark_errors_pixels"] == [5.0]
