"""What is drawn in an epoch depends on seed and epoch only."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.transforms import Compose, RandGaussianNoise, RandScaleIntensity
from monai.utils import set_determinism

from scripts.handlers import EpochSeed


@pytest.fixture(autouse=True)
def leave_determinism_as_it_was() -> Any:
    yield
    set_determinism(None)


def draws(seed: int, start: int, stop: int) -> dict[int, tuple[float, ...]]:
    """What torch, numpy, random and two transforms give in each epoch after `start` up to `stop`."""
    transforms = [Compose([RandGaussianNoise(prob=1.0)]), Compose([RandScaleIntensity(0.5, prob=1.0)])]
    found: dict[int, tuple[float, ...]] = {}

    def step(engine: Any, batch: Any) -> None:
        drawn = (float(torch.as_tensor(transform(torch.ones(1)))) for transform in transforms)
        found[engine.state.epoch] = (torch.rand(()).item(), float(np.random.rand()), random.random(), *drawn)

    engine = Engine(step)
    epoch_seed = EpochSeed(seed, transforms)
    epoch_seed.attach(engine)
    engine.add_event_handler(Events.STARTED, lambda engine: setattr(engine.state, "epoch", start))
    engine.run([0], max_epochs=stop)
    return found


def test_epoch_does_not_depend_on_the_ones_before() -> None:
    whole = draws(0, 0, 4)
    torch.rand(5)
    random.random()
    assert draws(0, 2, 4) == {epoch: whole[epoch] for epoch in (3, 4)}


def test_every_epoch_and_every_seed_differ() -> None:
    values = [value for seed in (0, 1) for value in draws(seed, 0, 4).values()]
    assert len(values) == 8
    for source in zip(*values, strict=True):
        assert len(set(source)) == 8


def test_the_checkpoints_seed_counts() -> None:
    epoch_seed = EpochSeed(7, [])
    resumed = EpochSeed(0, [])
    resumed.load_state_dict(epoch_seed.state_dict())
    assert resumed.seed == 7


def test_any_seed() -> None:
    """Seeds beyond 32 bits."""
    assert len(draws(2**40, 0, 2)) == 2
