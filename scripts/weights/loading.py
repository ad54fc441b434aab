"""Generators with the weights of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from scripts.errors import InputError
from scripts.networks import Stainer, StainGenerator
from scripts.networks.definition import TARGET, KeepsDefinition
from scripts.networks.exported import SUFFIXES, load_exported
from scripts.networks.generator import UPSAMPLINGS
from scripts.weights.architecture import (
    BUILDERS,
    TEXTS,
    Trained,
    build_empty,
    contradicting_buffer,
    definition_in,
    first_misfit,
    refuse_contradiction,
    refuse_damaged_text,
    require_numbers,
    shapes_of,
)
from scripts.weights.checkpoint import MODEL, read_checkpoint
from scripts.weights.finite import first_not_finite
from scripts.weights.foreign import is_foreign, without_prefix

STATES = ("averaged", "ct_to_stain", "model", "state_dict")  # entries that hold the generator's weights, best first


def load_stainer(network: Stainer, path: str | os.PathLike[str], device: str | torch.device = "cpu") -> Stainer:
    """The network that inference stains with: that of a checkpoint, or an exported one.

    Args:
        network: as of `load_generator`.
        path: as of `load_generator`, or ``model.ts`` or ``model.onnx``.
        device: where an exported network is to compute.

    Raises:
        InputError: see `load_generator` and `load_exported`; an exported network that `network` contradicts.
    """
    if Path(path).suffix not in SUFFIXES:
        return load_generator(network, path)
    exported = load_exported(Path(path), device)
    if exported.definition is not None and isinstance(network, KeepsDefinition):
        refuse_contradiction(exported.definition, network, path)
    return exported


def load_generator(network: Stainer, path: str | os.PathLike[str]) -> Trained:
    """The CT-to-stain generator of a training, in evaluation mode.

    Args:
        network: the generator as the config defines it. Its arguments that were given must agree with what the weights
            say; weights of version 0.8 and before do not say, and are loaded into it.
        path: ``model.pt`` (a flat state dict or ``{"model": state dict}``) or a training's ``checkpoint.pt``, whose
            averaged weights are taken.

    Raises:
        InputError: no checkpoint, or one of another architecture.
    """
    if not isinstance(network, Trained):
        raise InputError(f"network_def is a {type(network).__name__}: give a StainGenerator or a StainUNet.")
    content = read_checkpoint(path)
    state = next((content[key] for key in STATES if isinstance(content.get(key), dict)), content)
    expected = shapes_of(network)
    tensors = without_prefix(
        {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}, [*expected, *TEXTS]
    )
    if is_foreign(tensors, expected):
        what = "the weights of another program or another network" if tensors else "no weights"
        raise InputError(f"{path} holds {what}: {MODEL}.")
    require_numbers(tensors, path)
    refuse_damaged_text(tensors, path)
    trained = definition_in(tensors, path, network)
    if trained is None:
        _check_fits(path, tensors, network)
    else:
        refuse_contradiction(trained, network, path)
        if trained[TARGET] in BUILDERS:
            network = build_empty(trained, tensors, path)
        else:
            _check_fits(path, tensors, network)  # a class of the user's own, which only the config can build
    name = first_not_finite(tensors)
    if name is not None:
        raise InputError(
            f"The weights in {path} are not finite ({name}): their training diverged; give --checkpoint another one."
        )
    network.load_state_dict(dict(tensors))
    return network.eval()


def _check_fits(path: str | os.PathLike[str], tensors: Mapping[str, torch.Tensor], network: Trained) -> None:
    """Refuse weights of another architecture that do not say of which."""
    if isinstance(network, StainGenerator) and "options" in tensors:
        trained, asked = float(tensors.get("dark_end", torch.zeros(1)).flatten()[0]), network.dark_part
        if trained != float(np.float32(asked)):
            raise InputError(
                f"The checkpoint {path} was trained with dark_end {trained:g}, not {asked:g}: give the same, "
                f"with --network_def#dark_end {trained:g}."
            )
    misfit = first_misfit(tensors, shapes_of(network))
    if misfit is not None:
        raise InputError(
            f"The checkpoint {path} is of another architecture than network_def: it {misfit}. "
            "Give network_def the values that it had in training, by the same overlay."
        )
    if contradicting_buffer(tensors, network) is not None:
        skip, upsample = tensors["options"].tolist()
        named = dict(enumerate(UPSAMPLINGS)).get(upsample, "unknown")
        raise InputError(
            f"The checkpoint {path} was trained with skip {bool(skip)} and upsample {named}: give network_def the same."
        )
