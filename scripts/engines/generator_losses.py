"""What the generators learn from: the loss functions, their weights, and what else a term takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from scripts.engines.alignment import Alignment
from scripts.losses.weights import LossWeights

Loss = Callable[..., torch.Tensor]


@dataclass(frozen=True, eq=False)
class GeneratorLosses:
    """The terms of the generators' loss.

    Attributes:
        weights: of the terms.
        adversarial_loss: ``monai.losses.PatchAdversarialLoss``; the discriminators learn from it as well.
        pixel_loss: called with prediction, target and mask.
        cycle_loss: likewise; compares an image with itself after the way there and back.
        grey_loss: a ``GreyscaleConsistencyLoss``.
        contrast_loss: called with the stain discriminator's features of prediction and target, and the mask; None where
            its weight is 0, as for the next two.
        perceptual_loss: a `PerceptualLoss`.
        registration: network that aligns the stain with the section before pixel, perceptual and grey losses
            (reading ``section``) compare them, see `Alignment`; learns with the generators.
        smoothness_loss: called with the displacement (N, 2, H, W) in pixels that it finds.
        alignment: by `registration`; None where nothing is aligned.

    Raises:
        ValueError: a term has a weight and lacks what it takes.
        InputError: the perceptual loss has no weights.
    """

    weights: LossWeights
    adversarial_loss: Loss
    pixel_loss: Loss
    cycle_loss: Loss
    grey_loss: Any
    contrast_loss: Loss | None = None
    perceptual_loss: Any = None
    registration: nn.Module | None = None
    smoothness_loss: Callable[[torch.Tensor], torch.Tensor] | None = None
    alignment: Alignment | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        needed = {
            "contrast": (self.contrast_loss,),
            "perceptual": (self.perceptual_loss,),
            "smooth": (self.registration, self.smoothness_loss),
        }
        for term, means in needed.items():
            if getattr(self.weights, term) > 0 and None in means:
                raise ValueError(f"The term {term} has a weight, but the losses were not given what it takes.")
        if self.weights.perceptual > 0:
            self.perceptual_loss.load()  # what is missing is better told now than in the first step
        if self.registration is not None and self.weights.smooth > 0:
            object.__setattr__(self, "alignment", Alignment(self.registration))

    @property
    def aligning(self) -> list[nn.Module]:
        """The network that aligns, if one does."""
        return [] if self.alignment is None else [self.alignment.network]

    @property
    def need_fake_ct(self) -> bool:
        """Whether a term asks for the CT that is generated of a section."""
        w = self.weights
        grey = w.grey > 0 and self.grey_loss.reading == "backward"
        return grey or max(w.adversarial_ct, w.cycle_stain, w.pixel_ct) > 0

    def total(self, terms: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum of terms."""
        return torch.stack([getattr(self.weights, name) * term for name, term in terms.items()]).sum()

    def passes_for_real(self, logits: torch.Tensor) -> torch.Tensor:
        """What a generator pays for each image that the discriminator sees through."""
        return self.adversarial_loss(logits.float(), target_is_real=True, for_discriminator=False)

    def tells_apart(self, network: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """What a discriminator pays, both kinds in one pass: it normalises each image by itself."""
        logits_of_real, logits_of_fake = network(torch.cat([real, fake]))[-1].float().chunk(2)
        return self.adversarial_loss(
            logits_of_real, target_is_real=True, for_discriminator=True
        ) + self.adversarial_loss(logits_of_fake, target_is_real=False, for_discriminator=True)
