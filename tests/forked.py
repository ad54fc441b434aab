"""Processes that are forked off the test's own: fresh ones would import all of PyTorch and MONAI again."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from torch.multiprocessing.spawn import start_processes


def in_two(work: Callable[..., object], *given: Any) -> None:
    """Call ``work(*given)`` in each of two processes, which know of each other what ``torchrun`` would tell them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start_processes(_member, (port, work, given), nprocs=2, start_method="fork")


def _member(number: int, port: int, work: Callable[..., object], given: tuple[Any, ...]) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(number), "LOCAL_RANK": str(number), "WORLD_SIZE": "2"}
    work(*given)
