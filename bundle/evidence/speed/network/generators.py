"""Generators against the textbook's: the same levers first, then ours."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import nn

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.limit import multiplications, multiplications_per_second
from bundle.evidence.speed.network.recipes import generators
from bundle.evidence.speed.network.shipped import DEVICE, as_trained, for_inference, images, way
from bundle.evidence.speed.textbook import TextbookGenerator
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from scripts.networks import fold_layers
from scripts.precision import bfloat16_pays

FLOOR = 6.0
TEXTBOOK = "textbook: ResNet-9, 64 channels, float32, eager"
AS_TRAINED = "default, as trained"
#: Without its dependencies, which ask for other versions of PyTorch, and with those that its networks import.
PEER = "ganslate==0.1.1 memcnn loguru omegaconf antlr4-python3-runtime==4.9.3"


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time one image through each generator, in turn: in float32, and ours in bfloat16 besides where that pays."""
    side, repeats = (64, 2) if conditions.quick else (512, 9)
    networks: dict[str, nn.Module] = {
        TEXTBOOK: TextbookGenerator(1, 3).eval().to(DEVICE),
        "ours, configs/generators/resnet9_64.yaml": for_inference(generators()["resnet9_64"]),
        AS_TRAINED: as_trained(),
        "... folded": fold_layers(as_trained()),
        "... folded, channels_last": for_inference(),
    }
    kinds = dict.fromkeys(networks, torch.float32)
    if bfloat16_pays(DEVICE):
        for name in ("ours, configs/generators/resnet9_64.yaml", "... folded, channels_last"):
            networks[f"{name}, bfloat16"] = networks[name]
            kinds[f"{name}, bfloat16"] = torch.bfloat16
    peer = _ganslate()
    if peer is not None:
        networks["ganslate 0.1.1: its ResNet-9, 64 channels"] = peer
        kinds["ganslate 0.1.1: its ResNet-9, 64 channels"] = torch.float32
    image = images(1, side)
    macs = {name: multiplications(network, image) for name, network in networks.items()}
    ways = {name: way(network, image, kinds[name] == torch.bfloat16) for name, network in networks.items()}
    time_in_turn(ways, 2)
    timings = time_in_turn(ways, repeats)
    limits = {kind: multiplications_per_second(DEVICE, kind) for kind in set(kinds.values())}
    ratios = {name: median_ratio(timings[TEXTBOOK], timing) for name, timing in timings.items()}
    reached = " and ".join(f"{limit / 1e9:.0f} GMAC/s in {str(kind)[6:]}" for kind, limit in limits.items())
    return {
        "title": f"One image of {side} x {side} through a generator on {DEVICE.type}",
        "note": f"Medians of {repeats} rounds in turn, float32 unless said. Products of large matrices reach {reached} "
        "here; above that a convolution must have been computed with fewer products."
        + ("" if peer is not None else f" ganslate, a peer, is not installed: pip install --no-deps {PEER}."),
        "floor": f"the default, as trained, at least {FLOOR:g} times as fast as the textbook's",
        "rows": [
            {
                "generator": name,
                "time": timing.milliseconds(),
                "GMAC": f"{macs[name] / 1e9:.2f}",
                "GMAC/s": f"{macs[name] / timing.median / 1e9:.0f}",
                "of the limit": f"{100 * macs[name] / timing.median / limits[kinds[name]]:.0f} %",
                "times as fast": f"{ratios[name]:.2f}",
            }
            for name, timing in timings.items()
        ],
        "met": ratios[AS_TRAINED] >= FLOOR,
    }


def _ganslate() -> nn.Module | None:
    """ResNet-9 of ganslate, a peer, where it is installed."""
    try:
        import_module("ganslate.configs.base")  # first, or its modules import each other in a circle
        module = import_module("ganslate.nn.generators.resnet.resnet2d")
    except ImportError:
        return None
    network: nn.Module = module.Resnet2D(1, 3, "instance", n_residual_blocks=9).eval().to(DEVICE)
    return network
