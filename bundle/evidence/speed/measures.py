"""The measurements that there are, known without importing what they need."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from bundle.evidence.speed.conditions import Conditions

Measure = Callable[[Conditions], dict[str, Any]]

#: By what is measured and by name: the module below `bundle.evidence.speed`, and its function.
MEASURES = {
    "network": {
        "generators": "network.generators:measure",
        "engines": "network.engines:measure",
        "recipes": "network.recipes:measure",
        "batch": "network.batch:measure",
        "tile_size": "network.tile_size:measure",
        "precision": "network.precision:measure",
        "end_to_end": "network.end_to_end:measure",
        "round_field": "network.round_field:measure",
    },
    "training": {"step": "training.step:measure", "waiting": "training.waiting:measure"},
    "volume": {
        "seams": "volume.seams:measure",
        "flicker": "volume.flicker:measure",
        "memory": "volume.memory:measure",
        "resampled": "volume.resampled:measure",
        "speed": "volume.speed:measure",
        "monai": "volume.speed:measure_against_monai",
        "processes": "volume.restart:measure_processes",
        "kills": "volume.restart:measure_kills",
    },
}


def measure_of(what: str, name: str) -> Measure:
    """Import a measurement."""
    module, _, function = MEASURES[what][name].partition(":")
    measure: Measure = getattr(import_module(f"bundle.evidence.speed.{module}"), function)
    return measure
