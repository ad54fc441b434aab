"""Stains of recipes side by side, of networks that are not trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.evidence.benchmark import sections
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.lookup_table.recipe import lookup_table_result
from bundle.shared.windowed_pairs import load_pairs
from scripts.data.resample import resize_section
from scripts.networks import StainGenerator
from scripts.networks.trained_on import TrainedOn
from scripts.weights.checkpoint import save_atomically

TEST = Evaluation("test")


def test_stains_of_all_recipes_are_drawn(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup_table_result(str(phantom), "50 steps", TEST, tmp_path)
    cell = Cell("small", None, 0, 50, str(phantom), {"network_def#channels": "(4,4,8)", "network_def#blocks": "1"})
    folder = cell.folder(tmp_path)
    network = StainGenerator([4, 4, 8], 1)
    save_atomically(network.state_dict(), folder / "training" / "model.pt")
    drawn: list[Any] = []
    monkeypatch.setattr(sections, "draw_sections", lambda *args: drawn.append(args))
    sections.draw_stains(tmp_path / "sections.png", [cell], True, TEST, tmp_path)
    ((path, rows, names),) = drawn
    pairs = load_pairs(phantom, "test")
    assert path == tmp_path / "sections.png"
    assert names == [pairs.data[0]["specimen"]]
    assert list(rows[0]) == ["micro-CT", "lookup table", "small", "true section"]
    ct = torch.as_tensor(pairs[0]["image"])
    np.testing.assert_array_equal(rows[0]["micro-CT"], ct[0])
    with torch.no_grad():
        expected = network.eval()(ct[None])[0].permute(1, 2, 0)
    np.testing.assert_allclose(rows[0]["small"], expected, atol=1e-5)  # in tiles, other sums of the same products


def test_a_recipe_of_another_pixel_size(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stains on its own grid, and its stain is drawn at the size of the others."""
    cells = []
    for name, size in (("fine", 5.0), ("coarse", 10.0)):
        network = StainGenerator([4, 4, 8], 1)
        network.trained_on = TrainedOn(pixel_um=size)
        cell = Cell(name, None, 0, 50, str(phantom), {})
        save_atomically(network.state_dict(), cell.folder(tmp_path) / "training" / "model.pt")
        cells.append(cell)
    drawn: list[Any] = []
    monkeypatch.setattr(sections, "draw_sections", lambda *args: drawn.append(args))
    sections.draw_stains(tmp_path / "sections.png", cells, False, TEST, tmp_path)
    row = drawn[0][1][0]
    assert row["fine"].shape == row["coarse"].shape == row["true section"].shape == (128, 128, 3)
    ct = torch.as_tensor(load_pairs(phantom, "test", working_um=10.0)[0]["image"])
    with torch.no_grad():
        expected = network.eval()(ct[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(row["coarse"], resize_section(expected, (128, 128)), atol=1e-5)
