"""The file in an unfinished staining's folder that says what was asked for, what was found, and what is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from scripts.errors import InputError
from scripts.volume.stain.request import Findings
from scripts.volume.stain.staining import Staining
from scripts.volume.stain.unfinished import PLAN
from scripts.whole import write_text

VERSION = 6  # one written by another version is not continued
ANEW = "give --overwrite true to start anew"


def write_plan(staining: Staining, findings: Findings, made: Mapping[str, str]) -> None:
    """Write the plan, whole or not at all.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    plan = {
        "version": VERSION,
        "request": asdict(staining.request),
        "findings": asdict(findings),
        "made": dict(made),
    }
    plan["sha256"] = _digest(plan)
    write_text(staining.folder / PLAN, json.dumps(plan, indent=2) + "\n")


def read_plan(staining: Staining) -> tuple[Findings, dict[str, str]] | None:
    """Read the plan of an unfinished staining of the same request, None where there is none.

    Returns:
        Its findings, and the SHA-256 of each output that is made.

    Raises:
        InputError: the plan is of another request or version, or damaged.
    """
    plan = _content(staining)
    if plan is None:
        return None
    begun = plan["request"]
    differing = [
        f"{name} ({_short(begun.get(name))} instead of {_short(value)})"
        for name, value in staining.request.to_json().items()
        if begun.get(name) != value
    ]
    if differing:
        raise InputError(
            f"{staining.folder} is an unfinished staining with another {', '.join(differing)}: repeat the command that "
            f"it was begun with to finish it, or {ANEW}."
        )
    return Findings(**plan["findings"]), plan["made"]


def _content(staining: Staining) -> dict[str, Any] | None:
    path = staining.folder / PLAN
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        plan = None
    if isinstance(plan, dict) and plan.get("version", VERSION) != VERSION:
        raise InputError(
            f"{staining.folder} is an unfinished staining of another version of the software: finish it with that "
            f"version, or {ANEW}."
        )
    if not isinstance(plan, dict) or plan.pop("sha256", None) != _digest(plan):
        raise InputError(f"{path} is damaged, so that its staining cannot be continued: {ANEW}.")
    return plan


def _digest(plan: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _short(value: Any) -> str:
    """As it may stand in a sentence: a checksum is known by its beginning."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."
