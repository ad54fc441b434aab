"""Tests of the figure of a report: what its six pictures show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bundle.pairs.pair import Pair
from bundle.pairs.place.cut import POSE, Cut, Frame
from bundle.pairs.report.figure import draw_report
from bundle.shared.quality.fit import Quality
from bundle.shared.section.find import Section

SHAPE = (80, 120)


@pytest.fixture
def cut() -> Cut:
    bumps = torch.zeros(3, 4, 4)
    bumps[2] = 3.0  # along columns, everywhere alike
    return Cut(Frame(torch.zeros(3), torch.eye(3)), torch.zeros(len(POSE)), bumps, SHAPE)


def pair_of(cut: Cut | None) -> Pair:
    tissue = np.zeros(SHAPE, bool)
    tissue[10:70, 10:110] = True
    mask = tissue.copy()
    mask[10:70, 10:40] = False
    image = np.full((*SHAPE, 3), (0.25, 0.5, 0.75), np.float32)
    section = Section(image, image.mean(axis=-1), tissue, np.zeros(SHAPE, bool), (0.96,) * 3)
    information = np.full(SHAPE, 0.5, np.float32)
    quality = Quality("usable with mask", ("52 % of the windows fit",), 0.52, 40, 1.0, information, mask)
    ct = np.tile(np.linspace(0, 100, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    return Pair(section, ct, (20.0, 80.0), np.ones(SHAPE, bool), quality, cut, 5.0, {})


def test_six_pictures(cut: Cut, drawn: list[Any], tmp_path: Path) -> None:
    pair = pair_of(cut)
    draw_report(pair, tmp_path / "report.png")
    [figure] = drawn
    section, board, edges, _, information, left_out = figure.axes[:6]
    assert figure.get_suptitle() == "usable with mask: 52 % of the windows fit"
    np.testing.assert_array_equal(section.images[0].get_array(), pair.section.image)
    grey = np.clip((pair.ct - 20) / 60, 0, 1)
    tiles = board.images[0].get_array()  # tiles of 10 pixels, the first one of the section
    np.testing.assert_array_equal(tiles[:10, :10], pair.section.image[:10, :10])
    np.testing.assert_allclose(tiles[:10, 50:60, 0], grey[:10, 50:60], atol=1e-6)
    shown = edges.images[1].get_array()[..., 3]
    assert shown[40, 60] > 0  # the ramp within the window
    assert shown[40, 8] == 0  # black throughout
    values = information.images[0].get_array()
    assert float(values[40, 60]) == 0.5
    assert np.ma.getmaskarray(values)[5, 5] or np.isnan(values[5, 5])  # no tissue
    orange = left_out.images[0].get_array()
    np.testing.assert_allclose(orange[40, 20], 0.35 * np.array([0.25, 0.5, 0.75]) + 0.65 * np.array([0.85, 0.28, 0.04]))
    np.testing.assert_allclose(orange[40, 60], (0.25, 0.5, 0.75))
    np.testing.assert_array_equal(orange[5, 5], 1)


def test_the_deformation_is_drawn_and_measured(cut: Cut, drawn: list[Any], tmp_path: Path) -> None:
    draw_report(pair_of(cut), tmp_path / "report.png")
    deformation = drawn[0].axes[3]
    arrows = deformation.collections[0]
    np.testing.assert_allclose(arrows.U, 3, atol=1e-5)
    np.testing.assert_allclose(arrows.V, 0, atol=1e-5)
    assert "up to 3.0 pixels; out of it: 0.0" in deformation.get_xlabel()


def test_a_pair_that_was_registered_elsewhere(drawn: list[Any], tmp_path: Path) -> None:
    draw_report(pair_of(None), tmp_path / "report.png")
    assert [text.get_text() for text in drawn[0].axes[3].texts] == ["registered elsewhere"]


def test_it_is_saved(cut: Cut, tmp_path: Path) -> None:
    draw_report(pair_of(cut), tmp_path / "report.png")
    with Image.open(tmp_path / "report.png") as image:
        assert image.format == "PNG"
        assert len(np.unique(np.asarray(image.convert("L")))) > 100
