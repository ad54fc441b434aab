"""Putting trained weights where inference finds them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def replace_weights(new: Path, weights: Path) -> None:
    """Put new weights in the place of others, which stay beside them as ``model_previous.pt``.

    At every moment there is a whole ``model.pt``.
    """
    for source, target in ((weights, weights.with_name("model_previous.pt")), (new, weights)):
        if source.is_file():
            partial = target.with_name(target.name + ".partial")
            shutil.copyfile(source, partial)
            os.replace(partial, target)
