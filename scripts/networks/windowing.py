"""The windowing that a CT-to-stain generator's CT needs, kept with its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from scripts.networks.trained_on import ENTRY, UNKNOWN, TrainedOn, decoded, encoded


class KeepsWindowing(nn.Module):
    """A network (a base class) with three buffers that travel with its weights.

    ``ct_window`` (2,) is the window [lo, hi] common to all training scans, NaN where they had different ones;
    ``ct_percentiles`` (2,) the percentiles that find the window of any other scan; ``trained_on_json`` (4096,) what the
    training's scans were, see `TrainedOn`. Weights of version 0.9 and before lack the last.
    """

    ct_window: torch.Tensor
    ct_percentiles: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ct_window", torch.full((2,), math.nan))
        self.register_buffer("ct_percentiles", torch.tensor([0.5, 99.5]))
        self.register_buffer(ENTRY, encoded(UNKNOWN))

    def set_windowing(self, window: Sequence[float] | None, percentiles: Sequence[float]) -> None:
        """Note how the training CT was windowed: `window` None where the scans have no common one."""
        self.ct_window.copy_(torch.tensor([math.nan, math.nan] if window is None else list(window)))
        self.ct_percentiles.copy_(torch.tensor(list(percentiles)))

    @property
    def trained_window(self) -> tuple[float, float] | None:
        """The window common to all training scans, or None."""
        lo, hi = self.ct_window.tolist()
        return None if math.isnan(lo) else (lo, hi)

    @property
    def percentiles(self) -> tuple[float, float]:
        """Lower and upper percentile that find the window of a scan."""
        lower, upper = self.ct_percentiles.tolist()
        return (round(lower, 4), round(upper, 4))

    @property
    def trained_on(self) -> TrainedOn:
        """What the weights say of the scans of their training."""
        return decoded(self.get_buffer(ENTRY).cpu())

    @trained_on.setter
    def trained_on(self, trained_on: TrainedOn) -> None:
        self.get_buffer(ENTRY).copy_(encoded(trained_on))

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
        of_now = {prefix + ENTRY: encoded(UNKNOWN), **state_dict}
        super()._load_from_state_dict(of_now, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        try:
            decoded(of_now[prefix + ENTRY].cpu())
        except ValueError as error:
            error_msgs.append(f"{error}.")
