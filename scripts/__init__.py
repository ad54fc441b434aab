"""Virtual staining of X-ray histology: what the bundle's configs instantiate.

All of it is imported here, at once: a program that loads several bundles, as MONAI Label does, may take this one's
folder off the search path as soon as the package is imported.
"""

from scripts import (
    checkpoint,
    command_line,
    data,
    digest,
    engines,
    errors,
    finite,
    folder_lock,
    foreign_weights,
    handlers,
    inferers,
    losses,
    memory,
    metrics,
    networks,
    options,
    output_folder,
    overlay,
    precision,
    seal,
    virtual_stainer,
    volume,
    weights_origin,
    whole,
)

__all__ = [
    "checkpoint",
    "command_line",
    "data",
    "digest",
    "engines",
    "errors",
    "finite",
    "folder_lock",
    "foreign_weights",
    "handlers",
    "inferers",
    "losses",
    "memory",
    "metrics",
    "networks",
    "options",
    "output_folder",
    "overlay",
    "precision",
    "seal",
    "virtual_stainer",
    "volume",
    "weights_origin",
    "whole",
]
