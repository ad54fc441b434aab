"""What was typed behind ``python -m monai.bundle run``."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from monai.bundle import ConfigParser

from scripts.errors import InputError, on_command_line

# of `monai.bundle.run` itself
RUN_OPTIONS = frozenset(
    ("run_id", "init_id", "final_id", "meta_file", "config_file", "logging_file", "tracking", "args_file")
)


def refuse_unknown_options(arguments: Sequence[str] | None = None) -> None:
    """Refuse a misspelt option, which MONAI would add to the config as something that nobody reads.

    Args:
        arguments: as in `sys.argv` without the program; None takes those, if this process is MONAI's command line.

    Raises:
        InputError: an option that is neither of MONAI's ``run`` nor an entry of the config files.
    """
    if arguments is None:
        if not on_command_line():
            return
        arguments = sys.argv[1:]
    given = _options(arguments)
    config = _read_configs(given.get("config_file", ""))
    if not config:
        return
    known = sorted({*_ids(config), *RUN_OPTIONS})
    for option in given:
        if option in known or _may_be_added(option, config):
            continue
        # rather the same name elsewhere than a similar one
        namesakes = [name for name in known if name.split("#")[-1] == option.split("#")[-1]]
        close = difflib.get_close_matches(option, namesakes or known, n=1, cutoff=0.0 if namesakes else 0.6)
        remedy = f"did you mean --{close[0]}?" if close else "the config file lists the options there are."
        raise InputError(f"There is no option --{option}: {remedy}")


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """Names and values of ``--name value`` and ``--name=value``."""
    options: dict[str, str] = {}
    for index, argument in enumerate(arguments):
        if argument.startswith("--") and len(argument) > 2:
            name, equals, value = argument[2:].partition("=")
            follows = arguments[index + 1] if index + 1 < len(arguments) else ""
            options[name.replace("-", "_")] = value if equals else follows
    return options


def _read_configs(config_file: str) -> dict[str, Any]:
    """The entries of one or several config files; what an overlay adds to a list or section comes under its name."""
    try:
        files = ast.literal_eval(config_file) if config_file.lstrip().startswith(("[", "(")) else [config_file]
        merged: dict[str, Any] = {}
        for file in files:
            for name, value in ConfigParser.load_config_file(file).items():
                merged.setdefault(name.removeprefix("+"), value)
        return merged
    except (OSError, ValueError, SyntaxError):  # MONAI has read them already and says better what is wrong
        return {}


def _ids(config: Any, prefix: str = "") -> list[str]:
    """Every id below a node: ``train``, ``train#trainer``, ``train#trainer#max_epochs`` ..."""
    entries = config.items() if isinstance(config, Mapping) else enumerate(config) if isinstance(config, list) else ()
    ids = []
    for name, value in entries:
        if name == "initialize":  # no place for options
            continue
        ids += [f"{prefix}{name}", *_ids(value, f"{prefix}{name}#")]
    return ids


def _may_be_added(option: str, config: Mapping[str, Any]) -> bool:
    """Whether the option is a further argument of something that the config builds."""
    node: Any = config
    for name in option.split("#")[:-1]:
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, Mapping) and name in node:
            node = node[name]
        else:
            return False
    return isinstance(node, Mapping) and "_target_" in node
