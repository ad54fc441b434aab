"""How a scanner stores attenuation: counts, Hounsfield units, exports cut at the ends, or attenuation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.varied.energy import at_energy
from bundle.synthetic.phantom.variety import Variety

Array = NDArray[np.floating]

CUT = (0.02, 99.98)  # percentiles that an export keeps, as the exports of the paper's beamline do
WATER = 0.28  # 1/cm at 38.4 keV
LOW = {"counts": 7.0, "export8": 3.0, "export16": 100.0, "hounsfield": -2048.0, "attenuation": -1.0}


@dataclass(frozen=True)
class GreyScale:
    """Grey values are ``offset + slope * attenuation``, within the limits of the type.

    Attributes:
        dtype: of the file.
        offset: grey value of no attenuation.
        slope: grey values per 1/cm.
        padding: grey value outside a round field of view; None = the field is square.
    """

    dtype: str
    offset: float
    slope: float
    padding: float | None

    def store(self, attenuation: Array) -> NDArray[Any]:
        """Grey values (H, W) of an attenuation in 1/cm."""
        grey = self.offset + self.slope * attenuation
        if self.padding is not None:
            grey = np.where(round_field(*attenuation.shape), grey, self.padding)
        if self.dtype == "float32":
            return grey.astype(np.float32)
        limits = np.iinfo(self.dtype)
        whole: NDArray[Any] = np.clip(np.rint(grey), limits.min, limits.max).astype(self.dtype)
        return whole


def grey_scale(variety: Variety, example: Array) -> GreyScale:
    """The grey scale of a specimen; ``example`` is the attenuation (H, W) of one of its slices, for the exports."""
    padding = {"no": None, "zero": 0.0, "low": LOW[variety.grey]}[variety.padding]
    gain = variety.calibration
    if variety.grey == "counts":
        return GreyScale("uint16", variety.offset, variety.slope, padding)
    if variety.grey == "attenuation":
        return GreyScale("float32", 0.0, gain, padding)
    if variety.grey == "hounsfield":
        return GreyScale("int16", -1000.0, 1000 * gain / float(at_energy(np.array(WATER), variety.energy_kev)), padding)
    dtype = {"export8": "uint8", "export16": "uint16"}[variety.grey]
    low, high = np.percentile(example, CUT)
    slope = float(np.iinfo(dtype).max / (high - low))
    return GreyScale(dtype, float(-low * slope), slope, padding)


def round_field(height: int, width: int) -> NDArray[np.bool_]:
    """Where (H, W) a round field of view has values: the largest circle."""
    v, u = ((2 * np.arange(n) + 1 - n) / n for n in (height, width))
    inside: NDArray[np.bool_] = v[:, None] ** 2 + u[None, :] ** 2 <= 1
    return inside
