"""Generators."""

from scripts.networks.folding import fold_layers
from scripts.networks.generator import ResNetGenerator, StainGenerator
from scripts.networks.lower_resolution import LowerResolution

__all__ = ["LowerResolution", "ResNetGenerator", "StainGenerator", "fold_layers"]
