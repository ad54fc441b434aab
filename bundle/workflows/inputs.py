"""The inputs of one staining, looked at together before the first of them is stained."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes
from scripts.volume.stain.plan import volume_names


def names_of_inputs(inputs: Sequence[str]) -> list[str]:
    """Find and open each volume, and tell the name that its stain will have.

    Args:
        inputs: volumes or folders of volumes, see `find_volumes`.

    Returns:
        One name for each volume, as in ``<name>_stain.json``.

    Raises:
        InputError: an input that is not there or cannot be read; two volumes of one name.
    """
    taken: dict[str, str] = {}
    for source in inputs:
        with _silent():
            volumes = find_volumes(source)
            names = volume_names(volumes)
        for volume, name in zip(volumes, names, strict=True):
            if name in taken:
                raise InputError(
                    f"{taken[name]} and {volume} would both be stained as {name}_stain: "
                    "rename one, or give each an --out of its own."
                )
            taken[name] = volume
    return list(taken)


@contextmanager
def _silent() -> Iterator[None]:
    """Log nothing: the workflow opens the same volumes and says the same."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)
