"""A config of the bundle with what a user's overlay changes in it."""

from __future__ import annotations

import os
from pathlib import Path

from monai.bundle.config_parser import ConfigParser

from scripts.options.overlays import merge_overlays


def read_with_overlay(config: Path, *overlays: str | os.PathLike[str] | None) -> ConfigParser:
    """Read a config as ``--config_file "[config, overlay]"`` would.

    Args:
        config: a file of the bundle.
        overlays: YAML or JSON of what differs, None for nothing.

    Raises:
        InputError: there is no such overlay, it is no config file, or has an entry that nothing uses.
    """
    parser = ConfigParser()
    parser.read_config(merge_overlays(config, [overlay for overlay in overlays if overlay is not None]))
    return parser
