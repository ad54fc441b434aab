"""The trainer: a CycleGAN with pixelwise supervision and greyscale consistency for few registered pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from monai.engines import Trainer
from monai.engines.utils import IterationEvents
from monai.inferers import Inferer, SimpleInferer
from monai.utils import CommonKeys as Keys
from torch import nn
from torch.utils.data import DataLoader

from scripts.compiling import compile_in_place
from scripts.engines.alignment import Alignment
from scripts.engines.distributed import average
from scripts.engines.image_pool import ImagePool
from scripts.engines.out_of_memory import told_as_sentence
from scripts.engines.running_statistics import RunningStatistics
from scripts.losses.weights import LossWeights
from scripts.networks.normalization import fix_statistics, statistics_kept
from scripts.options.values import truth
from scripts.precision import autocast

MAX_SKIPPED_STEPS = 10  # in a row; a few infinite gradients can pass, more mean that the training has diverged


class PairedCycleGANTrainer(Trainer):
    """Train CT-to-stain and stain-to-CT generators against two discriminators on registered pairs.

    One iteration is a step of both generators, then a step of both discriminators. After arXiv 2509.09235, which
    modifies CycleGAN (Zhu et al. 2017) by pixelwise supervision and greyscale consistency; the weights are ours.

    A batch holds ``image`` (N, 1, H, W) CT, ``label`` (N, 3, H, W) stain, both in [0, 1], and ``mask`` (N, 1, H, W), 1
    where the pair is valid; elsewhere no term asks for the section, and discriminators see black. It may hold a
    ``displacement`` (N, 2, H, W) for the augmentation, see `Displacementd`.
    ``engine.state.output`` holds these, ``pred`` (the generated stain), ``loss`` (the generators' total) and every term
    computed, unweighted, by its name in `LossWeights`, and ``discriminator``.

    Args:
        device: where to compute.
        max_epochs: epochs to train.
        train_data_loader: yields the batches.
        conditional: the stain discriminator judges a stain beside its CT, (N, 4, H, W), as in pix2pix (Isola et al.
            2017), instead of the stain alone; for pairs.
        augmentation: called with each batch once it is on the device; returns it augmented.
        ct_to_stain: generator that is the product.
        stain_to_ct: generator of the way back.
        stain_discriminator: tells real from generated stain; a MONAI ``PatchDiscriminator``.
        ct_discriminator: tells real from generated CT.
        generator_optimizer: over both generators' parameters.
        discriminator_optimizer: over both discriminators' parameters.
        adversarial_loss: ``monai.losses.PatchAdversarialLoss``.
        pixel_loss: called with prediction, target and mask.
        cycle_loss: likewise; compares an image with itself after the way there and back.
        grey_loss: a ``GreyscaleConsistencyLoss``.
        weights: of the terms.
        contrast_loss: called with the stain discriminator's features of prediction and target, and the mask; None where
            its weight is 0, as for the next two.
        perceptual_loss: a `PerceptualLoss`.
        registration: network that aligns the generated stain with the section before pixel, perceptual and grey losses
            (reading ``section``) compare them, see `Alignment`; learns with the generators.
        smoothness_loss: called with the displacement (N, 2, H, W) in pixels that it finds.
        pool_size: generated images kept for the discriminators.
        fix_statistics_from: first epoch (from 1) that normalises by running statistics; None for never.
        max_gradient_norm: the generators' gradient is scaled down to this norm.
        amp: compute in bfloat16 where autocast allows.
        compile: compile all four networks, see `compile_in_place`.
        inferer: how the CT-to-stain generator is applied in training.
        train_handlers: handlers to attach.

    Raises:
        InputError: `compile` on a CPU without a C++ compiler; the perceptual loss has no weights; too little memory.
        FloatingPointError: gradients were not finite in ten steps of one optimiser running.
    """

    def __init__(
        self,
        device: torch.device | str,
        max_epochs: int,
        train_data_loader: DataLoader,
        ct_to_stain: nn.Module,
        stain_to_ct: nn.Module,
        stain_discriminator: nn.Module,
        ct_discriminator: nn.Module,
        generator_optimizer: torch.optim.Optimizer,
        discriminator_optimizer: torch.optim.Optimizer,
        adversarial_loss: Callable[..., torch.Tensor],
        pixel_loss: Callable[..., torch.Tensor],
        cycle_loss: Callable[..., torch.Tensor],
        grey_loss: Any,
        weights: LossWeights,
        contrast_loss: Callable[..., torch.Tensor] | None = None,
        perceptual_loss: Any = None,
        registration: nn.Module | None = None,
        smoothness_loss: Callable[[torch.Tensor], torch.Tensor] | None = None,
        pool_size: int = 50,
        fix_statistics_from: int | None = None,
        max_gradient_norm: float = 100.0,
        amp: bool = False,
        compile: bool = False,
        conditional: bool = False,
        augmentation: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] | None = None,
        inferer: Inferer | None = None,
        train_handlers: Sequence | None = None,
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
        self.adversarial_loss, self.pixel_loss = adversarial_loss, pixel_loss
        self.cycle_loss, self.grey_loss = cycle_loss, grey_loss
        self.contrast_loss, self.perceptual_loss = contrast_loss, perceptual_loss
        self.alignment = Alignment(registration) if registration is not None and weights.smooth > 0 else None
        self.smoothness_loss = smoothness_loss
        self.weights = weights
        needed = {
            "contrast": (contrast_loss,),
            "perceptual": (perceptual_loss,),
            "smooth": (registration, smoothness_loss),
        }
        for term, means in needed.items():
            if getattr(weights, term) > 0 and None in means:
                raise ValueError(f"The term {term} has a weight, but the trainer was not given what it takes.")
        if weights.perceptual > 0:
            perceptual_loss.load()  # what is missing is better told now than after the data are in memory
        self.stain_pool, self.ct_pool = ImagePool(pool_size), ImagePool(pool_size)
        self.fix_statistics_from = fix_statistics_from
        self.max_gradient_norm = max_gradient_norm
        self.bfloat16 = truth(amp, "amp")
        if truth(compile, "compile"):
            compile_in_place((ct_to_stain, stain_to_ct, stain_discriminator, ct_discriminator), device)
        self.conditional = truth(conditional, "conditional")
        self.augmentation = augmentation
        self.inferer = SimpleInferer() if inferer is None else inferer
        self.skipped_steps = {generator_optimizer: 0, discriminator_optimizer: 0}  # in a row

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
            **({} if self.alignment is None else {"registration": self.alignment.network}),
        }

    def _iteration(self, engine: Any, batchdata: dict[str, torch.Tensor]) -> dict[str, Any]:
        with told_as_sentence(self.state.device):
            return self._learn(engine, batchdata)

    def _learn(self, engine: Any, batchdata: dict[str, torch.Tensor]) -> dict[str, Any]:
        batch = {
            key: torch.as_tensor(batchdata[key]).to(self.state.device, non_blocking=self.non_blocking)
            for key in (Keys.IMAGE, Keys.LABEL, "mask", "displacement")
            if key in batchdata
        }
        if self.augmentation is not None:
            batch = self.augmentation(batch)
        ct, stain, mask = batch[Keys.IMAGE], batch[Keys.LABEL], batch["mask"]
        self._set_modes()
        generators = RunningStatistics(self.ct_to_stain, self.stain_to_ct, *self._aligning())
        discriminators = RunningStatistics(self.stain_discriminator, self.ct_discriminator)
        pools = [(pool, list(pool.images)) for pool in (self.stain_pool, self.ct_pool)]
        with _frozen(self.stain_discriminator, self.ct_discriminator), autocast(self.state.device, self.bfloat16):
            fake_stain, fake_ct, terms = self._generator_terms(ct, stain, mask)
        total = torch.stack([getattr(self.weights, name) * term for name, term in terms.items()]).sum()
        stepped = self._step(self.generator_optimizer, total, self.max_gradient_norm)
        if not stepped:
            generators.restore()
        shown = [image for image in (fake_stain, fake_ct) if image is not None]
        discriminator_loss = None
        if stepped or all(bool(torch.isfinite(image).all()) for image in shown):  # what is shown stays in the pools
            with autocast(self.state.device, self.bfloat16):
                discriminator_loss = self._discriminator_loss(ct, stain, mask, fake_stain, fake_ct)
        if discriminator_loss is not None:
            stepped = self._step(self.discriminator_optimizer, discriminator_loss, float("inf"))
            terms["discriminator"] = discriminator_loss
        if not stepped:
            discriminators.restore()
            for pool, images in pools:
                pool.images = images

        engine.state.output = {
            Keys.IMAGE: ct,
            Keys.LABEL: stain,
            Keys.PRED: fake_stain.detach(),
            Keys.LOSS: total.detach(),
            **{name: term.detach() for name, term in terms.items()},
        }
        engine.fire_event(IterationEvents.MODEL_COMPLETED)
        return engine.state.output

    def _set_modes(self) -> None:
        for network in (self.ct_to_stain, self.stain_to_ct, self.stain_discriminator, self.ct_discriminator):
            network.train()
        if self.alignment is not None:
            self.alignment.train()
        if self.fix_statistics_from is not None and self.state.epoch >= self.fix_statistics_from:
            fix_statistics(self.ct_to_stain)
            fix_statistics(self.stain_to_ct)

    def _generator_terms(
        self, ct: torch.Tensor, stain: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None, dict[str, torch.Tensor]]:
        w = self.weights
        terms: dict[str, torch.Tensor] = {}
        fake_stain = self.inferer(ct, self.ct_to_stain)
        grey_needs_ct = w.grey > 0 and self.grey_loss.reading == "backward"
        needs_fake_ct = w.adversarial_ct > 0 or w.cycle_stain > 0 or w.pixel_ct > 0 or grey_needs_ct
        fake_ct: Any = self.stain_to_ct(stain) if needs_fake_ct else None  # where it is None nothing asks for it

        if w.adversarial_stain > 0 or w.contrast > 0:
            *features, logits = self.stain_discriminator(self._judged(ct, fake_stain, mask))
        if w.adversarial_stain > 0:
            terms["adversarial_stain"] = self._passes_for_real(logits)
        if w.contrast > 0 and self.contrast_loss is not None:
            with torch.no_grad():
                *true_features, _ = self.stain_discriminator(self._judged(ct, stain, mask))
            terms["contrast"] = self.contrast_loss(features, true_features, mask)
        if w.adversarial_ct > 0:
            terms["adversarial_ct"] = self._passes_for_real(self.ct_discriminator(fake_ct * mask)[-1])
        if w.cycle_ct > 0:
            # where no real section goes through this network, the virtual one has to give its statistics
            with statistics_kept(self.stain_to_ct) if needs_fake_ct else nullcontext():
                way_back = self.stain_to_ct(fake_stain)
            terms["cycle_ct"] = self.cycle_loss(way_back, ct, torch.ones_like(mask))  # CT is valid everywhere
        if w.cycle_stain > 0:
            with statistics_kept(self.ct_to_stain):
                terms["cycle_stain"] = self.cycle_loss(self.inferer(fake_ct, self.ct_to_stain), stain, mask)
        # from here on the section is held against what the CT gave, pixel by pixel
        compared, ct_compared, where = fake_stain, ct, mask
        if self.alignment is not None and self.smoothness_loss is not None:
            compared, ct_compared, where, displacement = self.alignment(fake_stain, ct, stain, mask)
            terms["smooth"] = self.smoothness_loss(displacement)
        if w.pixel_stain > 0:
            terms["pixel_stain"] = self.pixel_loss(compared, stain, where)
        if w.perceptual > 0 and self.perceptual_loss is not None:
            terms["perceptual"] = self.perceptual_loss(compared, stain, where)
        if w.pixel_ct > 0:
            terms["pixel_ct"] = self.pixel_loss(fake_ct, ct_compared, where)
        if w.grey > 0:
            terms["grey"] = self.grey_loss(ct_compared, stain, compared, fake_ct, where)
        return fake_stain, fake_ct, terms

    def _discriminator_loss(
        self,
        ct: torch.Tensor,
        stain: torch.Tensor,
        mask: torch.Tensor,
        fake_stain: torch.Tensor,
        fake_ct: torch.Tensor | None,
    ) -> torch.Tensor | None:
        losses = []
        if self.weights.adversarial_stain > 0:
            fakes = self.stain_pool.query(self._judged(ct, fake_stain, mask))
            losses.append(self._tell_apart(self.stain_discriminator, self._judged(ct, stain, mask), fakes))
        if self.weights.adversarial_ct > 0 and fake_ct is not None:
            losses.append(self._tell_apart(self.ct_discriminator, ct * mask, self.ct_pool.query(fake_ct * mask)))
        return torch.stack(losses).sum() / 2 if losses else None

    def _judged(self, ct: torch.Tensor, stain: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the stain discriminator sees of a stain."""
        return (torch.cat([ct, stain], dim=1) if self.conditional else stain) * mask

    def _tell_apart(self, network: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """A discriminator's loss, both kinds in one pass: it normalises each image by itself."""
        logits_of_real, logits_of_fake = network(torch.cat([real, fake]))[-1].float().chunk(2)
        return self.adversarial_loss(
            logits_of_real, target_is_real=True, for_discriminator=True
        ) + self.adversarial_loss(logits_of_fake, target_is_real=False, for_discriminator=True)

    def _passes_for_real(self, logits: torch.Tensor) -> torch.Tensor:
        """What a generator pays for each image that the discriminator sees through."""
        return self.adversarial_loss(logits.float(), target_is_real=True, for_discriminator=False)

    def _aligning(self) -> list[nn.Module]:
        return [] if self.alignment is None else [self.alignment.network]

    def _step(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor, max_norm: float) -> bool:
        """Step, unless the gradient is not finite: then leave the weights as they are and say so.

        Returns:
            Whether it stepped.
        """
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        average(p.grad for p in parameters)
        norm = nn.utils.clip_grad_norm_(parameters, max_norm)
        if torch.isfinite(norm):
            optimizer.step()
            self.skipped_steps[optimizer] = 0
            return True
        self.skipped_steps[optimizer] += 1
        self.logger.warning(f"Gradient not finite in iteration {self.state.iteration}: this step is skipped.")
        if self.skipped_steps[optimizer] >= MAX_SKIPPED_STEPS:
            raise FloatingPointError(
                f"The gradient was not finite in {MAX_SKIPPED_STEPS} steps running (iteration {self.state.iteration}): "
                "start anew with a lower learning rate, or resume with lower loss weights or --amp false."
            )
        return False


@contextmanager
def _frozen(*networks: nn.Module) -> Iterator[None]:
    """Spare the gradients of networks that only judge."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
