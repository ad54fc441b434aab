"""Features of a training, added to weights that do not keep them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from bundle.cli import main
from scripts.networks import StainGenerator, StainUNet, trained_on
from scripts.networks.familiar import ENTRY
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator


def test_the_same_weights_and_features(
    tiny_checkpoint: Path, phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "known.pt"
    words = ["familiar", str(tiny_checkpoint), "--dataset_dir", str(phantom), "--out", str(out)]
    assert main(words) == 0
    before, after = (load_generator(StainGenerator(), path) for path in (tiny_checkpoint, out))
    assert before.known_features is None
    assert after.known_features is not None
    for name, value in before.state_dict().items():
        if name not in (ENTRY, trained_on.ENTRY):
            torch.testing.assert_close(after.state_dict()[name], value, rtol=0, atol=0, equal_nan=True)
    source = hashlib.sha256(tiny_checkpoint.read_bytes()).hexdigest()
    assert asdict(after.trained_on) == {**asdict(before.trained_on), "source": source}
    assert "validation slices" in capsys.readouterr().out
    assert main(words) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_unet(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_atomically(StainUNet((4, 8)).state_dict(), tmp_path / "unet.pt")
    words = ["familiar", str(tmp_path / "unet.pt"), "--dataset_dir", str(phantom), "--out", str(tmp_path / "known.pt")]
    assert main(words) == 1
    assert "is a StainUNet, whose features are not kept" in capsys.readouterr().err
    assert not (tmp_path / "known.pt").exists()
