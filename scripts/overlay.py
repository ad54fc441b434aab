"""A config of the bundle with what a user's overlay changes in it."""

from __future__ import annotations

import os
from pathlib import Path

from monai.bundle import ConfigParser

from scripts.errors import InputError
from scripts.files.opening import existing_file


def read_with_overlay(config: Path, overlay: str | os.PathLike[str] | None) -> ConfigParser:
    """Read a config as ``--config_file "[config, overlay]"`` would.

    Args:
        config: a file of the bundle.
        overlay: YAML or JSON of what differs, None for nothing.

    Raises:
        InputError: there is no such overlay, or it is no config file.
    """
    files = [config] if overlay is None else [config, existing_file(overlay)]
    parser = ConfigParser()
    try:
        parser.read_config([str(path) for path in files])
    except (ValueError, OSError) as error:
        raise InputError(f"{overlay} is no config file ({error}): give YAML or JSON.") from error
    return parser
