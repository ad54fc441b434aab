"""Weights in and out: read, written, told from other files, and where they come from."""

from scripts.weights.initial import load_initial
from scripts.weights.loading import load_generator, load_stainer

__all__ = ["load_generator", "load_initial", "load_stainer"]
