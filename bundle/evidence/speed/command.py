"""The command ``speed``: measure, print tables, write them as JSON."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.measures import MEASURES, measure_of
from bundle.shared.markdown import table
from bundle.shared.places import OUTPUT, SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", choices=list(MEASURES), help="what to measure")
    names = sorted({name for measures in MEASURES.values() for name in measures})
    parser.add_argument("--only", nargs="+", choices=names, help="some of the measurements")
    parser.add_argument("--quick", action="store_true", help="smaller volumes, fewer repeats: to see that it works")
    parser.add_argument("--out", type=Path, default=OUTPUT / "speed", help="folder for tables")


def run(args: argparse.Namespace) -> int:
    """Measure and return 0 if all floors are met, else 1.

    Raises:
        InputError: a measurement that is none of `args.what`.
    """
    from bundle.evidence.shared.machine import describe_machine
    from scripts.errors import InputError
    from scripts.files.output_folder import writable_folder
    from scripts.memory import keep_freed_memory
    from scripts.weights.origin import describe_weights

    others = sorted(set(args.only or ()) - MEASURES[args.what].keys())
    if others:
        raise InputError(f"--only {' '.join(others)}: measured of {args.what} are {', '.join(MEASURES[args.what])}.")
    keep_freed_memory()  # as inference does
    folder = writable_folder(args.out).resolve()  # processes of measurements run elsewhere
    machine = describe_machine()
    print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
    results: dict[str, Any] = {"machine": machine, "quick": args.quick}
    if weights := weights_used(args):
        results["weights"] = [describe_weights(path) for path in weights]
    for name in MEASURES[args.what]:
        if args.only and name not in args.only:
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="speed-", dir=folder) as work:
            result = measure_of(args.what, name)(Conditions(Path(work), args.quick))
        result["seconds"] = round(time.monotonic() - begun, 1)
        results[name] = result
        print(f"\n{as_text(result)}", flush=True)
        path = folder / f"{args.what}.json"
        path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nAs JSON in {folder / f'{args.what}.json'}")
    return 0 if all(result["met"] for result in results.values() if isinstance(result, dict) and "met" in result) else 1


def as_text(result: Mapping[str, Any]) -> str:
    """A title, a Markdown table, a note and a verdict."""
    lines = [result["title"], "", *table(result["rows"]), "", result["note"]]
    verdict = f"Floor: {result['floor']}: {'met' if result['met'] else 'NOT MET'}" if "floor" in result else "No floor"
    lines.append(f"{verdict} ({result['seconds']} s)")
    return "\n".join(lines)


def weights_used(args: argparse.Namespace) -> list[Path]:
    """Whose last line this command ends with."""
    return [] if args.what == "training" else [SHIPPED]
