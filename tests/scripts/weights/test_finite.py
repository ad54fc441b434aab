"""Finding numbers that are none."""

from __future__ import annotations

import math

import pytest
import torch

from scripts.weights.finite import first_not_finite


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_is_named_at_any_depth(value: float) -> None:
    good, bad = torch.zeros(2), torch.tensor([0.0, value])
    assert first_not_finite({"a": good, "b": bad, "c": bad}) == "b"
    optimizer = {"state": {0: {"step": torch.tensor(3), "exp_avg": good}, 1: {"exp_avg": bad}}}
    assert first_not_finite({"optimizer": optimizer}) == "optimizer.state.1.exp_avg"
    assert first_not_finite({"pool": [good, bad]}) == "pool.1"


def test_what_is_finite_or_no_tensor() -> None:
    half = torch.tensor([65504.0], dtype=torch.float16)
    content = {"a": half, "b": torch.tensor([1, 2]), "c": "text", "d": math.inf, "e": None, "f": {"best": -math.inf}}
    assert first_not_finite(content) is None


def test_a_window_that_is_not_set() -> None:
    assert first_not_finite({"network": {"inner.ct_window": torch.full((2,), math.nan)}}) is None
    assert first_not_finite({"ct_window": torch.tensor([5000.0, math.nan])}) == "ct_window"
    assert first_not_finite({"ct_percentiles": torch.full((2,), math.nan)}) == "ct_percentiles"
