"""Tests of putting weights in place."""

from __future__ import annotations

from pathlib import Path

from bundle.monailabel.app.lib.weights import replace_weights


def test_the_previous_ones_are_kept(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    weights = tmp_path / "model.pt"
    for generation in ("first", "second", "third"):
        (tmp_path / "new" / "model.pt").write_text(generation)
        replace_weights(tmp_path / "new" / "model.pt", weights)
    assert weights.read_text() == "third"
    assert (tmp_path / "model_previous.pt").read_text() == "second"
    assert {path.name for path in tmp_path.iterdir()} == {"model.pt", "model_previous.pt", "new"}
