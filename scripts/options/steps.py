"""Lists of steps, which a workflow runs: which there are, and that no option takes their place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from scripts.errors import InputError

MONAI_LISTS = ("imports", "initialize", "run", "finalize")  # that MONAI itself looks for
DEFAULT_IDS = {"init_id": "initialize", "final_id": "finalize"}
MARKS = ("$", "@", "%")


def lists_of_steps(config: Mapping[str, Any]) -> list[str]:
    """Lists that may be run: those that serve no other entry."""
    text = json.dumps(config, default=str)
    lists = [name for name, value in config.items() if isinstance(value, list) and name not in MONAI_LISTS]
    return [name for name in lists if not re.search(rf"@{name}\b", text)]


def holds_steps(value: Any) -> bool:
    """Whether something happens where a value is run: an expression, an object that is built, or a list of these."""
    if isinstance(value, list):
        return any(holds_steps(item) for item in value)
    if isinstance(value, Mapping):
        return "_target_" in value
    return isinstance(value, str) and value.startswith(MARKS)


def loses_steps(option: str, value: Any, config: Mapping[str, Any]) -> bool:
    """Whether an entry would leave nothing to run where steps are, so that MONAI would end as if all was well.

    Args:
        option: id of the entry.
        value: what the list of steps, or one step of it, would become.
        config: as it was read.
    """
    name, _, step = option.partition("#")
    return name in all_lists(config) and (not step or step.isdigit()) and not holds_steps(value)


def all_lists(config: Mapping[str, Any]) -> set[str]:
    """Ids of all lists of steps, also of those that MONAI itself looks for."""
    return {*lists_of_steps(config), *(name for name in MONAI_LISTS if name in config)}


def refuse_steps(given: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Refuse options in the place of steps.

    Args:
        given: options by id.
        config: as it was read.

    Raises:
        InputError: an option is a list of steps, or a step that would become text.
    """
    lists = all_lists(config)
    for option, value in given.items():
        built = isinstance(value, str) and value.startswith("{")
        if option in lists or (loses_steps(option, value, config) and not built):
            raise InputError(
                f"--{option} stands in the place of steps of the workflow, which would not run: leave --{option} out."
            )


def refuse_missing_ids(ids: Mapping[str, str], config: Mapping[str, Any]) -> None:
    """Refuse a name that is to be run and is no list of steps.

    Args:
        ids: what ``run_id``, ``init_id`` and ``final_id`` were given.
        config: as it was read.

    Raises:
        InputError: there is no such list.
    """
    lists = lists_of_steps(config)
    for name, value in ids.items():
        if value in (*lists, DEFAULT_IDS.get(name)) or (name, value) == ("run_id", "run"):
            continue
        if name == "run_id":
            raise InputError(f"There is no {value!r} that could be run: did you mean run {' or run '.join(lists)}?")
        raise InputError(f"--{name} is {value!r}, which is no list of steps in the config: leave out --{name}.")
