"""The generators' part of a step: what they make, and the terms of their loss."""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple

import torch

from scripts.engines.generator_losses import GeneratorLosses
from scripts.engines.players import Pair, Players
from scripts.networks.normalization import statistics_kept

Terms = dict[str, torch.Tensor]


class Made(NamedTuple):
    """What the generators made of a pair.

    Attributes:
        stain: of the CT, (N, 3, H, W).
        ct: of the section, (N, 1, H, W); None where no term asks for it.
        terms: of the loss, not weighted, by their names in `LossWeights`.
    """

    stain: torch.Tensor
    ct: torch.Tensor | None
    terms: Terms


def generate(players: Players, losses: GeneratorLosses, pair: Pair) -> Made:
    """Let both generators work, and compute the terms that have a weight."""
    stain = players.stained(pair.ct)
    ct = players.stain_to_ct(pair.section) if losses.need_fake_ct else None
    judged = _judged(players, losses, pair, stain, ct)
    cycles = _cycles(players, losses, pair, stain, ct)
    return Made(stain, ct, judged | cycles | _compared(losses, pair, stain, ct))


def _judged(
    players: Players, losses: GeneratorLosses, pair: Pair, stain: torch.Tensor, ct: torch.Tensor | None
) -> Terms:
    """What the discriminators and their features say."""
    w, terms = losses.weights, Terms()
    if w.adversarial_stain > 0 or w.contrast > 0:
        *features, logits = players.stain_discriminator(players.judged(pair, stain))
    if w.adversarial_stain > 0:
        terms["adversarial_stain"] = losses.passes_for_real(logits)
    if w.contrast > 0 and losses.contrast_loss is not None:
        with torch.no_grad():
            *true_features, _ = players.stain_discriminator(players.judged(pair, pair.section))
        terms["contrast"] = losses.contrast_loss(features, true_features, pair.mask)
    if w.adversarial_ct > 0 and ct is not None:
        terms["adversarial_ct"] = losses.passes_for_real(players.ct_discriminator(ct * pair.mask)[-1])
    return terms


def _cycles(
    players: Players, losses: GeneratorLosses, pair: Pair, stain: torch.Tensor, ct: torch.Tensor | None
) -> Terms:
    """What is left of an image after the way there and back."""
    terms = Terms()
    if losses.weights.cycle_ct > 0:
        # where no section goes through this network, the stain has to give its statistics
        with nullcontext() if ct is None else statistics_kept(players.stain_to_ct):
            way_back = players.stain_to_ct(stain)
        everywhere = torch.ones_like(pair.mask)  # CT is valid there
        terms["cycle_ct"] = losses.cycle_loss(way_back, pair.ct, everywhere)
    if losses.weights.cycle_stain > 0 and ct is not None:
        with statistics_kept(players.ct_to_stain):
            terms["cycle_stain"] = losses.cycle_loss(players.stained(ct), pair.section, pair.mask)
    return terms


def _compared(losses: GeneratorLosses, pair: Pair, stain: torch.Tensor, fake_ct: torch.Tensor | None) -> Terms:
    """How stain and section differ, pixel by pixel, after alignment."""
    w, terms = losses.weights, Terms()
    ct, where = pair.ct, pair.mask
    if losses.alignment is not None and losses.smoothness_loss is not None:
        stain, ct, where, displacement = losses.alignment(stain, pair.ct, pair.section, pair.mask)
        terms["smooth"] = losses.smoothness_loss(displacement)
    if w.pixel_stain > 0:
        terms["pixel_stain"] = losses.pixel_loss(stain, pair.section, where)
    if w.perceptual > 0 and losses.perceptual_loss is not None:
        terms["perceptual"] = losses.perceptual_loss(stain, pair.section, where)
    if w.pixel_ct > 0:
        terms["pixel_ct"] = losses.pixel_loss(fake_ct, ct, where)
    if w.grey > 0:
        terms["grey"] = losses.grey_loss(ct, pair.section, stain, fake_ct, where)
    return terms
