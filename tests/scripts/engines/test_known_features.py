"""The features of a training, noted when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine

from scripts.engines import NoteFeatures
from scripts.networks import StainGenerator, StainUNet
from scripts.networks.familiar import ENTRY
from scripts.weights.checkpoint import read_checkpoint, save_atomically
from tests.conftest import TINY_CHANNELS
from tests.scripts.fit.test_familiar import slices


def network(seed: int) -> StainGenerator:
    torch.manual_seed(seed)
    return StainGenerator(TINY_CHANNELS, blocks=1)


def train(output_dir: Path, trained: Any, averaged: Any) -> list[bool]:
    """Whether the features were known in each epoch."""
    known: list[bool] = []
    engine = Engine(lambda _engine, _batch: known.append(trained.get_buffer(ENTRY).any().item()))
    NoteFeatures(output_dir, trained, averaged, slices(2), slices(1, seed=1)).attach(engine)
    engine.run([0], max_epochs=2)
    return known


def test_in_the_best_and_in_the_last_weights(tmp_path: Path) -> None:
    """Those that a training begins with are out of date at once."""
    best, last = network(0), network(1)
    begun = network(2)
    begun.get_buffer(ENTRY).fill_(1)
    save_atomically(best.state_dict(), tmp_path / "model.pt")
    assert train(tmp_path, begun, last) == [False, False]
    assert last.known_features is not None
    state = read_checkpoint(tmp_path / "model.pt")
    assert state[ENTRY].any()
    assert not torch.equal(state[ENTRY], last.get_buffer(ENTRY))
    for name, value in best.state_dict().items():
        if name != ENTRY:
            torch.testing.assert_close(state[name], value, rtol=0, atol=0, equal_nan=True)
    assert last.training  # as it was


def test_the_best_are_the_last(tmp_path: Path) -> None:
    last = network(0)
    save_atomically(last.state_dict(), tmp_path / "model.pt")
    train(tmp_path, network(0), last)
    assert torch.equal(read_checkpoint(tmp_path / "model.pt")[ENTRY], last.get_buffer(ENTRY))


def test_without_a_model_yet(tmp_path: Path) -> None:
    last = network(0)
    train(tmp_path, network(0), last)
    assert last.known_features is not None
    assert list(tmp_path.iterdir()) == []


def test_a_unet_has_no_trunk(tmp_path: Path) -> None:
    unet = StainUNet((4, 8))
    engine = Engine(lambda _engine, _batch: np.empty(0))
    NoteFeatures(tmp_path, unet, unet, slices(1), []).attach(engine)
    engine.run([0], max_epochs=1)
    assert ENTRY not in unet.state_dict()
