"""What the published bundle holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.errors import InputError

NEEDED = (
    "LICENSE",
    "configs/metadata.json",
    "configs/train.yaml",
    "configs/inference.yaml",
    "models/model.pt",
    "docs/README.md",
)
FOLDERS = {  # with the endings that belong there
    "configs": (".yaml", ".json", ".conf"),
    "scripts": (".py", ".html", ".css", ".js"),
    "docs": (".md", ".png", ".svg", ".json", ".txt"),
}
LARGEST = 25e6  # bytes of a file that the zoo takes as it is


def read_metadata(root: Path) -> dict[str, Any]:
    """Name, version and all else that ``configs/metadata.json`` says.

    Raises:
        InputError: there is none, or it is no JSON or lacks a name or a version.
    """
    path = root / "configs" / "metadata.json"
    try:
        metadata = dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: {root} is no bundle.") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}).") from error
    for name in ("name", "version"):
        if not isinstance(metadata.get(name), str) or not metadata[name]:
            raise InputError(f"{path} has no {name!r}.")
    return metadata


def contents(root: Path) -> list[str]:
    """Paths of all that is published, relative to the bundle's folder and sorted.

    Nothing hidden, no caches, no command line, no tests and no data.

    Raises:
        InputError: something that the zoo asks for is missing, or a file is too large for it.
    """
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise InputError(f"{root} lacks {', '.join(missing)}, which a bundle of the Model Zoo needs.")
    found = {*NEEDED}
    for folder, endings in FOLDERS.items():
        for path in (root / folder).rglob("*"):
            parts = path.relative_to(root).parts
            hidden = any(part.startswith((".", "__pycache__")) for part in parts)
            if path.is_file() and not path.is_symlink() and not hidden and path.suffix in endings:
                found.add("/".join(parts))
    large = [name for name in found if (root / name).stat().st_size > LARGEST]
    if large:
        raise InputError(
            f"{', '.join(sorted(large))}: larger than {LARGEST / 1e6:.0f} MB; the zoo wants such files in "
            "large_files.yml, with an address to download from."
        )
    return sorted(found)
