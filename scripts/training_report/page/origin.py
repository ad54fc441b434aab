"""Settings, data and versions, from ``run.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.files.template import Html, element, joined

MOST = 300  # pairs that are listed; run.json has all


def facts_list(facts: Mapping[str, Any]) -> Html:
    """Labels and what they stand for."""
    rows = [
        element("div", element("dt", label), element("dd", _plain(value)))
        for label, value in facts.items()
        if value not in (None, "", [], {})
    ]
    return element("dl", joined(rows), class_="facts") if rows else Html()


def settings_table(run: Mapping[str, Any]) -> Html:
    """What differs from ``configs/train.yaml``."""
    changed = run.get("differences")
    if not isinstance(changed, Mapping):
        return element("p", "Not known.")
    if not changed:
        return element("p", "None: all settings are those of the bundle.")
    body = []
    for name, value in changed.items():
        known = value if isinstance(value, Mapping) else {"value": value}
        given, default = (_plain(known[key]) if key in known else "none" for key in ("value", "default"))
        body.append(element("tr", element("th", name, scope="row"), element("td", given), element("td", default)))
    head = element("tr", *(element("th", text, scope="col") for text in ("setting", "this training", "default")))
    return element("table", element("thead", head), element("tbody", joined(body)), class_="settings")


def provenance(run: Mapping[str, Any]) -> Html:
    """Code, versions, machine, seed, data list."""
    datalist, code, versions, machine = (_part(run, name) for name in ("datalist", "code", "versions", "machine"))
    changed = " and changes that are not committed" if code.get("changed") else ""
    weights = _part(run, "initial_weights") or {"path": run.get("initial_weights")}
    return facts_list(
        {
            "Started": run.get("started"),
            "Run": run.get("run"),
            "Seed": run.get("seed"),
            "Initial weights": weights.get("path") or "random",
            "their SHA-256": weights.get("sha256"),
            "Data list": datalist.get("path"),
            "its SHA-256": datalist.get("sha256"),
            "Bundle": code.get("bundle"),
            "Commit": f"{code['commit']}{changed}" if code.get("commit") else None,
            "SHA-256 of the code": code.get("sha256"),
            "Versions": versions,
            "Device": run.get("device"),
            "Processor": machine.get("processor"),
            "Cores": machine.get("cores"),
            "GPUs": machine.get("gpus"),
            "System": machine.get("system"),
        }
        if run
        else {}
    )


def _part(run: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = run.get(name)
    return part if isinstance(part, Mapping) else {}


def pairs_title(run: Mapping[str, Any]) -> str:
    """Of `pairs_table`."""
    number = len(_entries(run.get("pairs")))
    first = f": the first {MOST} of {number}, run.json has all" if number > MOST else ""
    return f"Pairs and digests of their files{first}"


def pairs_table(run: Mapping[str, Any]) -> Html:
    """The pairs with the digests of their files; empty where nobody knows."""
    pairs = [pair for pair in _entries(run.get("pairs")) if isinstance(pair, Mapping)]
    if not pairs:
        return Html()
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    body = [element("tr", *(element("td", _plain(pair.get(name))) for name in names)) for pair in pairs[:MOST]]
    head = element("tr", *(element("th", name, scope="col") for name in names))
    return element("table", element("thead", head), element("tbody", joined(body)), class_="settings")


def _entries(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _plain(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items() if inner not in (None, "", [], {}))
    if isinstance(value, Sequence) and all(isinstance(inner, str) for inner in value):
        return ", ".join(value)
    return json.dumps(value, default=str)
