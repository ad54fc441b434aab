"""A trainer so small that an iteration takes milliseconds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
from monai.data import DataLoader, Dataset
from monai.losses import DiffusionLoss, PatchAdversarialLoss
from monai.networks.nets import PatchDiscriminator
from torch import nn

from scripts.engines import GeneratorLosses, PairedCycleGANTrainer
from scripts.losses import GreyscaleConsistencyLoss, LossWeights, PatchContrastLoss, PyramidL1Loss
from scripts.networks import ResNetGenerator, StainGenerator

CHANNELS = (4, 4, 8)
SIZE = 16
TERMS = [field.name for field in fields(LossWeights)]
EVERY_TERM = dict.fromkeys(TERMS, 1.0)
NO_TERM = dict.fromkeys(TERMS, 0.0)


class _InPlaceOfAlexNet(PyramidL1Loss):
    """AlexNet takes too long, and its weights may be missing."""

    def load(self) -> None:
        """Nothing is read."""


def pairs(count: int = 2) -> list[dict[str, torch.Tensor]]:
    """Patches whose stain is a simple function of the CT, coarse enough for a network to learn."""
    generator = torch.Generator().manual_seed(0)
    items = []
    for _ in range(count):
        coarse = torch.rand(1, 1, SIZE // 4, SIZE // 4, generator=generator)
        ct = nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear")[0]
        stain = torch.cat([1 - ct, 0.2 + 0.5 * ct, 0.5 + 0.5 * ct])
        items.append({"image": ct, "label": stain, "mask": torch.ones_like(ct)})
    return items


def networks(norm: str = "batch") -> dict[str, Any]:
    """The five networks by the trainer's names, the same at each call."""
    torch.manual_seed(0)
    return {
        "ct_to_stain": StainGenerator(CHANNELS, blocks=1, norm=norm),
        "stain_to_ct": ResNetGenerator(3, 1, CHANNELS, blocks=1, norm=norm),
        "stain_discriminator": PatchDiscriminator(2, 4, 3, num_layers_d=1, norm="INSTANCE"),
        "ct_discriminator": PatchDiscriminator(2, 4, 1, num_layers_d=1, norm="INSTANCE"),
        "registration": nn.Conv2d(6, 2, 3, padding=1),
    }


def tiny_trainer(
    weights: dict[str, float] | None = None,
    max_epochs: int = 1,
    data: list[dict[str, torch.Tensor]] | None = None,
    batch_size: int = 2,
    shuffle: bool = False,
    learning_rate: float = 1e-3,
    **options: Any,
) -> PairedCycleGANTrainer:
    """Build a trainer of fresh networks; `weights` are those of the terms named, all others are 0; `options` are of the
    trainer or of its losses."""
    nets = networks()
    generators = [p for name in ("ct_to_stain", "stain_to_ct", "registration") for p in nets[name].parameters()]
    discriminators = [*nets["stain_discriminator"].parameters(), *nets["ct_discriminator"].parameters()]
    dataset = Dataset(pairs() if data is None else data)
    losses: dict[str, Any] = {
        "weights": LossWeights(**NO_TERM | (EVERY_TERM if weights is None else weights)),
        "registration": nets.pop("registration"),
        "adversarial_loss": PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True),
        "pixel_loss": PyramidL1Loss([1.0, 0.5]),
        "cycle_loss": PyramidL1Loss([1.0]),
        "grey_loss": GreyscaleConsistencyLoss("section"),
        "contrast_loss": PatchContrastLoss(places=16),
        "perceptual_loss": _InPlaceOfAlexNet([1.0]),
        "smoothness_loss": DiffusionLoss(),
    }
    losses |= {name: options.pop(name) for name in list(options) if name in losses}
    return PairedCycleGANTrainer(
        device="cpu",
        max_epochs=max_epochs,
        train_data_loader=DataLoader(dataset, batch_size=batch_size, shuffle=shuffle),
        generator_optimizer=torch.optim.Adam(generators, lr=learning_rate, betas=(0.5, 0.999)),
        discriminator_optimizer=torch.optim.Adam(discriminators, lr=learning_rate, betas=(0.5, 0.999)),
        losses=GeneratorLosses(**losses),
        **nets | {"pool_size": 3} | options,
    )


def parameters(network: nn.Module) -> torch.Tensor:
    """All weights in one copied vector, without buffers."""
    return nn.utils.parameters_to_vector(network.parameters()).detach().clone()
