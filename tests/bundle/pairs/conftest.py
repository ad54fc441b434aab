"""A small synthetic study, and a search that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.pairs.place import search
from bundle.synthetic.slides.cut import CutLimits
from bundle.synthetic.slides.options import StudyOptions
from bundle.synthetic.slides.study import make_study


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four slides of two specimens, 192 voxels along a side: training and validation."""
    out = tmp_path_factory.mktemp("small") / "study"
    limits = CutLimits(tilt=5, turn=8, shrink=0.04, distortion=4, depth=8)
    make_study(out, StudyOptions(seed=2, slides=4, side=192, depth=48, damaged=False, limits=limits), processes=1)
    return out


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the steps: sections of this size are found with them."""
    stages = ((8, 8, 20, 1000, False), (8, 3, 40, 1500, True), (4, 1, 60, 3000, True), (2, 1, 80, 6000, True))
    monkeypatch.setattr(search, "STAGES", stages)
    monkeypatch.setattr(search, "CANDIDATES", 2048)
