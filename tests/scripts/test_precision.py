from __future__ import annotations

import pytest
import torch

from scripts.precision import autocast, bfloat16_pays


@pytest.mark.parametrize(("amx", "avx512", "pays"), [(False, False, False), (True, True, True), (False, True, True)])
def test_follows_the_processor(monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool, pays: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert bfloat16_pays("cpu") is pays
    assert bfloat16_pays("mps") is False


@pytest.mark.parametrize("supported", [True, False])
def test_follows_the_gpu(monkeypatch: pytest.MonkeyPatch, supported: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert bfloat16_pays(torch.device("cuda", 1)) is supported


def test_this_machine_gives_an_answer() -> None:
    assert bfloat16_pays(torch.device("cpu")) in (True, False)


@pytest.mark.parametrize(("enabled", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_convolution_runs_in(enabled: bool, expected: torch.dtype) -> None:
    layer = torch.nn.Conv2d(1, 1, 3)
    with autocast("cpu", enabled):
        assert layer(torch.rand(1, 1, 5, 5)).dtype == expected
    assert layer(torch.rand(1, 1, 5, 5)).dtype == torch.float32
