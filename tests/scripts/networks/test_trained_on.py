"""What weights know of the scans of their training."""

from __future__ import annotations

from dataclasses import asdict

import pytest
import torch

from scripts.networks import StainGenerator, StainUNet
from scripts.networks.trained_on import ENTRY, LENGTH, UNKNOWN, TrainedOn, as_tensor, decoded, encoded

SCANS = TrainedOn(
    pixel_um=5.0,
    landmarks=(0.1, 0.47),
    histogram=tuple(float(k) for k in range(64)),
    noise=(0.02, 0.04),
    sharpness=(0.5, 0.75),
    materials=("Ti", "PEEK"),
    specimens=2,
    pairs=8,
    synthetic=True,
    run="0123456789abcdef" * 4,
    trained="2026-12-01, 8 pairs of 2 specimens, seed 0, bundle 0.11.0",
    source="fedcba9876543210" * 4,
)


@pytest.mark.parametrize("scans", [UNKNOWN, SCANS, TrainedOn(pixel_um=2.5)])
def test_there_and_back(scans: TrainedOn) -> None:
    assert asdict(decoded(encoded(scans))) == asdict(scans)


@pytest.mark.parametrize("network", [StainGenerator, StainUNet])
def test_travels_with_the_weights(network: type[StainGenerator]) -> None:
    trained, loaded = network(), network()
    trained.trained_on = SCANS
    loaded.load_state_dict(trained.state_dict())
    assert loaded.trained_on == SCANS


def test_weights_without_it_load() -> None:
    state = StainGenerator().state_dict()
    del state[ENTRY]
    network = StainGenerator()
    network.load_state_dict(state)
    assert network.trained_on == UNKNOWN


def test_what_a_later_version_adds_is_left_out() -> None:
    assert decoded(as_tensor('{"pixel_um": 4, "later": 1}')) == TrainedOn(pixel_um=4.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"pixel_um": 0}',
        '{"pixel_um": "5"}',
        '{"landmarks": [0.1]}',
        '{"landmarks": [0.1, "a"]}',
        '{"materials": "Ti"}',
        '{"synthetic": 1}',
        '{"run": 1}',
        '{"trained": ["a"]}',
        '{"noise": [NaN, 1]}',
        '{"specimens": true}',
    ],
)
def test_damaged(text: str) -> None:
    with pytest.raises(ValueError, match=ENTRY):
        decoded(as_tensor(text))


@pytest.mark.parametrize("tensor", [None, torch.zeros(LENGTH), torch.zeros(8, dtype=torch.uint8)])
def test_no_such_tensor(tensor: object) -> None:
    with pytest.raises(ValueError, match=ENTRY):
        decoded(tensor)


def test_too_long() -> None:
    with pytest.raises(ValueError, match="4096"):
        encoded(TrainedOn(materials=("Ti" * LENGTH,)))


def test_damaged_weights_are_one_sentence() -> None:
    state = StainGenerator().state_dict()
    state[ENTRY] = as_tensor('{"pixel_um": -1}')
    with pytest.raises(RuntimeError, match="pixel_um is -1"):
        StainGenerator().load_state_dict(state)
