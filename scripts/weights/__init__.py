"""Weights in and out: read, written, told from other files, and where they come from."""

from scripts.weights.caution import tell_caution
from scripts.weights.initial import earlier_windows, load_companions, load_initial, tell_beginning
from scripts.weights.loading import load_generator, load_stainer

__all__ = [
    "earlier_windows",
    "load_companions",
    "load_generator",
    "load_initial",
    "load_stainer",
    "tell_beginning",
    "tell_caution",
]
