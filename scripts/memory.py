"""How much memory is free, and memory that is given back at once."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import mmap
from collections.abc import Sequence
from pathlib import Path

import psutil
import torch

CGROUP = Path("/sys/fs/cgroup")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def free_memory(device: torch.device | str = "cpu") -> int:
    """Bytes that may still be taken: on a GPU what its driver calls free, on a CPU what the machine has available or
    what the container or the batch system's job is still allowed, whichever is less.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    available = int(psutil.virtual_memory().available)
    allowed = _allowance()
    return available if allowed is None else min(available, allowed)


def total_memory(device: torch.device | str = "cpu") -> int:
    """Bytes of a device, of a CPU those that the container or the batch system's job is allowed, if they are fewer."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    total, limit = int(psutil.virtual_memory().total), _limit()
    return total if limit is None else min(total, limit[0])


def empty_slab(shape: Sequence[int], dtype: torch.dtype, device: torch.device | str = "cpu") -> torch.Tensor:
    """An uninitialised tensor whose memory goes back to the system as soon as it is freed.

    What C's allocator is given back it keeps, one heap for each thread, up to 32 MB apiece: slabs that wander from the
    reading to the staining to the writing thread would be kept several times over.
    """
    size = math.prod(shape)
    if torch.device(device).type != "cpu" or not size:
        return torch.empty(*shape, dtype=dtype, device=device)
    memory = mmap.mmap(-1, size * dtype.itemsize)
    return torch.frombuffer(memory, dtype=dtype, count=size).view(*shape)


def give_back_freed_memory() -> None:
    """Let C's allocator return to the system what it keeps of freed memory, in the heaps of all threads.

    Among features of many sizes its heaps become ever more riddled: without this a long volume takes half as much
    memory again as a short one. Does nothing but with glibc.
    """
    trim = getattr(_libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def keep_freed_memory(device: torch.device | str = "cpu") -> None:
    """Let C's allocator keep freed blocks below 32 MB for the next request, from now on and in this whole process.

    By default the allocator returns many of them at once. The system then hands out and clears the same pages again
    for every layer of a network, which costs up to a fifth of the time. Only a process that belongs to a workflow or a
    command calls this: a library leaves the allocator of its caller alone. Does nothing but with glibc.

    Args:
        device: where the network computes; nothing is done for another one than a CPU.
    """
    if torch.device(device).type != "cpu":
        return
    setting = getattr(_libc(), "mallopt", None)
    if setting is not None:
        setting(M_MMAP_THRESHOLD, 2**25)  # the highest it accepts
        setting(M_TRIM_THRESHOLD, 2**30)


@functools.cache
def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None


def _cache(statistics: Path) -> int:
    """Bytes of files that the kernel keeps in memory until it is needed: they count as used, but are free."""
    try:
        lines = dict(line.split() for line in statistics.read_text().splitlines())
        return int(lines.get("total_inactive_file", lines.get("inactive_file", 0)))
    except (OSError, ValueError):
        return 0


def _allowance(root: Path = CGROUP) -> int | None:
    """What the control group of this process may still take, None without a limit."""
    limit = _limit(root)
    return None if limit is None else max(0, limit[0] - limit[1])


def _limit(root: Path = CGROUP) -> tuple[int, int] | None:
    """What the control group of this process (version 2, then 1) may take and has taken, None without a limit."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            taken = int((root / used).read_text()) - _cache((root / used).with_name("memory.stat"))
            return int((root / limit).read_text()), taken
    return None
