"""Where a training begins: at random weights, or at those of an earlier training."""

from __future__ import annotations

import os

from scripts.networks import Stainer
from scripts.weights.loading import load_generator


def load_initial(network: Stainer, path: str | os.PathLike[str] | None) -> Stainer:
    """The generator with the weights that its training begins with.

    Args:
        network: as `network_def` builds it, with random weights.
        path: ``model.pt`` or ``checkpoint.pt`` of an earlier training of the same network; None: the random weights.

    Raises:
        InputError: see `load_generator`.
    """
    return network if path is None else load_generator(network, path).train()
