"""Phantoms that look otherwise: another stain, another anatomy and another scanner, the same for all their specimens.

They are for what weights do on data of a kind that they never saw, and what fine-tuning makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from bundle.synthetic.phantom.anatomy.dyes import Dyes
from bundle.synthetic.phantom.anatomy.screw import Thread
from bundle.synthetic.phantom.variety import Variety


@dataclass(frozen=True)
class Look:
    """What the specimens of a phantom have in common.

    Attributes:
        dyes: colours of the stain.
        variety: scanner, grey scale and thread.
        trabeculae: thickness of trabeculae relative to the plain phantom's.
        mesh: distance of trabeculae likewise.
        fat: size of fat cells likewise.
    """

    dyes: Dyes
    variety: Variety
    trabeculae: float
    mesh: float
    fat: float


#: After descriptions of Masson-Goldner's trichrome, chosen by eye: mineralised bone green, osteoid orange-red, nuclei
#: brown-black, soft tissue red, corrosion products dark grey.
GOLDNER = Dyes(
    old=(2.90, 1.05, 1.60),
    new=(1.15, 0.62, 0.80),
    cells=(0.80, 0.86, 0.80),
    soft=(0.22, 0.95, 0.62),
    osteoid=(0.55, 3.30, 3.00),
    products=(0.75, 0.72, 0.66),
)

#: A laboratory tube at a higher energy: softer, noisier, without phase contrast, on a grey scale of its own.
TUBE = Variety(
    pixel_um=5.0,
    energy_kev=45.0,
    grey="counts",
    offset=14000.0,
    slope=9000.0,
    calibration=1.0,
    noise=1.3,
    blur=1.0,
    fringe=0.0,
    rings=2.0,
    streaks=1.2,
    padding="no",
    air=False,
    thread=Thread("buttress", pitch=1.25, depth=0.45, size=0.85, head=True),
    bone="both",
    dye=0.0,
    hue=0.0,
    light=1.5,
)

LOOKS = {"other": Look(GOLDNER, TUBE, trabeculae=0.6, mesh=0.65, fat=1.45)}
