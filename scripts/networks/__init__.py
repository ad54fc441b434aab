"""Generators."""

from scripts.networks.generator import ResNetGenerator, StainGenerator

__all__ = ["ResNetGenerator", "StainGenerator"]
