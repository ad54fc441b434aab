"""What a network is built of, kept with its weights: a text in JSON, as a tensor of its bytes."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import torch
from torch import nn

ENTRY = "network_def"  # of a state dict, and of an exported network
TARGET = "_target_"  # of a definition: the class, as the configs name it
PACKAGE = "scripts.networks"
LONGEST = 4096  # bytes of a text
LENGTH = 1024  # of an entry: MONAI's `copy_model_state` leaves out, without a word, what has another shape

Build = TypeVar("Build", bound=Callable[..., None])
Definition = dict[str, Any]


class KeepsDefinition(nn.Module):
    """A network (a base class) whose state dict says how it was built.

    The entry ``network_def`` is a uint8 tensor, see `encoded`. It is no buffer: nothing averages, broadcasts or moves
    it, and weights without it, such as those of earlier versions, fit as well.

    Attributes:
        asked: names of the arguments that were given, see `notes_arguments`.
    """

    asked: frozenset[str] = frozenset()

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that decide what the weights compute, in JSON's types."""
        raise NotImplementedError  # a base class: each network says its own

    @property
    def definition(self) -> Definition:
        """The entry ``network_def`` of a config that builds this network."""
        kind = type(self)
        name = f"{kind.__module__}.{kind.__qualname__}"
        own = kind.__module__.startswith(f"{PACKAGE}.")
        return {TARGET: f"{PACKAGE}.{kind.__name__}" if own else name, **self.arguments}

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + ENTRY] = encoded(self.definition)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        rest = {name: value for name, value in state_dict.items() if name != prefix + ENTRY}
        super()._load_from_state_dict(rest, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        try:
            given = decoded(state_dict[prefix + ENTRY]) if prefix + ENTRY in state_dict else self.definition
        except ValueError as error:
            error_msgs.append(str(error))
            return
        different = difference(given, self.definition)
        if different is not None:
            error_msgs.append(f"The weights are of a network that {different}.")


def notes_arguments(build: Build) -> Build:
    """Let ``__init__`` of a `KeepsDefinition` take an argument that is None for one that is not given, and note the
    names of the others in ``asked``.
    """
    signature = inspect.signature(build)

    @functools.wraps(build)
    def noted(network: KeepsDefinition, *args: Any, **kwargs: Any) -> None:
        named = {name: value for name, value in kwargs.items() if value is not None}  # of another network, perhaps
        given = signature.bind(network, *args, **named).arguments
        known = {name: value for name, value in given.items() if value is not None}
        build(**known)  # the network among them, by its name
        network.asked = frozenset(known) - {next(iter(given))}

    return cast(Build, noted)


def encoded(definition: Mapping[str, Any]) -> torch.Tensor:
    """A definition as the bytes (1024,) uint8 of JSON in ASCII, filled up with blanks."""
    return torch.tensor(list(json.dumps(definition).encode("ascii").ljust(LENGTH)), dtype=torch.uint8)


def decoded(tensor: Any) -> Definition:
    """The definition that `encoded` made a tensor of; nothing in it is checked but that its values are plain.

    Raises:
        ValueError: it is no such tensor.
    """
    what = f"{ENTRY} is no description of a network"
    if not isinstance(tensor, torch.Tensor) or tensor.dtype != torch.uint8 or tensor.ndim != 1:
        raise ValueError(what)
    if tensor.is_meta or tensor.layout != torch.strided:
        raise ValueError(f"{what}: no bytes lie in it")
    if not 0 < tensor.numel() <= LONGEST:
        raise ValueError(f"{what}: it has {tensor.numel()} bytes")
    try:
        content = json.loads(bytes(tensor.tolist()).decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what}: it is not JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get(TARGET), str):
        raise ValueError(f"{what}: it names no {TARGET}")
    if not all(_is_plain(value) or _is_part(value) for value in content.values()):
        raise ValueError(f"{what}: a value is neither number nor word nor list of numbers")
    return content


def parts_of(definition: Mapping[str, Any]) -> list[Definition]:
    """A definition, and those of networks that are arguments in it."""
    return [dict(definition), *(value for value in definition.values() if isinstance(value, dict))]


def _is_part(value: Any) -> bool:
    """Whether it defines a network that is built of no others."""
    return isinstance(value, dict) and isinstance(value.get(TARGET), str) and all(map(_is_plain, value.values()))


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(part, int) and not isinstance(part, bool) for part in value)
    return isinstance(value, bool | int | float | str)


def difference(trained: Mapping[str, Any], asked: Mapping[str, Any]) -> str | None:
    """Name the first entry of `asked` that is another in `trained`, and both values; None where all are the same.

    Returns:
        As in ``has blocks 4, not 6``, or ``is a StainUNet, not a StainGenerator``.
    """
    if trained[TARGET] != asked[TARGET]:
        kinds = [str(definition[TARGET]).rsplit(".", 1)[-1] for definition in (trained, asked)]
        return f"is a {kinds[0]}, not a {kinds[1]}"
    for name, value in asked.items():
        if name not in trained or trained[name] == value:
            continue
        if isinstance(value, Mapping) and isinstance(trained[name], Mapping):
            inner = difference(trained[name], value) or "is described otherwise"
            return f"has members of which each {inner}"
        return f"has {name} {trained[name]}, not {value}"
    return None
