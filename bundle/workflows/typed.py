"""From what was typed at the front door to MONAI's own command line, so that both meet the same checks."""

from __future__ import annotations

import argparse
import logging
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bundle.shared.workflow import LOGGING, config_files, workflow_words

NAMES = {  # what sentences of `scripts` call an option: what it is called here
    "--dataset_dir": "DATA",
    "--train#trainer#max_epochs": "--epochs",
    "--resume true": "--resume",
    "--overwrite true": "--overwrite",
    "--uncertainty true": "--uncertainty",
    "--novelty true": "--novelty",
}

STEPS = ("imports", "initialize", "run", "finalize")  # lists of a config, beside that of the workflow's own name


def add_common(parser: argparse.ArgumentParser) -> None:
    """Declare what every workflow takes."""
    parser.add_argument("--device", help="where to compute, such as cpu or cuda:1 (default: a GPU if there is one)")
    parser.add_argument(
        "--overlay",
        type=path_text,
        action="extend",
        nargs="+",
        default=[],
        metavar="FILE.yaml",
        help="config files of what differs from the bundle's own",
    )
    parser.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="ID=VALUE",
        help="further entries of the config, such as batch_size=4; docs/reference.md lists them",
    )


def path_text(path: str | os.PathLike[str]) -> str:
    """A path as text that MONAI takes for nothing else: absolute, so that it begins with no mark of an expression.

    A shell leaves the ``~`` of ``--out=~/x`` to the program. ``..`` stays, since it may follow a link to a folder.
    """
    return str(Path.cwd() / os.path.expanduser(path))


def require_plain(options: Mapping[str, Any]) -> None:
    """Refuse what MONAI would evaluate or look up: in an option that is no path, nothing is such an expression.

    Args:
        options: by the ids of the config.

    Raises:
        InputError: a value holds a mark of an expression.
    """
    from scripts.errors import InputError
    from scripts.options.paths import MARKS, is_path

    for name, text in given(options).items():
        marks = [mark for mark in MARKS if mark in text]
        if marks and not is_path(name):
            raise InputError(f"--{name} is {text!r}: MONAI would evaluate the {marks[0]}, leave it out.")


def is_entry(kind: str, name: str) -> bool:
    """Whether a workflow's config has an entry of this id, such as ``loss_weights#perceptual``."""
    from monai.bundle.config_parser import ConfigParser

    return name in ConfigParser(_config(kind, []))


def given(options: Mapping[str, Any]) -> dict[str, str]:
    """The options that were given, as MONAI's command line has them.

    Args:
        options: by the ids of the config; None and False are left out, a list becomes ``[a, b]``.
    """
    texts = {}
    for name, value in options.items():
        if value is None or value is False:
            continue
        if isinstance(value, (list, tuple)):
            texts[name] = "[" + ", ".join(map(str, value)) + "]"
        else:
            texts[name] = "true" if value is True else str(value)
    return texts


def run_typed(kind: str, options: Mapping[str, Any], overlays: Sequence[str], more: Sequence[str]) -> None:
    """Run a workflow in this process by the words that ``python -m monai.bundle`` would be given.

    Args:
        kind: ``training``, ``evaluating`` or ``inference``.
        options: by the ids of the config, see `given`.
        overlays: config files of what differs, see `path_text`.
        more: further entries, ``id=value``.

    Raises:
        InputError: an overlay that cannot be read, an entry that the config has not, an option that MONAI would
            evaluate, or what the workflow refuses.
    """
    require_plain(options)
    entries = given(options)
    entries |= _entries(kind, more, overlays, entries)
    words = workflow_words(kind, {}, overlays)
    words += ["--logging_file", str(LOGGING), *(f"--{name}={text}" for name, text in entries.items())]
    before = sys.argv
    sys.argv = ["monai.bundle", *words]
    caution = logging.getLogger("scripts.weights.caution")
    caution.addFilter(_said_later)
    try:
        runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        _raise_again(ended)
    finally:
        sys.argv = before
        caution.removeFilter(_said_later)


def _said_later(_record: logging.LogRecord) -> bool:
    """What a workflow says last, a command says after its own last line, see `bundle.shared.last_line`."""
    return False


def _raise_again(ended: SystemExit) -> None:
    """A sentence by which a config ended the process is an InputError here; another status than 0 stays as it is."""
    from scripts.errors import InputError

    if isinstance(ended.code, str):
        raise InputError(ended.code.removeprefix("error: ")) from ended
    if ended.code:
        raise ended


def _entries(kind: str, more: Sequence[str], overlays: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    from scripts.errors import InputError
    from scripts.options.entries import refuse_unknown_ids
    from scripts.options.paths import is_path
    from scripts.overlay import read_with_overlay

    read_with_overlay(Path(config_files(kind)[0]), *overlays)
    entries: dict[str, str] = {}
    for word in more:
        name, _, value = word.partition("=")
        if not name or not value:
            raise InputError(f"--set {word} is no ID=VALUE: write an entry of the config so, such as batch_size=4.")
        if name in known or name in entries or name == "bundle_root":
            raise InputError(f"--set {word}: {name} is said already: leave it out of --set.")
        if name.split("#")[0] in (kind, *STEPS):
            raise InputError(f"--set {word}: {name} is of the workflow's steps and no option: leave it out of --set.")
        entries[name] = path_text(value) if is_path(name) and value.startswith("~") else value
    config: dict[str, Any] = _config(kind, overlays)
    refuse_unknown_ids(entries, config)
    return entries


def _config(kind: str, overlays: Sequence[str]) -> dict[str, Any]:
    from monai.bundle.config_parser import ConfigParser

    content: dict[str, Any] = ConfigParser.load_config_files(config_files(kind, overlays))
    return content
