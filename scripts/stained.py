"""A stain in memory."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from numpy.typing import NDArray

from scripts.fit.compare import words_of


class Stained(NamedTuple):
    """A stain, and what it was made with.

    Attributes:
        rgb: (..., 3) uint8, in the shape of the CT.
        uncertainty: as the CT, float32: standard deviation in grey levels, see `UncertaintyInferer`; None unless the
            option ``uncertainty`` was true.
        window: (lo, hi), grey values that became black and white.
        weights: which made it, see `describe_weights`.
        fit: how the scan differs from those of the training, see `fit_of`.
        novelty: as the CT, float32: how unlike the training each place is, see `Familiar`; 1 where as unlike as the
            most unlike 1 % of held-out slices, 255 / 128 at most; None unless the option ``novelty`` was true.
    """

    rgb: NDArray[Any]
    uncertainty: NDArray[Any] | None
    window: tuple[float, float]
    weights: str = ""
    fit: Mapping[str, Any] = MappingProxyType({})
    novelty: NDArray[Any] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What differs, and what it may cost, in sentences; empty where the scan is like the training's."""
        return tuple(words_of(self.fit))
