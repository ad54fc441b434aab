"""Reading and writing weights: never half a file, never a damaged one, never code from a file."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.errors import InputError
from scripts.files.seal import damage_of, is_archive, seal
from scripts.networks import Stainer, StainGenerator
from scripts.networks.definition import ENTRY, KeepsDefinition
from scripts.networks.exported import SUFFIXES, load_exported
from scripts.networks.generator import UPSAMPLINGS
from scripts.weights.architecture import (
    Trained,
    build_empty,
    contradicting_buffer,
    definition_in,
    first_misfit,
    refuse_contradiction,
    require_numbers,
    shapes_of,
)
from scripts.weights.finite import first_not_finite
from scripts.weights.foreign import archive_kind_of, is_foreign, kind_of, unreadable, without_prefix
from scripts.whole import whole_file, writing

MODEL = "give --checkpoint the model.pt that a training wrote"
STATES = ("averaged", "ct_to_stain", "model", "state_dict")  # entries that hold the generator's weights, best first


def save_atomically(content: Any, path: str | os.PathLike[str]) -> None:
    """Write with `torch.save`, with a digest at the end (see `seal`): `path` is either the old file or the whole new
    one, whatever ends the process or the machine.

    Raises:
        InputError: the folder cannot be written.
        FloatingPointError: a tensor in it is not finite.
    """
    path = Path(path)
    name = first_not_finite(content)
    if name is not None:
        raise FloatingPointError(
            f"{path} is not written, since {name} is not finite: the training has diverged. "
            "Start anew with a lower --learning_rate."
        )
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            try:
                torch.save(content, partial)
            except RuntimeError as error:  # how torch reports a full disk
                raise OSError(errno.ENOSPC, "the disk is full, or fails") from error
            seal(partial)


def previous_of(path: Path) -> Path:
    """Where the predecessor of a training's checkpoint is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def read_checkpoint(path: str | os.PathLike[str], remedy: str = MODEL, if_damaged: str | None = None) -> dict[str, Any]:
    """Read a checkpoint with ``weights_only=True``, once its bytes have proved to be those that were written.

    A file of the format that torch had before version 1.6 has no checksums: its damage goes unnoticed.

    Args:
        path: the file.
        remedy: what to do where it cannot be read, the end of a sentence.
        if_damaged: what to do where it is damaged; None: copy it again, or take its predecessor where there is one.

    Raises:
        InputError: the file is missing, damaged, or no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no checkpoint {path}: {remedy}.")
    if if_damaged is None:
        other = f"give {previous_of(path)}" if previous_of(path).is_file() else remedy
        if_damaged = f"copy it again from where it came, or {other}"
    _check_file(path, remedy, if_damaged)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of other programs' files, about which the sentence says more
            content = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # torch raises half a dozen kinds for what is not a checkpoint
        raise InputError(f"{unreadable(path, error, remedy)}.") from error
    if not isinstance(content, dict) or not content:
        raise InputError(f"{path} holds no state dict: {remedy}.")
    return content


def _check_file(path: Path, remedy: str, if_damaged: str) -> None:
    try:
        found = kind_of(path, remedy)
        if found is None and is_archive(path):
            damage = damage_of(path)
            if damage is not None:
                raise InputError(f"{path} is damaged ({damage}): {if_damaged}.")
            found = archive_kind_of(path, remedy)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): {remedy}.") from error
    if found is not None:
        raise InputError(f"{found}.")


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
        {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}, [ENTRY, *expected]
    )
    if is_foreign(tensors, expected):
        what = "the weights of another program or another network" if tensors else "no weights"
        raise InputError(f"{path} holds {what}: {MODEL}.")
    require_numbers(tensors, path)
    trained = definition_in(tensors, path)
    if trained is None:
        _check_fits(path, tensors, network)
    else:
        refuse_contradiction(trained, network, path)
        network = build_empty(trained, tensors, path)
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
        trained, asked = float(tensors.get("dark_end", 0.0)), network.dark_part
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
