"""Running statistics of normalisation, which every forward pass moves, also that of a step which comes to nothing."""

from __future__ import annotations

from torch import nn


class RunningStatistics:
    """The buffers of networks as they are now, to be put back later.

    Args:
        networks: whose buffers; nothing else of them is kept.
    """

    def __init__(self, *networks: nn.Module) -> None:
        self.buffers = [buffer for network in networks for buffer in network.buffers()]
        self.kept = [buffer.clone() for buffer in self.buffers]

    def restore(self) -> None:
        """Put them back."""
        for buffer, kept in zip(self.buffers, self.kept, strict=True):
            buffer.copy_(kept)
