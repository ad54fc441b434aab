"""Timing the parts of a training leaves nothing behind."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ignite.distributed as idist
import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow

from scripts.account import Rehearsal

Build = Callable[..., ConfigWorkflow]


def test_nothing_is_left_behind(workflow: Build, phantom: Path, tmp_path: Path) -> None:
    run = workflow("train", dataset_dir=phantom, output_dir=tmp_path, iterations_per_epoch=20)
    rehearsal: Rehearsal = run.parser.get_parsed_content("epochs_that_fit#costs")
    networks, optimizers, losses = rehearsal.parts
    parts = [*networks, *optimizers, losses]
    before = copy.deepcopy([part.state_dict() for part in parts if hasattr(part, "state_dict")])
    numbers = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # type: ignore[index]
    costs = rehearsal()
    after = [part.state_dict() for part in parts if hasattr(part, "state_dict")]
    torch.testing.assert_close(after, before, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(torch.get_rng_state(), numbers[0])
    assert np.random.get_state()[1].tolist() == numbers[1]  # type: ignore[index]
    assert random.getstate() == numbers[2]
    assert not any(path.is_file() for path in tmp_path.rglob("*.pt*"))
    assert all(0 < seconds < 60 for seconds in costs)


def test_several_processes_time_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They write at the same time: one that finds its file taken would end them all."""
    nothing: Any = None
    rehearsal = Rehearsal([], [], nothing, nothing, nothing, nothing, [], [], str(tmp_path), "cpu")
    trainer: Any = SimpleNamespace(training_state=dict)
    written = []

    def save(_state: object, path: Path) -> None:
        written.append(path)
        path.write_bytes(b"")

    monkeypatch.setattr("scripts.account.rehearsal.save_atomically", save)
    for rank in (0, 1):
        monkeypatch.setattr(idist, "get_rank", lambda rank=rank: rank)
        rehearsal._checkpoint(trainer)
    assert len(set(written)) == 2
