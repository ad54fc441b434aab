"""Memory that does not suffice for a step of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from scripts.errors import InputError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory could not be had, on the CPU or a GPU."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    words = str(error)  # torch has no kind of its own for the CPU
    return isinstance(error, RuntimeError) and ("can't allocate memory" in words or "out of memory" in words)


@contextmanager
def told_as_sentence(device: torch.device | str | None) -> Iterator[None]:
    """Let a lack of memory end as the user's mistake.

    Args:
        device: where the enclosed computes.

    Raises:
        InputError: there is too little memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"A training step needs more memory than {device} has free: "
            "give a smaller --batch_size or --patch_size, or end other programs."
        ) from error
