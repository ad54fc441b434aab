"""Generators against the textbook's: the same levers first, then ours."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bundle.bench.network.shipped import as_trained, for_inference, images
from bundle.bench.textbook import TextbookGenerator
from bundle.bench.timing import Timing, median_ratio, time_in_turn
from scripts.networks import StainGenerator, fold_layers

FLOOR = 6.0
TEXTBOOK = "textbook: ResNet-9, 64 channels, float32, eager"
AS_TRAINED = "default, as trained"
#: Without its dependencies, which ask for other versions of PyTorch, and with those that its networks import.
PEER = "ganslate==0.1.1 memcnn loguru omegaconf antlr4-python3-runtime==4.9.3"


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Time one image through each generator, in turn, in float32."""
    side, repeats = (64, 2) if quick else (512, 9)
    large = StainGenerator((64, 128, 256), 9, upsample="transposed", skip=False, kernel_size=7).eval()
    networks: dict[str, nn.Module] = {
        TEXTBOOK: TextbookGenerator(1, 3).eval(),
        "ours, configs/generators/resnet9_64.yaml, folded": fold_layers(large),
        AS_TRAINED: as_trained(),
        "... folded": fold_layers(as_trained()),
        "... folded, channels_last: inference": for_inference(),
    }
    peer = _ganslate()
    if peer is not None:
        networks["ganslate 0.1.1: its ResNet-9, 64 channels"] = peer
    image = images(1, side)
    macs = {name: _macs(network, image) for name, network in networks.items()}
    ways = {name: _way(network, image) for name, network in networks.items()}
    for way in ways.values():
        way()
    timings = time_in_turn(ways, repeats)
    limit = _multiplications_per_second()
    ratios = {name: median_ratio(timings[TEXTBOOK], timing) for name, timing in timings.items()}
    return {
        "title": f"One image of {side} x {side} through a generator",
        "note": f"Medians of {repeats} rounds in turn. Matrix products reach {limit / 1e9:.0f} GMAC/s here; above that "
        "a convolution must have been computed with fewer products."
        + ("" if peer is not None else f" ganslate, a peer, is not installed: pip install --no-deps {PEER}."),
        "floor": f"the default, as trained, at least {FLOOR:g} times as fast as the textbook's",
        "rows": [
            {
                "generator": name,
                "time": _milliseconds(timing),
                "GMAC": f"{macs[name] / 1e9:.2f}",
                "GMAC/s": f"{macs[name] / timing.median / 1e9:.0f}",
                "of the limit": f"{100 * macs[name] / timing.median / limit:.0f} %",
                "times as fast": f"{ratios[name]:.2f}",
            }
            for name, timing in timings.items()
        ],
        "met": ratios[AS_TRAINED] >= FLOOR,
    }


def _milliseconds(timing: Timing) -> str:
    middle, shortest, longest = (1e3 * value for value in (timing.median, min(timing.seconds), max(timing.seconds)))
    return f"{middle:.1f} ms ({shortest:.1f} to {longest:.1f})"


def _way(network: nn.Module, image: torch.Tensor) -> Callable[[], object]:
    @torch.no_grad()
    def way() -> torch.Tensor:
        return network(image)

    return way


@torch.no_grad()
def _macs(network: nn.Module, image: torch.Tensor) -> int:
    """Multiplications that the network's convolutions take by definition."""
    with FlopCounterMode(display=False) as counter:
        network(image)
    return counter.get_total_flops() // 2


def _multiplications_per_second(side: int = 2048, repeats: int = 5) -> float:
    """What the machine reaches in the product of two large matrices, float32."""
    a, b = torch.rand(side, side), torch.rand(side, side)
    way: dict[str, Callable[[], object]] = {"product": lambda: a @ b}
    way["product"]()
    return side**3 / min(time_in_turn(way, repeats)["product"].seconds)


def _ganslate() -> nn.Module | None:
    """ResNet-9 of ganslate, a peer, where it is installed."""
    try:
        import_module("ganslate.configs.base")  # first, or its modules import each other in a circle
        module = import_module("ganslate.nn.generators.resnet.resnet2d")
    except ImportError:
        return None
    return module.Resnet2D(1, 3, "instance", n_residual_blocks=9).eval()
