"""The windowing that a CT-to-stain generator's CT needs, kept with its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn


class KeepsWindowing(nn.Module):
    """A network (a base class) with two buffers that travel with its weights.

    ``ct_window`` (2,) is the window [lo, hi] common to all training scans, NaN where they had different ones;
    ``ct_percentiles`` (2,) the percentiles that find the window of any other scan.
    """

    ct_window: torch.Tensor
    ct_percentiles: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ct_window", torch.full((2,), math.nan))
        self.register_buffer("ct_percentiles", torch.tensor([0.5, 99.5]))

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
