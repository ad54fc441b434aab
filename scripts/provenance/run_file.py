"""The file of a training's runs: the first one, and those that it was resumed in."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.whole import write_text

logger = logging.getLogger(__name__)

FORMAT = 1  # of the file; a later one may mean something else

Runs = list[dict[str, Any]]


def read_runs(path: Path) -> Runs:
    """Earlier runs of a training, oldest first; none where there is no file.

    One that is damaged or of another format is renamed to ``run.json.unreadable``, with a line that says so.

    Raises:
        OSError: it cannot be opened or renamed.
    """
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r:.20}, not {FORMAT}")
        runs = content["runs"]
        if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
            raise ValueError("it holds no list of runs")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        kept = path.with_name(f"{path.name}.unreadable")
        path.replace(kept)
        logger.warning("%s cannot be read (%s): it is kept as %s, and a new one begins.", path, error, kept.name)
        return []
    for run in runs:
        if run.get("state") == "running":  # whatever ended it left it no time to say so
            run["state"] = "interrupted"
    return list(runs)


def write_runs(path: Path, runs: Sequence[dict[str, Any]]) -> None:
    """Write the file whole or not at all.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    write_text(path, json.dumps({"format": FORMAT, "runs": list(runs)}, indent=1) + "\n")
