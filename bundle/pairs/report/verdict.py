"""A verdict in words and in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bundle.shared.figure import GREEN, ORANGE

COLOURS = {"good": GREEN, "usable with mask": ORANGE, "reject": "#b91c1c"}


def said_of(report: Mapping[str, Any] | None) -> str:
    """The verdict on a pair: "good", "usable with mask", "rejected" or, without a report, "not registered"."""
    if report is None:
        return "not registered"
    return "rejected" if report["verdict"] == "reject" else str(report["verdict"])
