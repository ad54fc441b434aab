"""The generator that stains: a ResNet generator from CT to section, which says what it is built of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from scripts.networks.definition import KeepsDefinition, notes_arguments
from scripts.networks.familiar import KeepsFamiliar
from scripts.networks.generator import BLOCKS, CHANNELS, UPSAMPLINGS, ResNetGenerator
from scripts.networks.windowing import KeepsWindowing

DARK_END = 0.25  # what the configs have too


class StainGenerator(ResNetGenerator, KeepsFamiliar, KeepsWindowing, KeepsDefinition):
    """CT (N, 1, H, W) to stain (N, 3, H, W), with the windowing its CT needs and what it is built of.

    Resin, soft tissue and PEEK lie within a few hundredths of the window: what a histologist would narrow it for, the
    network can be shown beside the whole. Without, it depends on the seed when it learns to tell them apart.

    The arguments are those of `ResNetGenerator` but for the channels in and out, None standing for the default, and

    Args:
        dark_end: this part of the window's dark end is shown to the network stretched to the full contrast besides, as
            a second channel; 0: only the whole window. The buffer ``dark_end`` keeps it with the weights.

    Raises:
        ValueError: as `ResNetGenerator`; dark_end is not in [0, 1].
    """

    @notes_arguments
    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        blocks: int = BLOCKS,
        norm: str = "batch",
        upsample: str = "nearest",
        skip: bool = True,
        kernel_size: int = 3,
        dark_end: float = DARK_END,
    ) -> None:
        if isinstance(dark_end, bool) or not isinstance(dark_end, int | float) or not 0 <= dark_end <= 1:
            raise ValueError(f"dark_end must be a part of the window, from 0 to 1, got {dark_end!r}.")
        super().__init__(2 if dark_end else 1, 3, channels, blocks, norm, upsample, skip, kernel_size)
        self.register_familiar(self.channels[-1])
        self.norm, self.dark_part = norm, float(dark_end)
        self.stretch = 1 / dark_end if dark_end else None
        if dark_end:
            self.register_buffer("dark_end", torch.tensor(float(dark_end)))

    @property
    def arguments(self) -> dict[str, Any]:
        """See `KeepsDefinition`."""
        return {
            "channels": list(self.channels),
            "blocks": self.blocks,
            "norm": self.norm,
            "upsample": self.upsample,
            "skip": self.skip,
            "kernel_size": self.kernel_size,
            "dark_end": self.dark_part,
        }

    def contradicting_buffer(self, tensors: Mapping[str, torch.Tensor], prefix: str = "") -> str | None:
        """Name a buffer among weights that keeps an argument which no shape tells, and has another value than ours."""
        ours: dict[str, list[float]] = {"options": [int(self.skip), UPSAMPLINGS.index(self.upsample)]}
        ours |= {"dark_end": [float(torch.tensor(self.dark_part))]} if self.dark_part else {}
        for name, value in ours.items():
            if prefix + name in tensors and tensors[prefix + name].flatten().tolist() != value:
                return name
        return None

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any) -> None:
        name = self.contradicting_buffer(state_dict, prefix)
        if name is not None:
            args[-1].append(f"The weights are of a network with other {name}, see the arguments of StainGenerator.")
        super()._load_from_state_dict(state_dict, prefix, *args)

    def encode(self, x: torch.Tensor, levels: int | None = None) -> list[torch.Tensor]:
        """See `ResNetGenerator.encode`; of a CT (N, 1, H, W)."""
        if self.stretch is not None:
            x = torch.cat([x, (self.stretch * x).clamp(max=1)], dim=1)
        return super().encode(x, levels)
