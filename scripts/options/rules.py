"""What each option of the workflows may be: type and range, checked before anything is built with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from scripts.data.given_window import PRESETS
from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.errors import InputError
from scripts.options.values import is_switch


class Rule(NamedTuple):
    """What an option may be.

    Attributes:
        expected: in words, behind "it must be".
        holds: whether a value is as expected.
    """

    expected: str
    holds: Callable[[Any], bool]


def check_options(**options: Any) -> None:
    """Check options by `RULES`.

    Args:
        options: values by name, with ``__`` between ids: ``train__trainer__max_epochs=120``.

    Raises:
        InputError: an option breaks its rule.
    """
    for name, value in options.items():
        rule = RULES[name]
        if not rule.holds(value):
            option = name.replace("__", "#")
            raise InputError(f"The option --{option} is {value!r}, it must be {rule.expected}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(low: int, high: int) -> Rule:
    return Rule(f"a whole number from {low} to {high}", lambda value: _is_whole(value) and low <= value <= high)


def _number(above: float, most: float) -> Rule:
    return Rule(
        f"a number above {above:g}, at most {most:g}", lambda value: _is_number(value) and above < value <= most
    )


def _or_none(rule: Rule) -> Rule:
    return Rule(rule.expected, lambda value: value is None or rule.holds(value))


def _ascending(value: Any, low: float, high: float) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2 or not all(map(_is_number, value)):
        return False
    return bool(low <= value[0] < value[1] <= high)


def _is_voxel_um(value: Any) -> bool:
    sizes = value if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3 else [value]
    return all(_is_number(size) and 0 < size <= 1e6 for size in sizes)


SWITCH = Rule("true or false", is_switch)
STEPS = _whole(1, 10**9)

RULES: dict[str, Rule] = {
    "seed": _whole(0, 2**32 - 1),  # NumPy's range
    "iterations_per_epoch": STEPS,
    "batch_size": _whole(1, 10**6),
    "patch_size": _whole(24, 10**5),  # the discriminator's three strided layers need as much
    "patches_per_slice": _whole(1, 10**6),
    "learning_rate": _number(0, 1),
    "discriminator_learning_rate": Rule("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "decay_start": _whole(0, 10**9),
    "decay_epochs": _whole(0, 10**9),
    "val_interval": STEPS,
    "save_interval": STEPS,
    "minutes": _or_none(_number(0, 10**6)),
    "patience": _or_none(_whole(1, 10**9)),
    "num_workers": _whole(0, 1024),
    "ct_percentiles": Rule("two percentages, such as [0.5, 99.5]", lambda value: _ascending(value, 0, 100)),
    "working_um": _or_none(
        Rule(
            f"one number of micrometres from {FINEST_UM:g} to {COARSEST_UM:g}, or null for the sizes of the pairs",
            is_pixel_size,
        )
    ),
    "train__trainer__max_epochs": STEPS,
    "train__trainer__pool_size": _whole(0, 10**6),
    "train__trainer__max_gradient_norm": _number(0, math.inf),
    "memory_format": Rule(
        "$torch.channels_last or $torch.contiguous_format", lambda value: isinstance(value, torch.memory_format)
    ),
    "amp": SWITCH,
    "compile": SWITCH,
    "resume": SWITCH,
    "overwrite": SWITCH,
    "uncertainty": SWITCH,
    "novelty": SWITCH,
    "split": Rule("training, validation or test", lambda value: value in ("training", "validation", "test")),
    "ct_window": _or_none(
        Rule(
            f"two grey values, the lower one first, such as [5000, 35000], or one of the words {', '.join(PRESETS)}",
            lambda value: value in PRESETS if isinstance(value, str) else _ascending(value, -math.inf, math.inf),
        )
    ),
    "voxel_um": _or_none(Rule("one size in micrometres or three, such as [10, 5, 5]", _is_voxel_um)),
    "force_voxel_um": SWITCH,
    "output_grid": Rule("network or input", lambda value: value in ("network", "input")),
    "slab_size": _or_none(_whole(1, 10**6)),
    "views": _whole(2, 8),
}
