"""The arithmetic of networks, and what a machine could do of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bundle.evidence.speed.timing import time_in_turn


@torch.no_grad()
def multiplications(network: nn.Module, image: torch.Tensor) -> int:
    """Products that the network's convolutions take by definition for `image`."""
    with FlopCounterMode(display=False) as counter:
        network(image)
    return int(counter.get_total_flops()) // 2


def multiplications_per_second(
    device: torch.device | str, kind: torch.dtype, side: int = 2048, repeats: int = 5
) -> float:
    """What `device` reaches in the product of two large matrices of `kind`.

    On a GPU float32 products are rounded to TF32 where convolutions are, as PyTorch by default does the latter only.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    a, b = (torch.rand(side, side, device=device).to(kind) for _ in range(2))
    way: dict[str, Callable[[], object]] = {"product": lambda: a @ b}
    time_in_turn(way, 2)
    return side**3 / min(time_in_turn(way, repeats)["product"].seconds)
