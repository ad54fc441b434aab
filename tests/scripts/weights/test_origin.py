"""The words that say which weights are in use."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from scripts.networks.trained_on import TrainedOn
from scripts.weights.origin import SHIPPED, describe_weights
from tests.conftest import ROOT


def test_the_shipped_file_is_known() -> None:
    assert hashlib.sha256((ROOT / "models" / "model.pt").read_bytes()).hexdigest() == SHIPPED[0]


@pytest.mark.parametrize("name", ["model.pt", "mine.pt"])
def test_shipped_weights_say_what_they_were_trained_on_wherever_they_lie(tmp_path: Path, name: str) -> None:
    shutil.copyfile(ROOT / "models" / "model.pt", tmp_path / name)
    words = describe_weights(tmp_path / name)
    assert words == (
        f"{tmp_path}/{name} (SHA-256 {SHIPPED[0][:12]}; the bundle's own weights, trained on synthetic data only)"
    )


@pytest.mark.parametrize("name", ["model.pt", "model.ts", "model.onnx"])
def test_other_weights_are_named_by_path_and_digest(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"abc")
    assert describe_weights(str(tmp_path / name)) == f"{tmp_path}/{name} (SHA-256 ba7816bf8f01)"


@pytest.mark.parametrize(("synthetic", "said"), [(True, "; trained on synthetic data only"), (False, ""), (None, "")])
def test_weights_that_know_it_say_that_they_are_of_synthetic_data(synthetic: bool | None, said: str) -> None:
    assert describe_weights("m.pt", "0" * 64, TrainedOn(synthetic=synthetic)) == f"m.pt (SHA-256 000000000000{said})"
    assert describe_weights("m.pt", SHIPPED[0], TrainedOn(synthetic=synthetic)).endswith(
        "the bundle's own weights, trained on synthetic data only)"
    )


def test_a_known_digest_is_taken() -> None:
    assert describe_weights("gone.pt", "0123456789abcdef" * 4) == "gone.pt (SHA-256 0123456789ab)"
