"""The generator that ships, ways to run it, and slices of the phantom to give it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bundle.evidence.speed.volume.scan import WINDOW, slices
from bundle.shared.places import SHIPPED
from bundle.shared.trained_network import read_network
from scripts.data.window import window
from scripts.networks import Stainer, StainGenerator, fold_layers
from scripts.precision import autocast

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def as_trained() -> StainGenerator:
    """The generator with its shipped weights, all its layers, in evaluation mode."""
    network: StainGenerator = read_network(SHIPPED).to(DEVICE)
    return network


def for_inference(network: Stainer | None = None) -> Stainer:
    """The same, or another generator, as inference runs it: folded, channels last."""
    folded = fold_layers(as_trained() if network is None else network)
    folded.to(DEVICE, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return folded


def images(count: int, side: int) -> torch.Tensor:
    """Slices (count, 1, side, side) of a scan like the phantom's, in [0, 1], on `DEVICE`."""
    scan = slices((count, side, side), "float32")
    return torch.stack([torch.from_numpy(window(image, *WINDOW))[None] for image in scan]).to(DEVICE)


def way(network: Callable[[torch.Tensor], object], image: torch.Tensor, amp: bool = False) -> Callable[[], object]:
    """One pass, without gradients, in bfloat16 where autocast allows if `amp`."""

    @torch.no_grad()
    def once() -> object:
        with autocast(DEVICE, amp):
            return network(image)

    return once
