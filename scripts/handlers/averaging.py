"""Exponential moving average of a network's weights."""

from __future__ import annotations

from ignite.engine import Engine
from ignite.handlers import EMAHandler
from torch import nn


class WeightAverage(EMAHandler):
    """Ignite's average with a start that forgets the random weights of the beginning quickly.

    In step n the newest weights count ``max(momentum, 10 / (n + 9))``. That depends on the number of the step only, so
    a resumed training averages as an uninterrupted one does (Ignite's own warm-up would start again).

    Args:
        model: network to average; ``ema_model`` is the average. Running statistics are averaged with the weights they
            belong to: those of the newest weights, ten batches long, would misfit the average. Other buffers are
            copied.
        momentum: share of the newest weights in the long run; 1 / momentum steps are remembered.
    """

    def __init__(self, model: nn.Module, momentum: float) -> None:
        super().__init__(model, momentum=momentum, handle_buffers="update")

    def _update_ema_model(self, engine: Engine, name: str) -> None:
        setattr(engine.state, name, max(self.momentum, 10 / (engine.state.iteration + 9)))
        super()._update_ema_model(engine, name)
        for (buffer_name, averaged), newest in zip(self.ema_model.named_buffers(), self.model.buffers(), strict=True):
            if not buffer_name.endswith(("running_mean", "running_var")):
                averaged.copy_(newest)
