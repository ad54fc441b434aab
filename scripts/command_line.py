"""What was typed behind ``python -m monai.bundle run``."""

from __future__ import annotations

import ast
import difflib
import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow
from monai.bundle import run as monai_run
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

from scripts.errors import InputError, on_command_line

RUN_OPTIONS = {*inspect.signature(monai_run).parameters, *inspect.signature(ConfigWorkflow).parameters}


def refuse_unknown_options(arguments: Sequence[str] | None = None) -> None:
    """Refuse a misspelt option, which MONAI would add to the config as something that nobody reads.

    Args:
        arguments: as in `sys.argv` without the program; None takes those, if this process is MONAI's command line.

    Raises:
        InputError: an option that is neither of MONAI's ``run`` nor an entry of the config files; a value with ``#``,
            of which MONAI makes ``::``.
    """
    if arguments is None:
        if not on_command_line():
            return
        arguments = sys.argv[1:]
    given = _options(arguments)
    for option, value in given.items():
        if "#" in value and option != "config_file" and not value.startswith(("@", "$", "%", "{")):
            raise InputError(
                f"--{option} is {value!r}: MONAI takes '#' for the separator of a config's ids, so no path may hold "
                "one; rename it, or make a link to it."
            )
    config = _read_config(given.get("config_file", ""))
    if not config:
        return
    refuse_unknown_ids(given, config, {*RUN_OPTIONS, *_tracking_options(given)})


def refuse_unknown_ids(given: Iterable[str], config: Mapping[str, Any], besides: Iterable[str] = ()) -> None:
    """Refuse a misspelt option.

    Args:
        given: names such as ``network_def#blocks``.
        config: as it was read.
        besides: names that are right though the config has them not.

    Raises:
        InputError: an option that is neither an entry of the config nor among the others.
    """
    known = sorted({*_ids(config), *besides})
    for option in given:
        if option in known or _may_be_added(option, config):
            continue
        # rather the same name elsewhere than a similar one
        namesakes = [name for name in known if name.split("#")[-1] == option.split("#")[-1]]
        close = difflib.get_close_matches(option, namesakes or known, n=1, cutoff=0.0 if namesakes else 0.6)
        remedy = f"did you mean --{close[0]}?" if close else "the config file lists the options there are."
        raise InputError(f"There is no option --{option}: {remedy}")


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """Names, with MONAI's older separator ``#``, and values of ``--name value`` and ``--name=value``."""
    options: dict[str, str] = {}
    for index, argument in enumerate(arguments):
        if not argument.startswith("-") or not argument.lstrip("-")[:1].isalpha():  # a number may be negative
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        follows = arguments[index + 1] if index + 1 < len(arguments) else ""
        options[name.replace("-", "_").replace("::", "#")] = value if equals else follows
    return options


def _read_config(config_file: str) -> dict[str, Any]:
    """The config as MONAI merges it from one or several files."""
    try:
        files = ast.literal_eval(config_file) if config_file.lstrip().startswith(("[", "(")) else config_file
        return ConfigParser.load_config_files(files)
    except (OSError, ValueError, SyntaxError):  # MONAI has read them already and says better what is wrong
        return {}


def _tracking_options(given: Mapping[str, str]) -> set[str]:
    """What an experiment tracker that MONAI knows may be told."""
    settings: Any = DEFAULT_EXP_MGMT_SETTINGS.get(given.get("tracking", ""), {})
    return set(settings.get("configs", {}))


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
    """Whether the option is a further argument of something that the config builds, and not a misspelt one."""
    node: Any = config
    *path, last = option.split("#")
    for name in path:
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, Mapping) and name in node:
            node = node[name]
        else:
            return False
    if not isinstance(node, Mapping) or "_target_" not in node:
        return False
    return not difflib.get_close_matches(last, [str(name) for name in node], n=1, cutoff=0.85)
