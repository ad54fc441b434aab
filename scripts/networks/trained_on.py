"""What weights know of the scans of their training: a text in JSON, as a tensor of its bytes."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch

ENTRY = "trained_on_json"  # buffer of a network, and entry of a state dict
LENGTH = 4096  # bytes: MONAI's `copy_model_state` leaves out, without a word, what has another shape

TYPES = {"synthetic": bool, "run": str, "trained": str, "source": str}

Pair = tuple[float, float]


@dataclass(frozen=True)
class TrainedOn:
    """The scans of a training; None or empty where the weights do not say.

    Attributes:
        pixel_um: size of the pixels that the network works at, micrometres.
        landmarks: where the grey values of background and mineral lie in the window, from 0 to 1.
        histogram: shares of the voxels in 64 equal steps of the window, per mille.
        noise: least and largest of the specimens, standard deviation, part of the window.
        sharpness: least and largest of the specimens, see `scripts.fit`.
        materials: of the implants, where the data list names them.
        specimens: how many.
        pairs: how many.
        synthetic: whether the data list says that its pairs were computed, not scanned.
        members: of an ensemble, SHA-256 of the weights of each.
        run: digest of what determined the training, see `scripts.provenance.identity`.
        trained: the training in a few words.
        source: SHA-256 of the file of weights that these were converted from.
    """

    pixel_um: float | None = None
    landmarks: Pair | None = None
    histogram: tuple[float, ...] = ()
    noise: Pair | None = None
    sharpness: Pair | None = None
    materials: tuple[str, ...] = ()
    specimens: int | None = None
    pairs: int | None = None
    synthetic: bool | None = None
    members: tuple[str, ...] = field(default=(), compare=False)  # says nothing of scans
    run: str | None = field(default=None, compare=False)
    trained: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)


UNKNOWN = TrainedOn()


def encoded(trained_on: TrainedOn) -> torch.Tensor:
    """The bytes (4096,) uint8 of what `as_text` returns.

    Raises:
        ValueError: it does not fit.
    """
    return as_tensor(as_text(trained_on))


def as_text(trained_on: TrainedOn) -> str:
    """JSON in ASCII; what is unknown is left out."""
    known = {name: value for name, value in asdict(trained_on).items() if value not in (None, ())}
    return json.dumps(known, separators=(",", ":"))


def as_tensor(text: str) -> torch.Tensor:
    """A text in ASCII as bytes (4096,) uint8, filled up with blanks.

    Raises:
        ValueError: it does not fit.
    """
    content = text.encode("ascii")
    if len(content) > LENGTH:
        raise ValueError(f"what weights say of their training takes {len(content)} bytes, at most {LENGTH} fit")
    return torch.tensor(list(content.ljust(LENGTH)), dtype=torch.uint8)


def decoded(tensor: Any) -> TrainedOn:
    """What `encoded` made a tensor of. What a later version adds is left out.

    Raises:
        ValueError: it is no such tensor, or a value is of another kind.
    """
    what = f"{ENTRY} is no description of a training"
    if not isinstance(tensor, torch.Tensor) or tensor.dtype != torch.uint8 or tensor.shape != (LENGTH,):
        raise ValueError(what)
    try:
        content = json.loads(bytes(tensor.tolist()).decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what}: it is not JSON") from error
    if not isinstance(content, dict):
        raise ValueError(f"{what}: it is no object")
    known = {each.name for each in fields(TrainedOn)}
    return TrainedOn(**{name: _checked(name, value) for name, value in content.items() if name in known})


def _checked(name: str, value: Any) -> Any:
    wrong = ValueError(f"{ENTRY} is no description of a training: {name} is {value!r:.40}")
    if name in ("landmarks", "noise", "sharpness", "histogram"):
        numbers = value if isinstance(value, list) else []
        if not numbers or not all(_is_number(number) for number in numbers):
            raise wrong
        if name != "histogram" and len(numbers) != 2:
            raise wrong
        return tuple(float(number) for number in numbers)
    if name in ("materials", "members"):
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise wrong
        return tuple(value)
    if name in TYPES:
        if not isinstance(value, TYPES[name]):
            raise wrong
        return value
    if not _is_number(value) or value <= 0:
        raise wrong
    return float(value) if name == "pixel_um" else int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
