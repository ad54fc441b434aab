"""Reading and writing weights: never half a file, never code from a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import torch

from scripts.errors import InputError
from scripts.networks import Stainer
from scripts.networks.exported import SUFFIXES, load_exported
from scripts.networks.generator import UPSAMPLINGS, ResNetGenerator
from scripts.networks.windowing import KeepsWindowing

Network = TypeVar("Network", bound=KeepsWindowing)
MODEL = "give --checkpoint the model.pt that a training wrote"


def save_atomically(content: Any, path: str | os.PathLike) -> None:
    """Write with `torch.save` under a temporary name and rename: `path` is either the old file or the whole new one.

    Raises:
        InputError: the folder cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise InputError(f"Cannot write {path}: {error}. Free some space or choose another output_dir.") from error


def read_checkpoint(path: str | os.PathLike, remedy: str = MODEL) -> dict[str, Any]:
    """Read a checkpoint with ``weights_only=True``.

    Args:
        path: the file.
        remedy: what to do where it cannot be read.

    Raises:
        InputError: the file is missing, cut off, or no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no checkpoint {path}: {remedy}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for what is not a checkpoint
        raise InputError(
            f"{path} is not a readable checkpoint (damaged, cut off, or not written by torch.save with plain tensors): "
            f"{remedy}."
        ) from error
    if not isinstance(content, dict) or not content:
        raise InputError(f"{path} holds no state dict: {remedy}.")
    return content


def load_stainer(network: Stainer, path: str | os.PathLike, device: str | torch.device = "cpu") -> Stainer:
    """The network that inference stains with: `network` with the weights of a checkpoint, or an exported one.

    Args:
        network: the generator as the config defines it; without influence on an exported one.
        path: as of `load_generator`, or ``model.ts`` or ``model.onnx``.
        device: where an exported network is to compute.

    Raises:
        InputError: see `load_generator` and `load_exported`.
    """
    if Path(path).suffix in SUFFIXES:
        return load_exported(Path(path), device)
    return load_generator(network, path)


def load_generator(network: Network, path: str | os.PathLike) -> Network:
    """Load weights into the CT-to-stain generator and return it in evaluation mode.

    Args:
        network: the generator as the config defines it.
        path: ``model.pt`` (a flat state dict or ``{"model": state dict}``) or a training's ``checkpoint.pt``, whose
            averaged weights are taken.

    Raises:
        InputError: no checkpoint, or one of another architecture.
    """
    content = read_checkpoint(path)
    for key in ("averaged", "ct_to_stain", "model"):
        if isinstance(content.get(key), dict):
            content = content[key]
            break
    expected = network.state_dict()
    tensors = {name: value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if "options" in expected and "options" in tensors:  # both of a ResNetGenerator
        trained, asked = (float(state.get("dark_end", 0.0)) for state in (tensors, expected))
        if trained != asked:
            raise InputError(
                f"The checkpoint {path} was trained with dark_end {trained:g}, not {asked:g}: give the same, "
                f"with --network_def#dark_end {trained:g}."
            )
    missing = [name for name in expected if name not in tensors]
    foreign = [name for name in tensors if name not in expected]
    reshaped = [name for name in expected if name in tensors and tensors[name].shape != expected[name].shape]
    for what, names in (("lacks", missing), ("has besides", foreign), ("has in another shape", reshaped)):
        if names:
            raise InputError(
                f"The checkpoint {path} is of another architecture than network_def: it {what} {names[0]} "
                f"({len(names)} such). Give network_def the values that it had in training, by the same overlay."
            )
    if isinstance(network, ResNetGenerator) and not torch.equal(tensors["options"].cpu(), network.options.cpu()):
        skip, upsample = tensors["options"].tolist()
        raise InputError(
            f"The checkpoint {path} was trained with skip {bool(skip)} and upsample {UPSAMPLINGS[upsample]}: "
            "give network_def the same."
        )
    if not all(bool(torch.isfinite(tensors[name]).all()) for name, _ in network.named_parameters()):
        raise InputError(
            f"The weights in {path} are not finite: their training diverged; give --checkpoint another one."
        )
    network.load_state_dict(tensors)
    return network.eval()
