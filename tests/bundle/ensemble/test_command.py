"""The command ensemble, and what other commands make of its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bundle.cli import main
from bundle.export import exporting
from scripts.networks import StainGenerator
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator, load_stainer


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ensemble")
    torch.manual_seed(0)
    members = [folder / "1.pt", folder / "2.pt"]
    for path in members:
        save_atomically(StainGenerator([4, 4], blocks=0).state_dict(), path)
    assert main(["ensemble", *map(str, members), "--out", str(folder / "ensemble.pt")]) == 0
    return folder / "ensemble.pt"


def test_says_what_it_made(ensemble: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members = [str(ensemble.with_name(name)) for name in ("1.pt", "2.pt")]
    assert main(["ensemble", *members, "--out", str(tmp_path / "e.pt")]) == 0
    assert "its stain is the mean of 2" in capsys.readouterr().out
    one, other = (torch.load(path, weights_only=True) for path in (tmp_path / "e.pt", ensemble))
    torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
    for words, said in (
        ([*members, "--out", str(ensemble)], "exists already"),
        ([*members, "--out", str(tmp_path / "e.onnx")], "let its name end in .pt"),
        ([members[0], "--out", str(tmp_path / "f.pt")], "has 2 to 24 members, got 1"),
    ):
        assert main(["ensemble", *words]) == 1
        assert said in capsys.readouterr().err
    assert not (tmp_path / "f.pt").exists()


@torch.no_grad()
def test_exported(ensemble: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, read back and compared with PyTorch by the command; here once more at a size of its own."""
    monkeypatch.setattr(exporting, "TIMED", (1, 1, 64, 64))
    monkeypatch.setattr(exporting, "ROUNDS", 1)
    assert main(["export", "--out", str(tmp_path), "--checkpoint", str(ensemble)]) == 0
    network, image = load_generator(StainGenerator(), ensemble), torch.rand(1, 1, 50, 37)
    for suffix in ("ts", "onnx"):
        exported = load_stainer(StainGenerator(), tmp_path / f"model.{suffix}")
        torch.testing.assert_close(exported(image), network(image), rtol=0, atol=1e-5)
        assert exported.definition == network.definition
        assert exported.trained_on.members == network.trained_on.members != ()


def test_features_are_those_of_its_members(ensemble: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["familiar", str(ensemble), "--out", str(tmp_path / "known.pt")]) == 1
    assert "is a StainEnsemble, whose features are not kept" in capsys.readouterr().err
