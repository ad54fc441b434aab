"""The bundles that the app serves: those in ``model/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from .refusal import Refusal

STREAMS = "scripts.volume.plan_stainings"  # named in an inference.yaml that stains volumes slab by slab


def find_bundles(folder: Path, names: str | None = None) -> dict[str, Path]:
    """Find bundles by name.

    Args:
        folder: that holds them, each in a folder of its name.
        names: those wanted, with commas between; None: all. None is downloaded.

    Raises:
        Refusal: one is missing, or there is none at all.
    """
    there = {path.parents[1].name: path.parents[1] for path in sorted(folder.glob("[!.]*/configs/metadata.json"))}
    wanted = [name.strip() for name in names.split(",") if name.strip()] if names else list(there)
    missing = [name for name in wanted if name not in there]
    if missing or not wanted:
        raise Refusal(
            f"{folder} holds {', '.join(there) or 'no bundle'}, not {', '.join(missing) or 'one to serve'}: lay it out "
            "with `python -m bundle monailabel`, or give other names with --conf models."
        )
    return {name: there[name] for name in wanted}


def read_metadata(bundle: Path) -> dict[str, Any]:
    """What ``configs/metadata.json`` says."""
    return dict(json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8")))


def stains_volumes(bundle: Path) -> bool:
    """Whether a bundle is of this kind, and not one that MONAI Label itself knows how to run."""
    config = bundle / "configs" / "inference.yaml"
    if not config.is_file():
        return False
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    stainings = content.get("stainings") if isinstance(content, dict) else None
    return isinstance(stainings, dict) and stainings.get("_target_") == STREAMS
