"""The last line of a command: that its weights have seen synthetic data only."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType

from bundle.shared.places import SHIPPED


def last_line(module: ModuleType, options: argparse.Namespace) -> str:
    """What a command that has used weights says at the end; empty where they are of real scans, or say nothing.

    Args:
        module: of the command. ``weights_used(options)`` names files where they are not ``options.checkpoint``.
        options: as they were parsed.
    """
    says = getattr(module, "weights_used", None)
    given = getattr(options, "checkpoint", None)
    paths = says(options) if says else [given] if given else []
    if not paths:
        return ""
    from scripts.errors import InputError
    from scripts.weights.caution import caution_of
    from scripts.weights.origin import REMEDY

    for path in map(Path, paths):
        try:
            line = caution_of(path, REMEDY if given is SHIPPED else "")  # the default itself: nothing was typed
        except (InputError, OSError, ValueError):  # gone or changed since; the command has said what it used
            continue
        if line:
            return line
    return ""
