"""Numbers that are none: found before they are stored, or used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

WINDOW = "ct_window"  # buffer that is all NaN where there is no window, see `KeepsWindowing`


def first_not_finite(content: Any, name: str = "") -> str | None:
    """Name the first tensor with a NaN or an infinity in nested mappings and sequences, such as state dicts.

    Args:
        content: tensors at any depth; anything else counts as finite, as does a window that is not set.
        name: of `content` itself.

    Returns:
        The keys that lead to the tensor, joined by dots; None where all are finite.
    """
    if isinstance(content, torch.Tensor):
        no_window = name.rsplit(".", 1)[-1] == WINDOW and bool(torch.isnan(content).all())
        return None if no_window or bool(torch.isfinite(content).all()) else name
    if isinstance(content, Mapping):
        parts = list(content.items())
    elif isinstance(content, Sequence) and not isinstance(content, str | bytes):
        parts = list(enumerate(content))
    else:
        return None
    found = (first_not_finite(part, f"{name}.{key}" if name else str(key)) for key, part in parts)
    return next((place for place in found if place is not None), None)
