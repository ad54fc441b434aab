"""The features of a training, noted in its generator when it ends: so inference can say what is new to it."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events

from scripts.fit.familiar import Slices, find_familiar
from scripts.networks import StainGenerator
from scripts.weights.checkpoint import read_checkpoint, save_atomically


class NoteFeatures:
    """Keep with the weights what features a generator knows, see `Familiar`: with the last ones, and in ``model.pt``.

    As long as the weights change, nothing is known. Attach it before the `TrainingCheckpoint`.

    Args:
        output_dir: folder of the training, with ``model.pt``.
        network: that is trained.
        averaged: whose weights are validated and saved.
        training: slices with ``image`` (1, H, W), windowed, and ``mask``.
        held_out: the same of the validation.
    """

    def __init__(
        self, output_dir: str | os.PathLike[str], network: Any, averaged: Any, training: Slices, held_out: Slices
    ) -> None:
        self.path = Path(output_dir) / "model.pt"
        self.networks, self.averaged = (network, averaged), averaged
        self.training, self.held_out = training, held_out

    def attach(self, engine: Engine) -> None:
        if isinstance(self.averaged, StainGenerator):  # other networks have no trunk
            engine.add_event_handler(Events.EPOCH_STARTED, self.forget)
            engine.add_event_handler(Events.COMPLETED, self)

    def forget(self) -> None:
        """A resumed training, or one that begins with earlier weights, begins with features that are out of date."""
        for network in self.networks:
            network.known_features = None

    def __call__(self) -> None:
        # each process finds the same, since buffers are averaged over them
        last = copy.deepcopy(self.averaged).eval()
        self.averaged.known_features = find_familiar(last, self.training, self.held_out)
        if idist.get_rank() > 0 or not self.path.is_file():
            return
        state = read_checkpoint(self.path)
        best = copy.deepcopy(last)
        best.load_state_dict(state)
        known = self.averaged.known_features
        if not _same_weights(best, last):
            known = find_familiar(best, self.training, self.held_out)
        best.known_features = known
        save_atomically(best.state_dict(), self.path)


def _same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a.cpu(), b.cpu()) for a, b in zip(one.parameters(), other.parameters(), strict=True))
