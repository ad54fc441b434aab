"""Config files behind the first one: each holds entries that the first one has, spelt as there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from monai.bundle.config_parser import ConfigParser
from monai.bundle.reference_resolver import ReferenceResolver

from scripts.errors import InputError
from scripts.files.opening import existing_file
from scripts.options.entries import find_node, has_node, may_be_added, nearest, options_of, takes
from scripts.options.steps import MONAI_LISTS, loses_steps

TRAINING = "train.yaml"  # an overlay of a training may go behind the other workflows, for the network it shapes


def merge_overlays(
    config: Path, overlays: Iterable[str | os.PathLike[str]], besides: Iterable[str] = ()
) -> dict[str, Any]:
    """The config that MONAI makes of several files.

    Args:
        config: the file of a workflow.
        overlays: files of what differs, the last one wins.
        besides: further ids that may be added, such as a list of steps that is to be run.

    Raises:
        InputError: an overlay that cannot be read, that has an entry which nothing uses, or that cannot be merged.
    """
    merged: dict[str, Any] = ConfigParser.load_config_files(str(config))
    training = config.parent / TRAINING
    lent: dict[str, Any] = ConfigParser.load_config_files(str(training)) if training.is_file() else {}
    files = [str(config)]
    for overlay in overlays:
        entries = read_entries(overlay)
        _refuse_unused(entries, {**lent, **merged}, str(overlay), besides)
        files.append(str(overlay))
        try:
            merged = ConfigParser.load_config_files(files)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise InputError(f"{overlay} cannot be merged into {config} ({error}): compare their entries.") from error
    return merged


def read_entries(overlay: str | os.PathLike[str]) -> dict[str, Any]:
    """Entries of a config file by id, as they are written.

    Raises:
        InputError: the file does not exist, or holds anything but entries.
    """
    path = existing_file(overlay)
    try:
        content = ConfigParser.load_config_file(str(path))
    except (ValueError, OSError, TypeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{overlay} is no config file ({reason}): give YAML or JSON.") from error
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError(f"{overlay} holds no entries of a config: write lines such as `batch_size: 4`.")
    return content


def _refuse_unused(entries: Mapping[str, Any], config: Mapping[str, Any], overlay: str, besides: Iterable[str]) -> None:
    free = {*MONAI_LISTS, "_meta_", *besides}
    used = list(_references({**config, **{_id(name): value for name, value in entries.items()}}))
    for name, value in entries.items():
        if not name.startswith("+") and loses_steps(_id(name), value, config):
            raise InputError(f"{overlay} leaves no steps in {_id(name)}, so nothing would run: remove the entry.")
        for unknown, guesses in _unknown(_id(name), value, config, name.startswith("+")):
            if unknown.split("#")[0] in free or any(_serves(unknown, *use) for use in used):
                continue
            guess = nearest(unknown, guesses)
            remedy = f"did you mean {guess}?" if guess else "nothing would use it; remove it."
            raise InputError(f"{overlay} has an entry {unknown}, which the config has not: {remedy}")


def _id(name: str) -> str:
    return name.removeprefix("+").replace("::", "#")


def _unknown(option: str, value: Any, config: Mapping[str, Any], merges: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """Ids that neither the config has nor an object takes, each with those that may have been meant."""
    missing = _missing(option, config)
    if missing and not may_be_added(missing, config):
        yield missing, options_of(config)
    elif isinstance(value, Mapping):
        yield from _unknown_below(option, value, None if missing else find_node(option, config), merges)


def _missing(option: str, config: Mapping[str, Any]) -> str | None:
    """The first part of an id that the config has not: ``trian`` of ``trian#trainer``."""
    names = option.split("#")
    parts = ("#".join(names[:count]) for count in range(1, len(names) + 1))
    return next((part for part in parts if not has_node(part, config)), None)


def _unknown_below(
    option: str, value: Mapping[str, Any], before: Any, merges: bool
) -> Iterator[tuple[str, Sequence[str]]]:
    old = before if isinstance(before, Mapping) else {}
    node = {**old, **value} if merges else value
    known = {} if "_target_" in value else old  # whatever an old part took, another class may not
    for name, inner in value.items():
        child = f"{option}#{name}"
        right = name in known or (takes(node, str(name)) if "_target_" in node else not old)
        if not right:
            yield child, [f"{option}#{other}" for other in {**old, **node} if other != name]
        elif isinstance(inner, Mapping):
            yield from _unknown_below(child, inner, old.get(name), False)


def _references(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Ids of a place that refers and of what the place refers to."""
    if isinstance(node, Mapping | list):
        for name, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from _references(inner, f"{place}#{name}" if place else str(name))
    elif isinstance(node, str) and node[:1] in "@$%":
        text = _absolute(node, place)
        found = [ConfigParser.split_path_id(text[1:])[1]] if text.startswith("%") else []
        for target in found or ReferenceResolver.match_refs_pattern(text):
            yield place, target.replace("::", "#")


def _absolute(text: str, place: str) -> str:
    try:
        return ConfigParser.resolve_relative_ids(place.replace("#", "::"), text)
    except ValueError:  # it climbs out of the config
        return text


def _serves(option: str, place: str, target: str) -> bool:
    """Whether a reference at another place is to the entry or to a part of the entry."""
    return f"{target}#".startswith(f"{option}#") and not f"{place}#".startswith(f"{option}#")
