"""Which weights a result comes from, in words for logs, records and pages."""

from __future__ import annotations

import os
from collections.abc import Sequence

from scripts.files.digest import SHORT, file_digest

#: SHA-256 of every ``models/model.pt`` that a version of this bundle has shipped, the newest first.
SHIPPED = (
    "4cc9d3708a182e5dd4cfcbadc5e055c3422880e35ab93e757fee70d4aadd69bc",
    "8272318efc7d07b8553461dbf395a7c6769aa73dae3f139f834550e05ad25684",
    "92714510955aad9355cbbae0288c586c0700fbdd4ce4a1c2ee16e3b50d8d33a9",  # the same weights, in 0.7.0
)
TRAINED_ON_SYNTHETIC = "trained on synthetic data only"
SYNTHETIC = f"the bundle's own weights, {TRAINED_ON_SYNTHETIC}"


def is_shipped(digest: str) -> bool:
    """Whether a file of this SHA-256 holds the weights that the bundle ships.

    An export of these weights has a digest of its own and counts as another file.
    """
    return digest in SHIPPED


def describe_weights(
    path: str | os.PathLike[str],
    digest: str | None = None,
    synthetic: bool | None = None,
    members: Sequence[str] = (),
) -> str:
    """Name weights: their path as given, the first digits of their SHA-256, and whether they are the bundle's own.

    Those that were trained on synthetic data only say so, whoever trained them.

    Args:
        path: ``model.pt`` or ``checkpoint.pt``, or an exported ``model.ts`` or ``model.onnx``.
        digest: SHA-256 of the file where it is known already; None: it is computed.
        synthetic: whether the weights say that their training's pairs were computed, see `TrainedOn`.
        members: SHA-256 of the weights that an ensemble was made of.

    Returns:
        As in ``models/model.pt (SHA-256 8272318efc7d; the bundle's own weights, trained on synthetic data only)``.

    Raises:
        OSError: the file cannot be read.
    """
    digest = file_digest(path) if digest is None else digest
    origin = SYNTHETIC if is_shipped(digest) else TRAINED_ON_SYNTHETIC if synthetic else ""
    several = f"mean of {len(members)}: {', '.join(each[:SHORT] for each in members)}" if members else ""
    said = "; ".join(part for part in (f"SHA-256 {digest[:SHORT]}", several, origin) if part)
    return f"{os.fspath(path)} ({said})"
