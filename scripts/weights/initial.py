"""Where a training begins: at random weights, or at those of an earlier training."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from scripts.data.window_choice import NO_TRAINING, Training, training_of
from scripts.errors import InputError
from scripts.networks import StainEnsemble, Stainer, StainGenerator
from scripts.networks.definition import KeepsDefinition
from scripts.networks.exported import SUFFIXES
from scripts.weights.architecture import first_misfit, shapes_of
from scripts.weights.checkpoint import read_checkpoint
from scripts.weights.finite import first_not_finite
from scripts.weights.loading import load_generator

logger = logging.getLogger(__name__)

TO_GIVE = "give --initial_weights the model.pt or checkpoint.pt that a training wrote"


def load_initial(network: Stainer, path: str | os.PathLike[str] | None) -> Stainer:
    """The generator with the weights that its training begins with.

    Args:
        network: as `network_def` builds it, with random weights. A default `StainGenerator` asks for nothing: the file
            says of what network its weights are.
        path: ``model.pt`` or ``checkpoint.pt`` of an earlier training; None: the random weights.

    Raises:
        InputError: see `load_generator`; an exported network; an ensemble.
    """
    if path is None:
        return network
    if Path(path).suffix in SUFFIXES:
        raise InputError(f"{path} is an exported network, which cannot be trained on: {TO_GIVE}.")
    try:
        begun = load_generator(_of_any(network), path)
    except InputError as error:
        raise InputError(str(error).replace("--checkpoint", "--initial_weights")) from error
    if isinstance(begun, StainEnsemble):
        raise InputError(f"{path} is an ensemble, which cannot be trained on: give --initial_weights a member of it.")
    return begun.train()


def load_companions(networks: Mapping[str, nn.Module], path: str | os.PathLike[str] | None) -> Mapping[str, nn.Module]:
    """The way back and the discriminators, with the weights of a training's ``checkpoint.pt`` where they fit.

    ``model.pt`` holds the generator alone: with it they begin at random.

    Args:
        networks: by their names in the checkpoint; changed in place.
        path: as of `load_initial`.

    Raises:
        InputError: see `read_checkpoint`; weights that are not finite.
    """
    content = {} if path is None else read_checkpoint(path, TO_GIVE)
    for name, network in networks.items():
        state = content.get(name)
        if not isinstance(state, Mapping):
            continue
        broken = first_not_finite(state)
        if broken is not None:
            raise InputError(f"The weights in {path} are not finite ({name}: {broken}): {TO_GIVE}.")
        if first_misfit(state, shapes_of(network)) is None:
            network.load_state_dict(dict(state))
        else:
            logger.info("%s: its %s is of another architecture, so that this one begins at random.", path, name)
    return networks


def earlier_windows(network: Stainer, path: str | os.PathLike[str] | None) -> Training:
    """What the windows of a training's scans are found by: those of the training that its weights come from.

    Args:
        network: of `load_initial`, before a training notes its own scans in it.
        path: as of `load_initial`.
    """
    return NO_TRAINING if path is None else training_of(network)


def tell_beginning(path: str | os.PathLike[str] | None, resume: bool, output_dir: str | os.PathLike[str]) -> None:
    """Say which weights a training begins with, if they are not random.

    Args:
        path: as of `load_initial`.
        resume: whether the training goes on from its own checkpoint, whose weights replace all others.
        output_dir: of the training.
    """
    if path is not None and resume:
        logger.info(
            "--resume goes on with the weights of %s; --initial_weights %s only says what network and which windows "
            "the training began with.",
            Path(output_dir) / "checkpoint.pt",
            path,
        )
    elif path is not None:
        logger.info("The training begins with the weights of %s.", path)


def _of_any(network: Stainer) -> Stainer:
    default = StainGenerator()
    if isinstance(network, KeepsDefinition) and network.definition == default.definition:
        return default
    return network
