from __future__ import annotations

import pytest
import torch

from scripts.engines import constant_then_linear


def test_factors_by_hand() -> None:
    factor = constant_then_linear(3, 4)
    assert [factor(epoch) for epoch in range(7)] == pytest.approx([1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_never_negative_nor_zero() -> None:
    factor = constant_then_linear(3, 4)
    assert factor(6) == factor(7) == factor(1000) > 0


def test_no_decay_and_no_constant_part() -> None:
    assert {constant_then_linear(2, 0)(epoch) for epoch in range(10)} == {1.0}
    assert [constant_then_linear(0, 1)(epoch) for epoch in range(2)] == [0.5, 0.5]


def test_with_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, constant_then_linear(1, 3))
    rates = []
    for _ in range(4):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0.1, 0.075, 0.05, 0.025])


def test_checkpoint_does_not_bring_an_older_schedule_back() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    state = torch.optim.lr_scheduler.LambdaLR(optimizer, constant_then_linear(1, 1)).state_dict()
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, constant_then_linear(5, 5))
    schedule.load_state_dict(state)
    assert schedule.lr_lambdas[0](4) == 1.0


@pytest.mark.parametrize("numbers", [(-1, 2), (2, -1)])
def test_negative_numbers(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        constant_then_linear(*numbers)
