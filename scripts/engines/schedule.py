"""Learning-rate schedule of CycleGAN: constant, then linear decay."""

from __future__ import annotations

from collections.abc import Callable


def constant_then_linear(decay_start: int, decay_epochs: int) -> Callable[[int], float]:
    """Return the factor on the learning rate by epoch, for `torch.optim.lr_scheduler.LambdaLR`.

    The factor is 1 for the first `decay_start` epochs and falls linearly over the next `decay_epochs`; the last of
    them still learns, at ``1 / (decay_epochs + 1)``. A function, not an object: a checkpoint then does not carry an
    older schedule back in.

    Raises:
        ValueError: a number is negative.
    """
    if decay_start < 0 or decay_epochs < 0:
        raise ValueError(f"decay_start and decay_epochs must not be negative, got {decay_start} and {decay_epochs}.")

    def factor(epoch: int) -> float:
        past = min(max(0, epoch - decay_start + 1), decay_epochs)
        return 1.0 - past / (decay_epochs + 1)

    return factor
