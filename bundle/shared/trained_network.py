"""A trained generator, from its weights and what shaped it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bundle.shared.places import EVALUATE
from scripts.overlay import read_with_overlay
from scripts.weights.loading import load_generator


def read_network(checkpoint: Path, overlay: Path | None = None) -> Any:
    """The generator of a checkpoint, ready to stain.

    Args:
        checkpoint: of a training.
        overlay: config file of the training, for weights of version 0.8 and before, which do not say of what they are.

    Raises:
        InputError: no checkpoint, or one of another architecture; an overlay that cannot be read.
    """
    parser = read_with_overlay(EVALUATE, overlay)
    return load_generator(parser.get_parsed_content("network_def"), checkpoint)
