"""Tests of putting weights in place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("copies", [1, 2])
def test_nothing_half_written_is_in_place(copies: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends in the middle of a copy, of the old weights or of the new ones; the next one finds its way."""
    new, weights = tmp_path / "new.pt", tmp_path / "model.pt"
    new.write_text("the new ones")
    weights.write_text("the served ones")
    whole, begun = shutil.copyfile, []

    def ended(source: Path, target: Path) -> None:
        begun.append(target)
        if len(begun) < copies:
            whole(source, target)
            return
        Path(target).write_text(Path(source).read_text()[:5])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", ended)
        with pytest.raises(KeyboardInterrupt):
            replace_weights(new, weights)
    assert weights.read_text() == "the served ones"
    assert [path.read_text() for path in tmp_path.glob("model_previous.pt")] == ["the served ones"] * (copies - 1)
    replace_weights(new, weights)
    assert weights.read_text() == "the new ones"
    assert not list(tmp_path.glob("*.partial"))
