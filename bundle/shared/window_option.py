"""The option ``--ct_window`` of the commands: one notation everywhere, see `scripts.data.given_window`."""

from __future__ import annotations

import argparse

HELP = 'grey values of black and white, "[LO, HI]" or LO HI; or landmarks, percentiles, export (default: found)'


def add_window_option(parser: argparse.ArgumentParser) -> None:
    """Declare ``--ct_window``."""
    parser.add_argument("--ct_window", nargs="+", metavar="WINDOW", help=HELP)


def window_of(args: argparse.Namespace) -> tuple[float, float] | str | None:
    """The window that was typed, None for none.

    Raises:
        InputError: it is no window.
    """
    from scripts.data.given_window import given_window

    return None if args.ct_window is None else given_window(" ".join(args.ct_window), "--ct_window")
