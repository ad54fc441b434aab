"""The command ``folds``: cross-validation by specimen, and the ensemble of its folds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from bundle.workflows import train
from bundle.workflows.typed import NAMES

__all__ = ["KIND", "NAMES", "add_arguments", "run"]

KIND = train.KIND
DEFAULT_SPLITS = ("training", "validation")
HELP = {  # of those options of ``train`` that mean something else here
    "out": "folder for folds.csv, folds.json, ensemble.pt, and a folder for each fold",
    "epochs": "how long each fold is trained (default: 120; with --initial_weights 30)",
    "minutes": "how long each fold is trained: as many epochs as fit into it on this machine",
    "resume": "not needed: the same command goes on where it was stopped",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: its own, and those of ``train``, which are handed on."""
    train.add_arguments(parser)
    for action in parser._actions:  # those of groups, too; argparse has no public list of them
        action.help = HELP.get(action.dest, action.help)
    parser.add_argument(
        "--folds", type=int, default=5, metavar="K", help="number of folds; that of the specimens leaves out one each"
    )
    parser.add_argument(
        "--splits",
        nargs="+",
        choices=(*DEFAULT_SPLITS, "test"),
        default=list(DEFAULT_SPLITS),
        help="whose specimens are dealt to the folds (default: training validation, so that a test split stays unseen)",
    )


def run(args: argparse.Namespace) -> int:
    """Deal, train, evaluate, and say how well it went.

    Raises:
        InputError: see `cross_validate`.
    """
    from bundle.workflows.folds.cross_validate import cross_validate

    cross_validate(args, words_of(args))
    return 0


def words_of(args: argparse.Namespace) -> list[str]:
    """The options of ``train`` that were given, as they are typed; where to write, and to go on, is each fold's."""
    parser = argparse.ArgumentParser(add_help=False)
    train.add_arguments(parser)
    words = []
    for action in parser._actions:
        value: Any = getattr(args, action.dest, None)
        if not action.option_strings or action.dest in ("out", "resume") or value in (None, False, []):
            continue
        option = action.option_strings[-1]
        if value is True:
            words.append(option)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            words += [option, *map(str, value)]
        else:
            words.append(f"{option}={value}")
    return words
