"""The window of the training CT, in the generator."""

from __future__ import annotations

from typing import Any

from scripts.engines import note_windowing
from scripts.networks import StainGenerator


def item(window: tuple[float, float], given: bool) -> dict[str, Any]:
    return {"ct_window": list(window), "window_given": given}


def test_a_given_window_travels_with_the_weights() -> None:
    network = StainGenerator((4, 4), blocks=0)
    note_windowing(network, [item((0, 300), True)] * 2, (1, 99))
    assert network.trained_window == (0, 300)
    assert network.percentiles == (1, 99)
    note_windowing(network, [item((0, 300), True), item((0, 200), True)], (0.5, 99.5))
    assert network.trained_window is None
    assert network.percentiles == (0.5, 99.5)


def test_a_window_that_was_found_is_no_scale_for_others() -> None:
    network = StainGenerator((4, 4), blocks=0)
    note_windowing(network, [item((0, 300), False)] * 2, (0.5, 99.5))
    assert network.trained_window is None
