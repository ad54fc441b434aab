"""What a training and the checkpoint that it is resumed from must have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from scripts.errors import InputError
from scripts.networks import trained_on
from scripts.networks.definition import ENTRY, KeepsDefinition, decoded, difference

GENERATORS = ("ct_to_stain", "stain_to_ct")
WRITTEN = {  # buffers that are set before a training starts, and where from
    "options": "skip and upsample",
    "factor": "factor",
    "ct_window": "ct_window of the data list",
    "ct_percentiles": "--ct_percentiles",
}


def require_same_training(path: Path, state: Mapping[str, Any], content: Mapping[str, Any], steps: int | None) -> None:
    """Refuse a checkpoint that would load and then mean something else.

    Args:
        path: of the checkpoint, for messages.
        state: the networks and all else that is to be loaded, by name.
        content: of the checkpoint, by the same names.
        steps: per epoch, now.

    Raises:
        InputError: another length of epochs, another generator, another window, another working size.
    """
    then = content["trainer"].get("epoch_length")
    if then != steps:
        raise InputError(
            f"The training in {path} has {then} steps per epoch, not {steps}: resume "
            "with the --iterations_per_epoch, --batch_size and --patches_per_slice of its start."
        )
    for name in GENERATORS:
        _require_same_network(path, state[name], content[name])
        _require_same_buffers(path, name, state[name].state_dict(), content[name])
        _require_same_size(path, state[name].state_dict(), content[name])


def _require_same_network(path: Path, network: torch.nn.Module, kept: Mapping[str, Any]) -> None:
    if ENTRY not in kept or not isinstance(network, KeepsDefinition):
        return
    try:
        different = difference(decoded(kept[ENTRY]), network.definition)
    except ValueError as error:
        raise InputError(f"{path} cannot be resumed: {error}.") from error
    if different is not None:
        raise InputError(
            f"The training in {path} {different.replace('is a', 'trains a', 1)} (network_def): "
            "resume with the network_def of its start."
        )


def _require_same_buffers(path: Path, name: str, now: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    for key in now.keys() & kept.keys():
        buffer = key.split(".")[-1]  # of a network within another one, too
        if buffer not in WRITTEN:
            continue
        then, value = kept[key], now[key].cpu()
        if not torch.equal(then.nan_to_num(), value.nan_to_num()):  # NaN for no window
            raise InputError(
                f"The training in {path} has {buffer} {then.tolist()}, not {value.tolist()} ({name}): "
                f"resume with the {WRITTEN[buffer]} of its start."
            )


def _require_same_size(path: Path, now: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Patches of another pixel size would show structures of another size in pixels."""
    if trained_on.ENTRY not in now or trained_on.ENTRY not in kept:  # of version 0.9 and before
        return
    try:
        then, size = (trained_on.decoded(part[trained_on.ENTRY].cpu()).pixel_um for part in (kept, now))
    except ValueError as error:
        raise InputError(f"{path} cannot be resumed: {error}.") from error
    if then != size:
        raise InputError(
            f"The training in {path} works at {_words(then)}, not at {_words(size)}: resume with the --working_um and "
            "the pixel_um of the data list of its start."
        )


def _words(pixel_um: float | None) -> str:
    return "pixels of unknown size" if pixel_um is None else f"pixels of {pixel_um:g} um"


def lay_out_as_weights(optimizer: torch.optim.Optimizer) -> None:
    """Give what an optimiser keeps of each weight the weight's order in memory, which a fused one on a CPU relies on.

    They differ where a training is resumed with another ``memory_format``.
    """
    for weight, kept in optimizer.state.items():
        for name, value in kept.items():
            if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                kept[name] = torch.empty_like(weight).copy_(value)
