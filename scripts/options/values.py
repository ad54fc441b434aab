"""Checks of single options: counts, devices, switches, optional packages."""

from __future__ import annotations

import importlib.util

import torch

from scripts.errors import InputError


def require_counts(**counts: int) -> None:
    """Check that every option given is a whole number, 1 or more.

    Raises:
        InputError: one is not; the message names it.
    """
    for name, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"The option {name} is {value!r}, it must be a whole number, 1 or more.")


def require_device(device: object) -> None:
    """Check that a device can be used.

    Raises:
        InputError: it is unknown, not in this machine, or not usable by this build of PyTorch.
    """
    try:
        torch.empty(1, device=device).tolist()  # type: ignore[call-overload] # `tolist`, since `meta` holds nothing to read
    except (RuntimeError, AssertionError, TypeError) as error:
        raise InputError(f"The device '{device}' cannot be used here: give --device cpu, or none at all.") from error


def is_switch(value: object) -> bool:
    """Whether a value is true or false, in text in any case."""
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false"))


def truth(value: bool | str, name: str) -> bool:
    """Read a switch: MONAI's command line passes ``true`` and ``false`` on as strings, and every string counts as true.

    Raises:
        InputError: it is neither true nor false.
    """
    if not is_switch(value):
        raise InputError(f"The option {name} is {value!r}, it must be true or false.")
    return str(value).lower() == "true"


def require_package(name: str) -> None:
    """Check that an optional package is there.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec(name) is None:
        raise InputError(f"The package {name} is not installed: run `pip install {name}`, and repeat the command.")
