"""The command ``reference``: write ``docs/reference.md`` from the configs' comments, or check that it is up to date."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import CONFIGS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, default=Path("docs") / "reference.md", help="the page")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if the page is out of date")


def run(args: argparse.Namespace) -> int:
    """Write the page, or compare it with what would be written.

    Raises:
        InputError: with ``--check``, the page is missing or out of date.
    """
    from bundle.release.reference.page import write_reference
    from scripts.errors import InputError
    from scripts.files.output_folder import writable_folder
    from scripts.whole import write_text

    text = write_reference(CONFIGS)
    if not args.check:
        writable_folder(args.out.parent, "--out")
        write_text(args.out, text)
        print(f"Written to {args.out}.")
    elif not args.out.is_file() or args.out.read_text(encoding="utf-8") != text:
        raise InputError(f"{args.out} is not what the configs' comments say: run python -m bundle reference.")
    return 0
