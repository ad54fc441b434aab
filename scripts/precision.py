"""Where bfloat16 pays: on which device, for which network."""

from __future__ import annotations

import torch
from torch import nn


def bfloat16_pays(device: torch.device | str, network: nn.Module | None = None) -> bool:
    """Say whether bfloat16 autocast makes the networks faster on `device`; not where `network` has no bfloat16.

    On a GPU wherever it is supported. On a CPU only with instructions for it (AMX or AVX512-BF16): there a training
    step of the default generator took three quarters of its time in float32 or less, on a processor with AVX2 alone ten
    times as long (2 cores, torch 2.13).
    """
    if getattr(network, "float32_only", False):
        return False
    kind = torch.device(device).type
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return kind == "cpu" and bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def autocast(device: torch.device | str, enabled: bool) -> torch.autocast:
    """Context in which convolutions run in bfloat16 if `enabled`, whose range needs no loss scaling."""
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=enabled)
