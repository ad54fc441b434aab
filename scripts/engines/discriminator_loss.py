"""The discriminators' part of a step."""

from __future__ import annotations

import torch

from scripts.engines.generator_losses import GeneratorLosses
from scripts.engines.generator_terms import Made
from scripts.engines.image_pool import ImagePool
from scripts.engines.players import Pair, Players


def discriminator_loss(
    players: Players, losses: GeneratorLosses, pair: Pair, made: Made, stain_pool: ImagePool, ct_pool: ImagePool
) -> torch.Tensor | None:
    """What both discriminators pay together; None where none of them is at work.

    Args:
        players: the networks.
        losses: whose adversarial loss counts, and whose weights say who is at work.
        pair: the real images.
        made: the generated ones, which go into the pools.
        stain_pool: what the stain discriminator is shown in their place.
        ct_pool: likewise of the CT.
    """
    costs = []
    if losses.weights.adversarial_stain > 0:
        fakes = stain_pool.query(players.judged(pair, made.stain))
        costs.append(losses.tells_apart(players.stain_discriminator, players.judged(pair, pair.section), fakes))
    if losses.weights.adversarial_ct > 0 and made.ct is not None:
        fakes = ct_pool.query(made.ct * pair.mask)
        costs.append(losses.tells_apart(players.ct_discriminator, pair.ct * pair.mask, fakes))
    return torch.stack(costs).sum() / 2 if costs else None
