"""Which colour the dye gives to each tissue: the plain phantom's look, the measured one, and those between them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bundle.synthetic.phantom.anatomy.materials import BLUE, BROWN, VIOLET

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Dyes:
    """Decadic optical densities (red, green, blue) per unit of concentration.

    Attributes:
        old: matrix of old bone.
        new: matrix of new bone.
        cells: lacunae, cement lines and the blue part of marrow.
        soft: the violet part of marrow, fibrous tissue and bone.
        osteoid: its matrix.
        products: of corrosion, in the degradation layer.
    """

    old: Vector = BLUE
    new: Vector = BLUE
    cells: Vector = BLUE
    soft: Vector = VIOLET
    osteoid: Vector = BLUE
    products: Vector = BROWN


PLAIN = Dyes()
MEASURED = Dyes(
    old=(2.34, 2.08, 0.81),
    new=(1.40, 0.95, 0.36),
    cells=(0.94, 0.74, 0.20),
    soft=(0.96, 1.05, 0.40),
    osteoid=(1.40, 0.95, 0.36),
)
"""Old bone and cells as in real toluidine blue (MacNeal's stain; human cortical bone, undecalcified, in MMA; a figure
of artorg-unibe-ch/FEXHIP-Histology): mean optical density 0.38, 0.34, 0.13. New bone and soft tissue were not measured:
they are assumed to be darker in about the same way, new bone the bluest."""


def dyes_between(amount: float, hue: float) -> Dyes:
    """A look on the way from the plain phantom's to the measured one, geometrically: both 0 = plain, both 1 = measured.

    Args:
        amount: of the dye. Negative: paler than the plain phantom.
        hue: of the colour. Negative: greener than the plain phantom.
    """
    return Dyes(
        **{f.name: _between(getattr(PLAIN, f.name), getattr(MEASURED, f.name), amount, hue) for f in fields(Dyes)}
    )


def _between(plain: Vector, measured: Vector, amount: float, hue: float) -> Vector:
    ratio = np.asarray(measured) / np.asarray(plain)
    darker = float(np.exp(np.log(ratio).mean()))
    red, green, blue = np.asarray(plain) * darker**amount * (ratio / darker) ** hue
    return float(red), float(green), float(blue)
