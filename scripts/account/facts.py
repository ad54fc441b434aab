"""What a training begins with, in words."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from scripts.data.window import common_window
from scripts.data.window_choice import GIVEN, ORIGINS
from scripts.weights.origin import describe_weights
from scripts.words import count, listed

Items = Sequence[Mapping[str, Any]]


def pairs_in_words(items: Items) -> str:
    """``36 pairs of 9 specimens``."""
    return f"{count(len(items), 'pair')} of {count(len(_specimens(items)), 'specimen')}"


def window_in_words(items: Items) -> str:
    """How the windows of all specimens were chosen, and the window itself where the list gives all the same one."""
    window = common_window(items) if all(item.get("window_given") for item in items) else None
    if window is not None:
        return f"{window[0]:g} to {window[1]:g}, {ORIGINS[GIVEN].trained}"
    sources = Counter(str(item["window_source"]) for item in _specimens(items).values())
    if len(sources) == 1:
        return f"{ORIGINS[next(iter(sources))].trained}, for each specimen"
    return listed(
        [f"{ORIGINS[source].trained} for {count(number, 'specimen')}" for source, number in sources.most_common()]
    )


def size_in_words(working_um: float | None) -> str:
    """The working size."""
    return "pixels of unknown size" if working_um is None else f"pixels of {working_um:g} um"


def network_in_words(network: nn.Module) -> str:
    """Class of a network, and how many weights it learns."""
    return f"{type(network).__name__}, {count(sum(weight.numel() for weight in network.parameters()), 'weight')}"


def length_in_words(epochs: int, steps: int, interval: int) -> str:
    """``120 epochs of 50 steps, a validation every 5 epochs``."""
    every = "epoch" if interval == 1 else f"{interval} epochs"
    return f"{count(epochs, 'epoch')} of {count(steps, 'step')}, a validation every {every}"


def device_in_words(device: torch.device, bfloat16: bool) -> str:
    """Where it computes, and in which arithmetic."""
    name = f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)
    threads = f", {count(torch.get_num_threads(), 'thread')}" if device.type == "cpu" else ""
    return f"{name}{threads}, {'bfloat16' if bfloat16 else 'float32'}"


def start_in_words(epoch: int, initial_weights: str | os.PathLike[str] | None) -> str:
    """Where the weights come from.

    Args:
        epoch: the last one that a resumed training has behind it; 0 for a new one.
        initial_weights: file that the training began with; None: random weights.

    Raises:
        OSError: the file cannot be read.
    """
    if epoch > 0:
        return f"resumed after epoch {epoch}"
    return "random weights" if initial_weights is None else f"fine-tuned from {describe_weights(initial_weights)}"


def _specimens(items: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The first pair of each specimen."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in items:
        found.setdefault(str(item["specimen"]), item)
    return found
