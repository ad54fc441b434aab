"""The line that ends what uses the shipped weights, so that nobody takes their result for that of a training."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import ignite.distributed as idist

from scripts.files.digest import file_digest
from scripts.networks import KeepsWindowing
from scripts.networks.exported import SUFFIXES, load_exported
from scripts.networks.trained_on import ENTRY, UNKNOWN, TrainedOn, decoded
from scripts.weights.checkpoint import read_checkpoint
from scripts.weights.loading import STATES
from scripts.weights.origin import REMEDY, caution, is_shipped

logger = logging.getLogger(__name__)


def tell_caution(checkpoint: str | os.PathLike[str], network: KeepsWindowing) -> None:
    """Say in the log, as the last step of a workflow, that the weights have seen synthetic data only, if so.

    Args:
        checkpoint: file of the weights.
        network: that has them.
    """
    said = caution(file_digest(checkpoint), network.trained_on, REMEDY)
    if said and idist.get_rank() == 0:
        logger.warning(said)


def caution_of(path: Path, remedy: str = "") -> str:
    """The same of a file, see `caution`.

    Raises:
        InputError: no file of weights.
        OSError: it cannot be read.
    """
    digest = file_digest(path)
    return caution(digest, UNKNOWN if is_shipped(digest) else said_in(path), remedy)


def said_in(path: Path) -> TrainedOn:
    """What a file of weights says of its training, without building the network.

    Args:
        path: ``model.pt``, ``checkpoint.pt`` or an exported network.

    Raises:
        InputError: no such file; damaged, or none of weights.
        ValueError: what it says is damaged.
    """
    if path.suffix in SUFFIXES:
        return load_exported(path).trained_on
    content: dict[str, Any] = read_checkpoint(path)
    state = next((content[key] for key in STATES if isinstance(content.get(key), dict)), content)
    own = (name for name in state if name.split(".")[-1] == ENTRY and ".members." not in f".{name}")
    name = next(own, None)
    return UNKNOWN if name is None else decoded(state[name])
