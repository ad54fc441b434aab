"""Steps of an optimiser that a broken gradient does not spoil."""

from __future__ import annotations

import logging
from collections import Counter

import torch
from torch import nn

from scripts.engines.distributed import average

MAX_SKIPPED_STEPS = 10  # in a row; a few infinite gradients can pass, more mean that the training has diverged


class SoundSteps:
    """Step by a gradient that is averaged over all processes and not too long; leave out one that is not finite.

    Args:
        logger: told of each step that is left out.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.skipped: Counter[int] = Counter()  # in a row, by the optimiser's identity

    def take(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor, max_norm: float, iteration: int) -> bool:
        """Step, unless the gradient is not finite: then leave the weights as they are and say so.

        Args:
            optimizer: of the weights that learn.
            loss: scalar.
            max_norm: the gradient is scaled down to this norm.
            iteration: number of the step, for messages.

        Returns:
            Whether it stepped.

        Raises:
            FloatingPointError: it is the last of `MAX_SKIPPED_STEPS` running.
        """
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        average(p.grad for p in parameters)
        norm = nn.utils.clip_grad_norm_(parameters, max_norm)
        if torch.isfinite(norm):
            optimizer.step()
            self.skipped[id(optimizer)] = 0
            return True
        self.skipped[id(optimizer)] += 1
        self.logger.warning(f"Gradient not finite in iteration {iteration}: this step is skipped.")
        if self.skipped[id(optimizer)] >= MAX_SKIPPED_STEPS:
            raise FloatingPointError(
                f"The gradient was not finite in {MAX_SKIPPED_STEPS} steps running (iteration {iteration}): "
                "start anew with a lower learning rate, or resume with lower loss weights or --amp false."
            )
        return False
