"""The command ``package``: write the bundle as the Model Zoo wants it, and check it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.release.package.pythons import PYTHONS
from bundle.shared.places import ROOT

WORDS = {True: "passed", False: "FAILED", None: "not checked"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="folder for the package and its zip")
    parser.add_argument("--schema", type=Path, help="the metadata's JSON schema (default: download it)")
    parser.add_argument(
        "--fresh",
        nargs="*",
        default=[],
        metavar="PYTHON",
        help="interpreters, each to install the pinned packages in an environment of its own and run the bundle there",
    )
    parser.add_argument(
        "--pythons", nargs="*", default=list(PYTHONS), help="versions for which the pinned packages must be there"
    )


def run(args: argparse.Namespace) -> int:
    """Write and check; 1 if a check failed.

    Raises:
        InputError: see `write_package`.
    """
    from bundle.release.package.archive import write_package
    from bundle.release.package.verify import verify
    from scripts.files.opening import existing_file

    schema = None if args.schema is None else existing_file(args.schema)
    folder, archive = write_package(ROOT, args.out)
    print(f"Written to {folder} and {archive}.", flush=True)
    failed = 0
    for check in verify(ROOT, archive, schema, args.pythons, args.fresh):
        failed += check.passed is False
        print(f"{WORDS[check.passed]}: {check.name}" + (f" ({check.detail})" if check.detail else ""), flush=True)
    return int(failed > 0)
