"""What the phantom is made of: classes, implants, attenuation coefficients and optical densities."""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = (
    "resin",
    "marrow or soft tissue",
    "old bone",
    "new bone",
    "osteoid",
    "degradation layer",
    "metal implant",
    "PEEK implant",
)
RESIN, SOFT, OLD_BONE, NEW_BONE, OSTEOID, DEGRADATION, METAL, PEEK = range(len(CLASSES))

# Linear attenuation coefficients at 38.4 keV in 1/cm, computed from tabulated mass attenuation coefficients.
MU_RESIN = 0.29
MU_OLD_BONE = 1.41
# Assumptions, no tables: woven bone at about 82 % of lamellar bone, osteoid as unmineralised collagen, fat below water.
MU_NEW_BONE = 1.16
MU_OSTEOID = 0.50
MU_FAT = 0.24
MU_SOFT = 0.38
MU_CELL = 0.52
MU_LACUNA = 0.42
MU_DEGRADATION = 1.30

# Optical densities (decadic) per unit of concentration for red, green, blue. BLUE is close to methylene blue; the
# others are chosen by eye after descriptions of toluidine-blue sections.
BLUE = (0.835, 0.514, 0.196)
VIOLET = (0.640, 0.700, 0.270)
BROWN = (0.420, 0.480, 0.560)
BLACK = (1.18, 1.17, 1.15)


@dataclass(frozen=True)
class Implant:
    """An implant material.

    Attributes:
        name: as written in the datalist.
        label: class id, `METAL` or `PEEK`.
        mu: linear attenuation in 1/cm at 38.4 keV.
        degradation: thickness in pixels of the degradation layer after twelve weeks, 0 for inert materials.
        gap: typical width in pixels of fibrous tissue between implant and bone; negative = mostly contact.
        streaks: strength of beam hardening and photon starvation in the CT, 0 = none.
    """

    name: str
    label: int
    mu: float
    degradation: float
    gap: float
    streaks: float


NO_IMPLANT = Implant("none", RESIN, MU_RESIN, 0.0, 0.0, 0.0)
IMPLANTS = {
    implant.name: implant
    for implant in (
        Implant("Mg-5Gd", METAL, 1.62, 24.0, 0.0, 0.0),
        Implant("Mg-10Gd", METAL, 2.35, 18.0, 0.0, 0.15),
        Implant("Ti", METAL, 11.2, 0.0, -4.0, 1.0),
        Implant("PEEK", PEEK, 0.30, 0.0, 3.0, 0.0),
    )
}
