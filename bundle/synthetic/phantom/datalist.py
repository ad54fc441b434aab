"""What the data list of a phantom says of its specimens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.errors import InputError


def read_phantom(folder: Path) -> dict[str, Any]:
    """The data list of a phantom, with what it says of its specimens.

    Raises:
        InputError: the folder holds none.
    """
    path = folder / "datalist.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "phantom" not in content:
        raise InputError(f"{folder} holds no phantom: make one with `python -m bundle phantom {folder}`.")
    return dict(content)


def materials(folder: Path) -> dict[str, str]:
    """The implant's material of each specimen."""
    specimens = read_phantom(folder)["phantom"]["specimens"]
    return {name: specimen["material"] for name, specimen in specimens.items()}
