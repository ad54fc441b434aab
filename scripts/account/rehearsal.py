"""What the parts of a training cost on this machine, timed on copies of all that learns."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from torch import nn

from scripts.account.pace import TIMED, Pace
from scripts.data.displacement import find_displacement
from scripts.engines.generator_losses import GeneratorLosses
from scripts.engines.trainer import PairedCycleGANTrainer
from scripts.handlers.averaging import WeightAverage
from scripts.handlers.metrics import PSNR, SSIM
from scripts.weights.checkpoint import save_atomically

EPOCHS = 40  # at most, for data sets whose epochs have few steps


class Costs(NamedTuple):
    """Seconds that the parts of a training take.

    Attributes:
        step: one step.
        epoch: what is done between two epochs, without validation.
        validation: one validation.
        realign: registering all training pairs anew, once.
    """

    step: float
    epoch: float
    validation: float
    realign: float


class Rehearsal:
    """Time ten steps, a validation slice, a registration and a checkpoint, and leave nothing of it behind.

    Networks, optimisers and losses are copied, and the random numbers restored. Networks that are to be compiled are
    timed as they are, which takes longer.

    Args:
        networks: CT to stain, stain to CT, and the discriminators of stain and CT.
        optimizers: of the generators and of the discriminators.
        losses: what the generators learn from.
        loader: of the training.
        augmentation: of its batches.
        inferer: how the generator is applied to whole slices.
        training: pairs as whole slices, ``image``, ``label`` and ``mask``.
        validation: the same of the validation.
        folder: where a checkpoint is written, and removed.
        device: where to compute.
        amp: see `PairedCycleGANTrainer`.
        conditional: likewise.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        optimizers: Sequence[torch.optim.Optimizer],
        losses: GeneratorLosses,
        loader: Any,
        augmentation: Callable[..., Any],
        inferer: Callable[..., Any],
        training: Any,
        validation: Any,
        folder: str,
        device: torch.device | str,
        amp: bool = False,
        conditional: bool = False,
    ) -> None:
        self.parts = (list(networks), list(optimizers), losses)
        self.loader, self.augmentation, self.inferer = loader, augmentation, inferer
        self.training, self.validation = training, validation
        self.folder, self.device = Path(folder), torch.device(device)
        self.amp, self.conditional = amp, conditional

    def __call__(self) -> Costs:
        """Time all of it.

        Raises:
            InputError: data that cannot be read, too little memory, or a folder that cannot be written.
        """
        with _random_numbers_kept(), _silent("ignite.engine.engine.PairedCycleGANTrainer"):
            trainer = self._trainer()
            step = self._step(trainer)
            network = trainer.ct_to_stain.eval()
            return Costs(step, self._checkpoint(trainer), self._validation(network), self._realign(network))

    def _trainer(self) -> PairedCycleGANTrainer:
        networks, optimizers, losses = copy.deepcopy(self.parts)  # together: an optimiser's weights are the network's
        trainer = PairedCycleGANTrainer(
            self.device,
            EPOCHS,
            self.loader,
            networks[0],
            networks[1],
            networks[2],
            networks[3],
            optimizers[0],
            optimizers[1],
            losses,
            amp=self.amp,
            conditional=self.conditional,
            augmentation=self.augmentation,
        )
        WeightAverage(trainer.ct_to_stain, momentum=0.005).attach(trainer)
        return trainer

    def _step(self, trainer: Any) -> float:
        pace = Pace(Engine(lambda *_: None), 1)

        def wait() -> None:  # for the device, as the history does
            for value in trainer.state.output.values():
                if value.ndim == 0:
                    float(value)

        def end() -> None:
            if len(pace.steps) >= TIMED:
                trainer.terminate()

        trainer.add_event_handler(Events.ITERATION_COMPLETED, wait)
        pace.attach(trainer)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, end)
        begun = time.perf_counter()
        trainer.run()
        if pace.steps:
            return sum(pace.steps) / len(pace.steps)
        return (time.perf_counter() - begun) / int(trainer.state.iteration)  # epochs of one step

    def _checkpoint(self, trainer: PairedCycleGANTrainer) -> float:
        path = self.folder / f"timed_{idist.get_rank()}.pt"  # of several processes each has its own
        begun = time.perf_counter()
        save_atomically({name: part.state_dict() for name, part in trainer.training_state().items()}, path)
        took = time.perf_counter() - begun
        path.unlink()
        return took

    def _validation(self, network: nn.Module) -> float:
        """By one slice, once it has been done before, and by the pixels of all."""
        pixels = [int(np.prod(self.validation[place]["image"].shape)) for place in range(len(self.validation))]
        metrics = (PSNR(), SSIM())

        def validate() -> None:
            item = self.validation[0]
            with torch.no_grad():
                stain = self.inferer(torch.as_tensor(item["image"])[None].to(self.device), network)[0]
            for metric in metrics:
                metric.measure(stain, torch.as_tensor(item["label"]).to(self.device), None).item()

        return _second_time(validate) * sum(pixels) / pixels[0]

    def _realign(self, network: nn.Module) -> float:
        def register() -> None:
            item = {key: torch.as_tensor(self.training[0][key]).to(self.device) for key in ("image", "label", "mask")}
            with torch.no_grad():
                stain = self.inferer(item["image"][None], network)[0]
            find_displacement(stain.float(), item["label"], item["mask"]).cpu()

        return _second_time(register) * len(self.training)


def _second_time(action: Callable[[], None]) -> float:
    action()
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


@contextmanager
def _random_numbers_kept() -> Iterator[None]:
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        yield
    random.setstate(states[0])
    np.random.set_state(states[1])


@contextmanager
def _silent(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
