"""Random numbers that depend on nothing but the seed and the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ignite.distributed as idist
import numpy as np
from ignite.engine import Engine, Events
from monai.transforms import Randomizable
from monai.utils import set_determinism


class EpochSeed:
    """Seed torch, numpy, random and the random transforms at the start of each epoch.

    A training resumed after epoch n then draws what an uninterrupted one would have drawn, however it came to epoch n:
    the epoch number in the checkpoint is the whole state of the random generators. Processes of one training draw
    differently.

    Args:
        seed: of the training; resuming takes the checkpoint's.
        transforms: those of the dataset, of batches, each seeded differently; what draws nothing is left alone.
    """

    def __init__(self, seed: int, transforms: Sequence[Any]) -> None:
        self.seed, self.transforms = seed, transforms

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        seed = (self.seed * 1_000_003 + engine.state.epoch * 1_009 + idist.get_rank()) % 2**32
        set_determinism(seed)
        seeds = np.random.SeedSequence(seed).generate_state(len(self.transforms))
        for transform, own in zip(self.transforms, seeds, strict=True):
            if isinstance(transform, Randomizable):
                transform.set_random_state(seed=int(own))

    def state_dict(self) -> dict[str, int]:
        return {"seed": self.seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.seed = state["seed"]
