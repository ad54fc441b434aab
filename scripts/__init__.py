"""Virtual staining of X-ray histology: what the bundle's configs instantiate.

All of it is imported here, at once: a program that loads several bundles, as MONAI Label does, may take this one's
folder off the search path as soon as the package is imported.
"""

from scripts import (
    data,
    engines,
    errors,
    files,
    handlers,
    inferers,
    lock,
    losses,
    memory,
    metrics,
    networks,
    options,
    overlay,
    precision,
    virtual_stainer,
    volume,
    weights,
    whole,
)

__all__ = [
    "data",
    "engines",
    "errors",
    "files",
    "handlers",
    "inferers",
    "lock",
    "losses",
    "memory",
    "metrics",
    "networks",
    "options",
    "overlay",
    "precision",
    "virtual_stainer",
    "volume",
    "weights",
    "whole",
]
