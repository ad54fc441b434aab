"""The lookup table as a recipe, on a tiny phantom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.evidence.shared import defaults
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.lookup_table import recipe
from bundle.evidence.shared.lookup_table.recipe import lookup_table_result
from bundle.evidence.shared.lookup_table.scores import evaluate_lut
from bundle.shared.windowed_pairs import load_pairs
from scripts.errors import InputError
from scripts.lookup_table import table as tables
from scripts.lookup_table.choice import choose_lut
from scripts.lookup_table.table import apply_lut

TEST = Evaluation("test")


def test_scores_are_those_of_the_command(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = lookup_table_result(str(phantom), "800 steps", TEST, tmp_path)
    training, validation, test = (load_pairs(phantom, split) for split in ("training", "validation", "test"))
    sigma, table = choose_lut(training, validation)
    expected = evaluate_lut(test, table, sigma)
    assert result["metrics"]["ssim"] == pytest.approx(np.mean(expected["ssim"]), rel=1e-5)  # six digits in CSV
    assert [image["psnr"] for image in result["images"]] == pytest.approx(expected["psnr"], rel=1e-5)
    assert result["cell"] == {"recipe": "lut", "seed": None, "steps": None, "budget": "800 steps"}
    ct = test[0]["image"]
    np.testing.assert_array_equal(recipe.colour(ct, tmp_path / "lut"), apply_lut(ct, table, sigma))
    # another length of training and another split ask for no other fit
    monkeypatch.setattr(recipe, "choose_lut", lambda *args: pytest.fail("fitted again"))
    assert lookup_table_result(str(phantom), "400 steps", TEST, tmp_path)["metrics"] == result["metrics"]
    lookup_table_result(str(phantom), "400 steps", Evaluation("validation"), tmp_path)


def test_table_of_other_data_is_refused(phantom: Path, tmp_path: Path) -> None:
    lookup_table_result(str(phantom), "800 steps", TEST, tmp_path)
    with pytest.raises(InputError, match="holds the table of"):
        lookup_table_result(str(tmp_path / "elsewhere"), "800 steps", TEST, tmp_path)


def test_help_tells_the_default_of_the_table() -> None:
    assert defaults.BINS == tables.BINS
