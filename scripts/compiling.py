"""Networks compiled by ``torch.compile``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

import torch
from torch import nn

from scripts.errors import InputError

COMPILERS = ("g++", "clang++", "c++", "cl", "icpx")


def compile_in_place(networks: Iterable[nn.Module], device: torch.device | str) -> None:
    """Compile each network at its first call; its weights keep their names.

    Raises:
        InputError: on a CPU, for which C++ is generated, there is no compiler.
    """
    own = os.environ.get("CXX")
    if torch.device(device).type == "cpu" and not any(shutil.which(name) for name in ([own] if own else COMPILERS)):
        raise InputError(
            f"--compile true needs a C++ compiler, and there is no {own or ' or '.join(COMPILERS)}: "
            "install one, name it in CXX, or leave out --compile."
        )
    for network in networks:
        network.compile()
