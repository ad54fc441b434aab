"""The moving average of the weights, by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ignite.engine import Engine

from scripts.handlers import WeightAverage


def average(first: int, last: int, start: float = 0.0, momentum: float = 0.5) -> float:
    """Average a weight that is the number of the step, from step `first` to `last`, beginning with `start`."""
    network = torch.nn.BatchNorm1d(1)
    handler = WeightAverage(network, momentum)

    def step(engine: Any, batch: int) -> None:
        number = engine.state.iteration
        for name in ("weight", "running_mean", "num_batches_tracked"):
            network.state_dict()[name].fill_(number)
        if number == first:
            for name in ("weight", "running_mean"):
                handler.ema_model.state_dict()[name].fill_(start)

    engine = Engine(step)
    handler.attach(engine)
    engine.run(range(last))
    averaged = handler.ema_model.state_dict()
    assert averaged["running_mean"].item() == averaged["weight"].item()  # statistics go with the weights
    assert averaged["num_batches_tracked"].item() == last  # other buffers are copied
    return averaged["weight"].item()


def test_first_step_forgets_the_random_weights() -> None:
    assert average(1, 1, start=99.0) == 1


def test_first_steps_weigh_more() -> None:
    by_hand = 1.0
    for number in range(2, 6):
        share = 10 / (number + 9)  # of the newest; 0.71 in step 5
        by_hand = (1 - share) * by_hand + share * number
    assert average(1, 5) == pytest.approx(by_hand)


def test_later_steps_weigh_as_asked() -> None:
    # 10 / (n + 9) is below a half from step 12 on
    assert average(20, 21, start=16.0) == pytest.approx(((16 + 20) / 2 + 21) / 2)


def test_resumed_average_is_the_uninterrupted_one() -> None:
    assert average(4, 9, start=average(1, 3)) == pytest.approx(average(1, 9))
