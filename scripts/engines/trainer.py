"""The trainer: a CycleGAN with pixelwise supervision and greyscale consistency for few registered pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.engines import Trainer
from monai.engines.utils import IterationEvents
from monai.inferers import Inferer, SimpleInferer
from monai.utils import CommonKeys as Keys
from torch import nn
from torch.utils.data import DataLoader

from scripts.compiling import compile_in_place
from scripts.engines.discriminator_loss import discriminator_loss
from scripts.engines.generator_losses import GeneratorLosses
from scripts.engines.generator_terms import Made, generate
from scripts.engines.image_pool import ImagePool
from scripts.engines.out_of_memory import told_as_sentence
from scripts.engines.players import Pair, Players, frozen
from scripts.engines.running_statistics import RunningStatistics
from scripts.engines.sound_step import SoundSteps
from scripts.networks.normalization import fix_statistics
from scripts.options.values import truth
from scripts.precision import autocast


class PairedCycleGANTrainer(Trainer):
    """Train CT-to-stain and stain-to-CT generators against two discriminators on registered pairs.

    One iteration is a step of both generators, then a step of both discriminators. After arXiv 2509.09235, which
    modifies CycleGAN (Zhu et al. 2017) by pixelwise supervision and greyscale consistency; the weights are ours.

    A batch holds ``image`` (N, 1, H, W) CT and ``label`` (N, 3, H, W) section, both in [0, 1], and ``mask``
    (N, 1, H, W), 1 where the pair is valid; elsewhere no term asks for the section, and discriminators see black. It
    may hold a ``displacement`` (N, 2, H, W) for the augmentation, see `Displacementd`.
    ``engine.state.output`` holds these, ``pred`` (the stain), ``loss`` (the generators' total) and every term
    computed, unweighted, by its name in `LossWeights`, and ``discriminator``.

    Args:
        device: where to compute.
        max_epochs: epochs to train.
        train_data_loader: yields the batches.
        ct_to_stain: generator that is the product.
        stain_to_ct: generator of the way back.
        stain_discriminator: tells section from stain; a MONAI ``PatchDiscriminator``.
        ct_discriminator: tells real from generated CT.
        generator_optimizer: over both generators' parameters.
        discriminator_optimizer: over both discriminators' parameters.
        losses: what the generators learn from.
        pool_size: generated images kept for the discriminators.
        fix_statistics_from: first epoch (from 1) that normalises by running statistics; None for never.
        max_gradient_norm: the generators' gradient is scaled down to this norm.
        amp: compute in bfloat16 where autocast allows.
        compile: compile all four networks, see `compile_in_place`.
        conditional: the stain discriminator judges an image beside its CT, (N, 4, H, W), as in pix2pix (Isola et al.
            2017), instead of the image alone; for pairs.
        augmentation: called with each batch once it is on the device; returns it augmented.
        inferer: how the CT-to-stain generator is applied in training.
        train_handlers: handlers to attach.

    Raises:
        InputError: `compile` on a CPU without a C++ compiler; too little memory.
        FloatingPointError: gradients were not finite in ten steps of one optimiser running.
    """

    def __init__(
        self,
        device: torch.device | str,
        max_epochs: int,
        train_data_loader: DataLoader[Any],
        ct_to_stain: nn.Module,
        stain_to_ct: nn.Module,
        stain_discriminator: nn.Module,
        ct_discriminator: nn.Module,
        generator_optimizer: torch.optim.Optimizer,
        discriminator_optimizer: torch.optim.Optimizer,
        losses: GeneratorLosses,
        pool_size: int = 50,
        fix_statistics_from: int | None = None,
        max_gradient_norm: float = 100.0,
        amp: bool = False,
        compile: bool = False,
        conditional: bool = False,
        augmentation: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] | None = None,
        inferer: Inferer | None = None,
        train_handlers: Sequence[Any] | None = None,
    ) -> None:
        # MONAI's `amp` stands for a gradient scaler on CUDA, which bfloat16 does not need
        super().__init__(
            device=device,
            max_epochs=max_epochs,
            data_loader=train_data_loader,
            handlers=train_handlers,
            amp=False,
            decollate=False,
        )
        self.ct_to_stain, self.stain_to_ct = ct_to_stain, stain_to_ct
        self.stain_discriminator, self.ct_discriminator = stain_discriminator, ct_discriminator
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.network, self.optimizer = ct_to_stain, generator_optimizer  # the names MONAI's handlers look for
        self.losses = losses
        self.stain_pool, self.ct_pool = ImagePool(pool_size), ImagePool(pool_size)
        self.fix_statistics_from, self.max_gradient_norm = fix_statistics_from, max_gradient_norm
        self.bfloat16, self.conditional = truth(amp, "amp"), truth(conditional, "conditional")
        if truth(compile, "compile"):
            compile_in_place((ct_to_stain, stain_to_ct, stain_discriminator, ct_discriminator), device)
        self.augmentation = augmentation
        self.inferer = SimpleInferer() if inferer is None else inferer
        self.steps = SoundSteps(self.logger)

    @property
    def players(self) -> Players:
        """The networks as they are now."""
        networks = (self.ct_to_stain, self.stain_to_ct, self.stain_discriminator, self.ct_discriminator)
        return Players(*networks, self.inferer, self.conditional)

    def training_state(self) -> dict[str, Any]:
        """Everything a resumed training needs, by name; each has ``state_dict`` and ``load_state_dict``."""
        return {
            "trainer": self,
            "ct_to_stain": self.ct_to_stain,
            "stain_to_ct": self.stain_to_ct,
            "stain_discriminator": self.stain_discriminator,
            "ct_discriminator": self.ct_discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "stain_pool": self.stain_pool,
            "ct_pool": self.ct_pool,
            **({} if self.losses.alignment is None else {"registration": self.losses.alignment.network}),
        }

    def _iteration(self, engine: Any, batchdata: dict[str, torch.Tensor]) -> dict[str, Any]:
        with told_as_sentence(self.state.device):
            return self._learn(engine, batchdata)

    def _learn(self, engine: Any, batchdata: dict[str, torch.Tensor]) -> dict[str, Any]:
        pair = self._pair(batchdata)
        self._set_modes()
        judges = RunningStatistics(*self.players.discriminators)  # which move when the generators are judged, too
        made, total, stepped = self._teach_generators(pair)
        loss = self._teach_discriminators(pair, made, stepped, judges)
        terms = made.terms if loss is None else made.terms | {"discriminator": loss}
        engine.state.output = {
            Keys.IMAGE: pair.ct,
            Keys.LABEL: pair.section,
            Keys.PRED: made.stain.detach(),
            Keys.LOSS: total.detach(),
            **{name: term.detach() for name, term in terms.items()},
        }
        engine.fire_event(IterationEvents.MODEL_COMPLETED)
        return dict(engine.state.output)

    def _pair(self, batchdata: dict[str, torch.Tensor]) -> Pair:
        """The batch on the device, augmented."""
        batch = {
            key: torch.as_tensor(batchdata[key]).to(self.state.device, non_blocking=self.non_blocking)
            for key in (Keys.IMAGE, Keys.LABEL, "mask", "displacement")
            if key in batchdata
        }
        if self.augmentation is not None:
            batch = self.augmentation(batch)
        return Pair(batch[Keys.IMAGE], batch[Keys.LABEL], batch["mask"])

    def _set_modes(self) -> None:
        for network in (*self.players.generators, *self.players.discriminators):
            network.train()
        if self.losses.alignment is not None:
            self.losses.alignment.train()
        if self.fix_statistics_from is not None and self.state.epoch >= self.fix_statistics_from:
            for network in self.players.generators:
                fix_statistics(network)

    def _teach_generators(self, pair: Pair) -> tuple[Made, torch.Tensor, bool]:
        """A step of the generators: what they made, their loss, and whether the gradient was sound."""
        players = self.players
        statistics = RunningStatistics(*players.generators, *self.losses.aligning)
        with frozen(*players.discriminators), autocast(self.state.device, self.bfloat16):
            made = generate(players, self.losses, pair)
        total = self.losses.total(made.terms)
        stepped = self.steps.take(self.generator_optimizer, total, self.max_gradient_norm, self.state.iteration)
        if not stepped:
            statistics.restore()
        return made, total, stepped

    def _teach_discriminators(
        self, pair: Pair, made: Made, sound: bool, statistics: RunningStatistics
    ) -> torch.Tensor | None:
        """A step of the discriminators: their loss, None where they have nothing to judge.

        What they are shown stays in the pools, so that they judge images of a broken step (not `sound`) only where
        these are finite. A broken step of their own puts `statistics` back.
        """
        pools = [(pool, list(pool.images)) for pool in (self.stain_pool, self.ct_pool)]
        loss, stepped = None, sound
        if sound or all(bool(image.isfinite().all()) for image in (made.stain, made.ct) if image is not None):
            with autocast(self.state.device, self.bfloat16):
                loss = discriminator_loss(self.players, self.losses, pair, made, self.stain_pool, self.ct_pool)
        if loss is not None:
            stepped = self.steps.take(self.discriminator_optimizer, loss, float("inf"), self.state.iteration)
        if not stepped:
            statistics.restore()
            for pool, images in pools:
                pool.images = images
        return loss
