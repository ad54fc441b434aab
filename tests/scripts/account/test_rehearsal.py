"""Timing the parts of a training leaves nothing behind."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
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
