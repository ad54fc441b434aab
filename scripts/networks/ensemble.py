"""Several generators as one network: the mean of their stains."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from scripts.networks.definition import KeepsDefinition, notes_arguments
from scripts.networks.scriptable import ScriptableEnsemble
from scripts.networks.sizes import check_whole
from scripts.networks.stain_generator import StainGenerator
from scripts.networks.unet import StainUNet
from scripts.networks.windowing import KeepsWindowing

MOST = 24  # members, whose digests fit into what weights say of their training


class StainEnsemble(KeepsWindowing, KeepsDefinition):
    """CT (N, 1, H, W) to stain (N, 3, H, W), both in [0, 1]: the mean of the stains of generators of one architecture.

    Such as the generators of a cross-validation. How much they differ says how sure the stain is (deep ensembles,
    Lakshminarayanan et al., NeurIPS 2017), see `UncertaintyInferer`. The windowing is the ensemble's own; that of its
    members stays unused.

    Args:
        members: how many, 1 to 24.
        of: a generator of their architecture; all members begin with its weights.

    Raises:
        ValueError: no such number; another kind of network.
    """

    members: nn.ModuleList

    @notes_arguments
    def __init__(self, members: int, of: StainGenerator | StainUNet) -> None:
        super().__init__()
        few = f"members must be a whole number from 1 to {MOST}, got {members!r}."
        check_whole(members, 1, few)
        if members > MOST:
            raise ValueError(few)
        if not isinstance(of, StainGenerator | StainUNet):
            raise ValueError(f"members must be StainGenerators or StainUNets, got a {type(of).__name__}.")
        self.members = nn.ModuleList(copy.deepcopy(of) for _ in range(members))
        self.stride, self.halo, self.channels = of.stride, of.halo, of.channels  # see `ResNetGenerator`

    @property
    def arguments(self) -> dict[str, Any]:
        """See `KeepsDefinition`."""
        return {"members": len(self.members), "of": members_of(self)[0].definition}

    def contradicting_buffer(self, tensors: Mapping[str, torch.Tensor]) -> str | None:
        """See `StainGenerator.contradicting_buffer`; of any member."""
        for number, member in enumerate(self.members):
            prefix = f"members.{number}."
            name = member.contradicting_buffer(tensors, prefix) if isinstance(member, StainGenerator) else None
            if name is not None:
                return prefix + name
        return None

    def __prepare_scriptable__(self) -> nn.Module:
        """What ``torch.jit.script`` compiles in place of this module."""
        return ScriptableEnsemble(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return mean_of(member(x) for member in self.members)


def members_of(network: Any) -> list[Any]:
    """The members of an ensemble; any other network is the only one of its own."""
    return list(network.members) if isinstance(network, StainEnsemble) else [network]


def mean_of(stains: Iterable[torch.Tensor]) -> torch.Tensor:
    """The mean of equally large tensors, one or more, in float32; three of them are in memory at a time."""
    total, count = torch.zeros(()), 0
    for stain in stains:
        total, count = total + stain if count else stain.float(), count + 1
        del stain  # before the next one is made
    return total / count
