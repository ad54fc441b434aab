"""The lookup table as a recipe, on a tiny phantom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.evidence import lut
from bundle.evidence.benchmark import sections
from bundle.evidence.shared import lookup_table
from bundle.evidence.shared.cell import Cell, Evaluation, lookup_table_result
from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.weights.checkpoint import save_atomically

TEST = Evaluation("test")


def test_scores_are_those_of_the_command(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = lookup_table_result(str(phantom), "800 steps", TEST, tmp_path)
    training, validation, test = (lut.load_pairs(phantom, split) for split in ("training", "validation", "test"))
    sigma, table = lut.choose_lut(training, validation)
    expected = lut.evaluate_lut(test, table, sigma)
    assert result["metrics"]["ssim"] == pytest.approx(np.mean(expected["ssim"]), rel=1e-5)  # six digits in CSV
    assert [image["psnr"] for image in result["images"]] == pytest.approx(expected["psnr"], rel=1e-5)
    assert result["cell"] == {"recipe": "lut", "seed": None, "steps": None, "budget": "800 steps"}
    ct = test[0]["image"]
    np.testing.assert_array_equal(lookup_table.colour(ct, tmp_path / "lut"), lut.apply_lut(ct, table, sigma))
    # another length of training and another split ask for no other fit
    monkeypatch.setattr(lookup_table, "choose_lut", lambda *args: pytest.fail("fitted again"))
    assert lookup_table_result(str(phantom), "400 steps", TEST, tmp_path)["metrics"] == result["metrics"]
    lookup_table_result(str(phantom), "400 steps", Evaluation("validation"), tmp_path)


def test_table_of_other_data_is_refused(phantom: Path, tmp_path: Path) -> None:
    lookup_table_result(str(phantom), "800 steps", TEST, tmp_path)
    with pytest.raises(InputError, match="holds the table of"):
        lookup_table_result(str(tmp_path / "elsewhere"), "800 steps", TEST, tmp_path)


def test_stains_of_all_recipes_are_drawn(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup_table_result(str(phantom), "50 steps", TEST, tmp_path)
    cell = Cell("small", None, 0, 50, str(phantom), {"network_def#channels": "(4,4,8)", "network_def#blocks": "1"})
    folder = cell.folder(tmp_path)
    network = StainGenerator([4, 4, 8], 1)
    save_atomically(network.state_dict(), folder / "training" / "model.pt")
    (folder / "generator.yaml").write_text("{}")
    drawn: list[Any] = []
    monkeypatch.setattr(sections, "draw_sections", lambda *args: drawn.append(args))
    sections.draw_stains(tmp_path / "sections.png", [cell], True, TEST, tmp_path)
    ((path, rows, names),) = drawn
    pairs = lut.load_pairs(phantom, "test")
    assert path == tmp_path / "sections.png"
    assert names == [pairs.data[0]["specimen"]]
    assert list(rows[0]) == ["micro-CT", "lookup table", "small", "true section"]
    ct = torch.as_tensor(pairs[0]["image"])
    np.testing.assert_array_equal(rows[0]["micro-CT"], ct[0])
    with torch.no_grad():
        expected = network.eval()(ct[None])[0].permute(1, 2, 0)
    np.testing.assert_allclose(rows[0]["small"], expected, atol=1e-5)  # in tiles, other sums of the same products
