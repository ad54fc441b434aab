"""Tests of generators in TorchScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.networks import StainGenerator
from scripts.networks.border import BorderConv2d

GENERATORS: list[dict[str, Any]] = [
    {},
    {"skip": False, "upsample": "bilinear", "dark_end": 0},
    {"norm": "instance", "upsample": "transposed"},
    {"norm": "none", "kernel_size": 7},
]


@pytest.mark.parametrize("options", GENERATORS)
def test_the_same_image_of_any_size(options: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = StainGenerator(channels=[4, 8, 8], blocks=1, **options).eval()
    generator.set_windowing((5000, 35000), (0.5, 99.5))
    torch.jit.script(generator).save(str(tmp_path / "model.ts"))
    loaded = torch.jit.load(str(tmp_path / "model.ts"))
    for shape in ((1, 1, 32, 32), (2, 1, 33, 50)):
        image = torch.rand(shape)
        torch.testing.assert_close(loaded(image), generator(image), rtol=0, atol=1e-5)
    torch.testing.assert_close(loaded.ct_window, torch.tensor([5000.0, 35000.0]))


def test_the_network_itself_stays_as_it_is() -> None:
    generator = StainGenerator(channels=[4, 8], blocks=1)
    torch.jit.script(generator)
    assert isinstance(generator.stem[0], BorderConv2d)
    assert generator.training
