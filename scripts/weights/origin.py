"""Which weights a result comes from, in words for logs, records and pages."""

from __future__ import annotations

import os
from dataclasses import replace

from scripts.files.digest import SHORT, file_digest
from scripts.networks.trained_on import UNKNOWN, TrainedOn

#: SHA-256 of every ``models/model.pt`` that a version of this bundle has shipped, the newest first.
SHIPPED = (
    "4cc9d3708a182e5dd4cfcbadc5e055c3422880e35ab93e757fee70d4aadd69bc",
    "8272318efc7d07b8553461dbf395a7c6769aa73dae3f139f834550e05ad25684",
    "92714510955aad9355cbbae0288c586c0700fbdd4ce4a1c2ee16e3b50d8d33a9",  # the same weights, in 0.7.0
)
TRAINED_ON_SYNTHETIC = "trained on synthetic data only"
SYNTHETIC = f"the bundle's own weights, {TRAINED_ON_SYNTHETIC}"
REMEDY = "give --checkpoint for yours"


def is_shipped(digest: str, trained_on: TrainedOn = UNKNOWN) -> bool:
    """Whether a file holds the weights that the bundle ships, also converted by `export` or `familiar`.

    Args:
        digest: SHA-256 of the file.
        trained_on: what it says of its training. Exports of version 0.10 and before do not say what they were made of.
    """
    return digest in SHIPPED or trained_on.source in SHIPPED


def converted(trained_on: TrainedOn, path: str | os.PathLike[str]) -> TrainedOn:
    """What a file says of its training that is made of another one, such as an export: which that was.

    Args:
        trained_on: what the other one says.
        path: of the other one. If that was made of a third one, the third one is named.

    Raises:
        OSError: the file cannot be read.
    """
    return replace(trained_on, source=trained_on.source or file_digest(path))


def caution(digest: str, trained_on: TrainedOn = UNKNOWN, remedy: str = "") -> str:
    """The sentence by which a result of weights that saw synthetic data only is not taken for another; else nothing.

    Args:
        digest: SHA-256 of the file of weights.
        trained_on: what they say of their training.
        remedy: what to do if these are the bundle's own.
    """
    if is_shipped(digest, trained_on):
        return f"These are {SYNTHETIC}{': ' * bool(remedy)}{remedy}."
    return f"These weights were {TRAINED_ON_SYNTHETIC}." if trained_on.synthetic else ""


def describe_weights(path: str | os.PathLike[str], digest: str | None = None, trained_on: TrainedOn = UNKNOWN) -> str:
    """Name weights: their path as given, the first digits of their SHA-256, and their training.

    The bundle's own say so. Those that were trained on synthetic data only say so, whoever trained them.

    Args:
        path: ``model.pt`` or ``checkpoint.pt``, or an exported ``model.ts`` or ``model.onnx``.
        digest: SHA-256 of the file where it is known already; None: it is computed.
        trained_on: what the weights say of their training.

    Returns:
        As in ``models/model.pt (SHA-256 8272318efc7d; the bundle's own weights, trained on synthetic data only)``.

    Raises:
        OSError: the file cannot be read.
    """
    digest = file_digest(path) if digest is None else digest
    said = [f"SHA-256 {digest[:SHORT]}"]
    if trained_on.members:
        several = ", ".join(each[:SHORT] for each in trained_on.members)
        said.append(f"mean of {len(trained_on.members)}: {several}")
    if trained_on.trained and trained_on.run:
        said.append(f"trained {trained_on.trained}, run {trained_on.run[:SHORT]}")
    if is_shipped(digest, trained_on):
        said.append(SYNTHETIC)
    elif trained_on.synthetic:
        said.append(TRAINED_ON_SYNTHETIC)
    return f"{os.fspath(path)} ({'; '.join(said)})"
