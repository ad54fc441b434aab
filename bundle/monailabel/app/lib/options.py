"""Which options of the workflows a request may set, and to what.

MONAI evaluates strings in its configs that begin with ``$``, and looks up those that begin with ``@`` or ``%``. A
request comes from anyone who reaches the server: only names listed here go on to a workflow, and only values that
are numbers, lists of numbers, true or false, or a word from a list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .refusal import Refusal

WINDOWS = ("landmarks", "percentiles", "export")  # words for a window


@dataclass(frozen=True)
class Option:
    """An option that a request may set.

    Attributes:
        accepts: whether a value is one.
        expected: what a value must be, in words.
        name: of the workflow's option, if it is not that of the request.
    """

    accepts: Callable[[Any], bool]
    expected: str
    name: str = ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_window(value: Any) -> bool:
    """As `scripts.data.given_window` has it, which is not there where the app runs."""
    if isinstance(value, str):
        return value in WINDOWS
    return _are_numbers(value) and len(value) == 2 and value[0] < value[1]


def _is_voxel_um(value: Any) -> bool:
    return _is_number(value) or (_are_numbers(value) and len(value) == 3)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_orientation(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[RLAPSI]{3}", value) is not None


def _is_axis(value: Any) -> bool:
    return value in ("z", "y", "x", "all")


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"cpu|cuda(:\d+)?", value) is not None


NUMBER = Option(_is_number, "a number")
SWITCH = Option(_is_switch, "true or false")
COUNT = Option(_is_count, "a whole number, 1 or more")
DEVICE = Option(_is_device, "cpu or cuda, or cuda:1 and so on")

#: Options of ``configs/inference.yaml``.
INFERENCE = {
    "device": DEVICE,
    "ct_window": Option(
        _is_window, "two grey values, the lower one first, or one of the words landmarks, percentiles and export"
    ),
    "nan_value": NUMBER,
    "voxel_um": Option(_is_voxel_um, "a number of micrometres or three"),
    "force_voxel_um": SWITCH,
    "orientation": Option(_is_orientation, "three of the letters R, L, A, P, S and I"),
    "axis": Option(_is_axis, "z, y, x or all"),
    "slice_average": Option(_are_numbers, "a list of numbers"),
    "uncertainty": SWITCH,
    "novelty": SWITCH,
    "views": COUNT,
    "slab_size": COUNT,
    "tile_size": COUNT,
    "amp": SWITCH,
}

#: Options of ``configs/train.yaml``.
TRAINING = {
    "device": DEVICE,
    "max_epochs": Option(_is_count, COUNT.expected, "train#trainer#max_epochs"),
    "iterations_per_epoch": COUNT,
    "batch_size": COUNT,
    "patch_size": COUNT,
    "patches_per_slice": COUNT,
    "val_interval": COUNT,
    "learning_rate": NUMBER,
    "discriminator_learning_rate": NUMBER,
    "seed": Option(lambda value: value == 0 or _is_count(value), "a whole number, 0 or more"),
    "perceptual": Option(_is_number, "a number", "loss_weights#perceptual"),
    "amp": SWITCH,
}

#: Entries that MONAI Label and its clients send for their own use.
OF_MONAI_LABEL = {
    *("model", "image", "description", "label", "client_id", "user", "session", "timeout", "logging", "local_rank"),
    *("multi_gpu", "gpus", "images", "save_label", "label_tag", "max_workers", "max_batch_size", "_id", "_image_id"),
    *("result_extension", "result_dtype", "result_compress", "result_write_to_file", "label_info", "val_split", "name"),
}


def command_words(options: Mapping[str, Option], request: Mapping[str, Any]) -> list[str]:
    """The options of a request as they stand on the command line of ``monai.bundle run``.

    Raises:
        Refusal: an option that is not listed, or a value that it does not take.
    """
    words = []
    for name, value in request.items():
        if value is None or name in OF_MONAI_LABEL:
            continue
        if name not in options:
            raise Refusal(f"There is no option {name!r}: there are {', '.join(options)}.")
        option = options[name]
        if not option.accepts(value):
            raise Refusal(f"The option {name} is {value!r}, it must be {option.expected}.")
        words += [f"--{option.name or name}", value if isinstance(value, str) else json.dumps(value)]
    return words


def refuse_expressions(value: Any) -> None:
    """Refuse a request, whatever the model, that holds something MONAI would evaluate, look up or instantiate.

    Raises:
        Refusal: it does.
    """
    if isinstance(value, str) and value.lstrip().startswith(("$", "@", "%", "{")):
        raise Refusal(f"{value[:80]!r} would be evaluated as an expression of a config: give plain values.")
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if str(key).lstrip().startswith(("$", "@", "%", "{", "_target_")):
                raise Refusal(f"The request holds {key!r}, which belongs in a config: give plain values.")
            refuse_expressions(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            refuse_expressions(entry)
