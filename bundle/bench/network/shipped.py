"""The generator that ships, and slices of the phantom to give it."""

from __future__ import annotations

from pathlib import Path

import torch

from bundle.bench.volume.scan import WINDOW, slices
from scripts.checkpoint import load_generator
from scripts.data.window import window
from scripts.networks import StainGenerator, fold_layers

WEIGHTS = Path(__file__).resolve().parents[3] / "models" / "model.pt"


def as_trained() -> StainGenerator:
    """The generator with its shipped weights, all its layers, in evaluation mode."""
    return load_generator(StainGenerator(), WEIGHTS).eval()


def for_inference() -> StainGenerator:
    """The same as inference runs it: folded, channels last."""
    folded = fold_layers(as_trained())
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def images(count: int, side: int) -> torch.Tensor:
    """Slices (count, 1, side, side) of a scan like the phantom's, in [0, 1]."""
    return torch.stack(
        [torch.from_numpy(window(image, *WINDOW))[None] for image in slices((count, side, side), "float32")]
    )
