"""A trained generator, from its weights and what shaped it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fire.parser import DefaultParseValue

from bundle.shared.places import EVALUATE
from scripts.overlay import read_with_overlay
from scripts.weights.loading import load_generator


def read_network(checkpoint: Path, overlay: Path | None = None, options: Mapping[str, str] | None = None) -> Any:
    """The generator of a checkpoint, ready to stain.

    Args:
        checkpoint: of a training.
        overlay: config file of the training, for weights of version 0.8 and before, which do not say of what they are.
        options: entries of ``network_def`` as on the command line of the training, likewise; others are ignored.

    Raises:
        InputError: no checkpoint, or one of another architecture; an overlay that cannot be read.
    """
    parser = read_with_overlay(EVALUATE, overlay)
    for name, value in (options or {}).items():
        if name.startswith("network_def"):
            parser[name] = DefaultParseValue(value)
    return load_generator(parser.get_parsed_content("network_def"), checkpoint)
