"""Which entries a config has, and which may be added to it."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from pydoc import locate
from typing import Any

from scripts.errors import InputError
from scripts.options.steps import all_lists

#: Options of earlier versions, and what takes their place.
REPLACED = {"spacing": "write --voxel_um, in micrometres instead of mm."}


def refuse_unknown_ids(given: Iterable[str], config: Mapping[str, Any], besides: Collection[str] = ()) -> None:
    """Refuse a misspelt option.

    Args:
        given: names such as ``network_def#blocks``.
        config: as it was read.
        besides: further names that are right.

    Raises:
        InputError: an option that is neither an entry of the config nor among `besides`.
    """
    known = {*ids_of(config), *besides}
    for option in given:
        if option in known or may_be_added(option, config):
            continue
        if option in REPLACED:
            raise InputError(f"There is no option --{option} any more: {REPLACED[option]}")
        guess = nearest(option, [*options_of(config), *besides])
        remedy = f"did you mean --{guess}?" if guess else "the config file lists the options there are."
        raise InputError(f"There is no option --{option}: {remedy}")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The id that was probably meant: the same name below another id, else a similar one.

    There is none for an item of a list, and what the name lies below is none.
    """
    last = name.split("#")[-1]
    if last.isdigit():
        return None
    candidates = [
        other
        for other in sorted(known)
        if _without_numbers(other) != _without_numbers(name) and not name.startswith(f"{other}#")
    ]
    namesakes = [other for other in candidates if other.split("#")[-1] == last]
    close = difflib.get_close_matches(name, namesakes or candidates, n=1, cutoff=0.0 if namesakes else 0.6)
    return close[0] if close else None


def _without_numbers(name: str) -> str:
    return re.sub(r"\d+", "0", name)


def ids_of(config: Any, prefix: str = "") -> list[str]:
    """Every id below a node: ``train``, ``train#trainer``, ``train#trainer#max_epochs`` ..."""
    entries = config.items() if isinstance(config, Mapping) else enumerate(config) if isinstance(config, list) else ()
    ids = []
    for name, value in entries:
        if name == "initialize":  # holds no options
            continue
        ids += [f"{prefix}{name}", *ids_of(value, f"{prefix}{name}#")]
    return ids


def options_of(config: Mapping[str, Any]) -> list[str]:
    """Every id but those of steps."""
    lists = all_lists(config)
    return [name for name in ids_of(config) if name.split("#")[0] not in lists]


def find_node(option: str, config: Any) -> Any:
    """What lies below an id, as it was read.

    Raises:
        KeyError: nothing does.
    """
    node = config
    for name in option.split("#"):
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, Mapping) and name in node:
            node = node[name]
        else:
            raise KeyError(option)
    return node


def has_node(option: str, config: Any) -> bool:
    """Whether anything lies below an id."""
    try:
        find_node(option, config)
    except KeyError:
        return False
    return True


def may_be_added(option: str, config: Mapping[str, Any]) -> bool:
    """Whether the option is a further argument of an object that the config builds, and no misspelt one."""
    parent, _, last = option.rpartition("#")
    node = find_node(parent, config) if has_node(parent, config) else None
    return isinstance(node, Mapping) and "_target_" in node and takes(node, last)


def takes(component: Mapping[str, Any], argument: str) -> bool:
    """Whether what is built by a part of a config, which has a ``_target_``, takes an argument of that name."""
    arguments = _arguments_of(str(component["_target_"]))
    if arguments is not None:
        return argument in arguments
    others = [str(name) for name in component if name != argument]
    return not difflib.get_close_matches(argument, others, n=1, cutoff=0.85)


def _arguments_of(target: str) -> set[str] | None:
    """Names of the arguments of what a ``_target_`` names; None where it takes any, or is not found."""
    found = locate(target) if "." in target else None  # MONAI's own classes are named without their module
    try:
        parameters = inspect.signature(found).parameters  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return {*parameters, "_target_", "_disabled_", "_requires_", "_desc_", "_mode_"}
