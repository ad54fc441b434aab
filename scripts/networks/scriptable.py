"""A generator in the subset of Python that TorchScript knows.

Without ``from __future__ import annotations``: TorchScript wants annotations that are types, not their names.
"""

import copy
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from scripts.networks import familiar
from scripts.networks.definition import ENTRY, KeepsDefinition, encoded


class ScriptableGenerator(nn.Module):
    """The same image (N, 3, H, W) of a CT (N, 1, H, W) as the generator that it is made of, both in [0, 1].

    ``torch.jit.script`` puts it in the generator's place, see `ResNetGenerator.__prepare_scriptable__`. The buffers
    come along, so that the windowing stays with the exported weights, and one more says what the network is built of.

    Args:
        generator: a `ResNetGenerator`; its layers are copied.
    """

    def __init__(self, generator: Any) -> None:
        super().__init__()
        generator = copy.deepcopy(generator)  # scripting exchanges layers in place
        self.stem, self.down, self.trunk = generator.stem, generator.down, generator.trunk
        self.up, self.head = generator.up, generator.head
        self.skip, self.stride, self.halo = bool(generator.skip), int(generator.stride), int(generator.halo)
        self.channels = [int(number) for number in generator.channels]
        self.stretch = float(getattr(generator, "stretch", None) or 0.0)
        for name, buffer in generator.named_buffers(recurse=False):
            if name != familiar.ENTRY:  # of no use where nobody can look at the trunk
                self.register_buffer(name, buffer)
        if isinstance(generator, KeepsDefinition):
            self.register_buffer(ENTRY, encoded(generator.definition))
        self.train(generator.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2], x.shape[-1]
        if self.stretch > 0:
            x = torch.cat([x, (self.stretch * x).clamp(max=1.0)], dim=1)
        x = F.pad(2 * x - 1, [0, -width % self.stride, 0, -height % self.stride], mode="replicate")
        x = self.stem(x)
        finer: list[torch.Tensor] = []
        for down in self.down:
            x = down(x)
            finer.append(x)
        x = self.trunk(x)
        for index, up in enumerate(self.up):
            x = up(x)
            if self.skip and index < len(finer) - 1:
                x = x + finer[len(finer) - 2 - index]
        return torch.sigmoid(self.head(x))[..., :height, :width]


class ScriptableEnsemble(nn.Module):
    """The same mean (N, 3, H, W) of a CT (N, 1, H, W) as the ensemble that it is made of, with the ensemble's buffers.

    Args:
        ensemble: a `StainEnsemble` of `ResNetGenerator`s.
    """

    def __init__(self, ensemble: Any) -> None:
        super().__init__()
        self.members = nn.ModuleList(ScriptableGenerator(member) for member in ensemble.members)
        self.stride, self.halo = int(ensemble.stride), int(ensemble.halo)
        self.channels = [int(number) for number in ensemble.channels]
        for name, buffer in ensemble.named_buffers(recurse=False):
            self.register_buffer(name, buffer.clone())
        self.register_buffer(ENTRY, encoded(ensemble.definition))
        self.train(ensemble.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = torch.zeros([x.shape[0], 3, x.shape[-2], x.shape[-1]], dtype=x.dtype, device=x.device)
        for member in self.members:
            total = total + member(x)
        return total / len(self.members)
