from __future__ import annotations

import pytest
import torch

from scripts.precision import autocast, bfloat16_pays


@pytest.mark.parametrize("supported", [True, False])
def test_follows_the_hardware(monkeypatch: pytest.MonkeyPatch, supported: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: supported)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert bfloat16_pays("cpu") is supported
    assert bfloat16_pays(torch.device("cuda", 1)) is supported
    assert bfloat16_pays("mps") is False


def test_this_machine_gives_an_answer() -> None:
    assert bfloat16_pays(torch.device("cpu")) in (True, False)


@pytest.mark.parametrize(("enabled", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_convolution_runs_in(enabled: bool, expected: torch.dtype) -> None:
    layer = torch.nn.Conv2d(1, 1, 3)
    with autocast("cpu", enabled):
        assert layer(torch.rand(1, 1, 5, 5)).dtype == expected
    assert layer(torch.rand(1, 1, 5, 5)).dtype == torch.float32
