"""Generators."""

from scripts.networks.folding import fold_layers
from scripts.networks.generator import ResNetGenerator, StainGenerator

__all__ = ["ResNetGenerator", "StainGenerator", "fold_layers"]
