"""Virtual staining of X-ray histology: what the bundle's configs instantiate.

All of it is imported here, at once: a program that loads several bundles, as MONAI Label does, may take this one's
folder off the search path as soon as the package is imported.
"""

from scripts import (
    account,
    data,
    engines,
    errors,
    files,
    handlers,
    inferers,
    lock,
    lookup_table,
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
    "account",
    "data",
    "engines",
    "errors",
    "files",
    "handlers",
    "inferers",
    "lock",
    "lookup_table",
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
