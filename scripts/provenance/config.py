"""What the config of a run changes in the bundle's own, such as ``configs/train.yaml``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monai.bundle.config_parser import ConfigParser

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TRAIN, EVALUATE = CONFIGS / "train.yaml", CONFIGS / "evaluate.yaml"
NOT_COMPARED = ("_meta_", "run")  # the metadata; a copy of `training`
ABSENT = object()
LOGIN = re.compile(r"(?<=://)[^/\s@]+@")  # name and password of an address

Difference = dict[str, Any]


def config_in_use() -> dict[str, Any] | None:
    """The config from which MONAI is building at this moment, with overlays, options and what a program has set.

    MONAI hands a component its own arguments only. The parser is found on the stack of calls, which is the only way
    that holds for a command line and for a ``ConfigWorkflow`` of a program alike.

    Returns:
        As written, expressions and references not yet resolved; None where no parser is at work.
    """
    frame = inspect.currentframe()
    while frame is not None:
        parser = frame.f_locals.get("self")
        if isinstance(parser, ConfigParser) and frame.f_code.co_name == "get_parsed_content":
            config: dict[str, Any] = parser.get()
            return config
        frame = frame.f_back
    return None


def differences(config: Mapping[str, Any], default: Path = TRAIN) -> dict[str, Difference]:
    """What a config changes, adds and leaves out.

    Args:
        config: see `config_in_use`.
        default: file of the config to compare with.

    Returns:
        By id, such as ``train#trainer#max_epochs``: ``default`` and ``value``, either of them left out where there is
        none. Values are those of JSON; anything else becomes its type's name.
    """
    parser = ConfigParser()
    parser.read_config(str(default))
    parser.resolve_macro_and_relative_ids()  # as the parser of a workflow does
    return dict(_differences("", parser.get(), config))


def _differences(place: str, default: Any, value: Any) -> Iterator[tuple[str, Difference]]:
    old, new = _entries(default), _entries(value)
    if old is None or new is None or isinstance(default, Mapping) != isinstance(value, Mapping):
        if plain(default) != plain(value):
            given = {"default": default, "value": value}
            yield place, {name: plain(part) for name, part in given.items() if part is not ABSENT}
        return
    for name in {**old, **new}:
        if place or name not in NOT_COMPARED:
            inner = f"{place}#{name}" if place else str(name)
            yield from _differences(inner, old.get(name, ABSENT), new.get(name, ABSENT))


def _entries(node: Any) -> Mapping[Any, Any] | None:
    """Of a mapping that has any, or of a list of more than numbers and words."""
    if isinstance(node, list) and any(isinstance(entry, Mapping | list) for entry in node):
        return dict(enumerate(node))
    return node if isinstance(node, Mapping) and node else None


def plain(value: Any) -> Any:
    """A value as JSON has it, the same in each process, without logins; ``::`` in ids is written ``#``."""
    if value is ABSENT or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return LOGIN.sub("***@", value.replace("::", "#"))
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return f"<{type(value).__module__}.{type(value).__qualname__}>"
