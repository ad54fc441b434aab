"""Lengths as files write them: units as people spell them, numbers, and the sizes that a pixel of a CT may have."""

from __future__ import annotations

import math
import unicodedata
from typing import TypeGuard

#: Sizes of a pixel in micrometres that a CT may have.
FINEST_UM, COARSEST_UM = 0.05, 500.0

PREFIXES = {"pico": 1e-9, "nano": 1e-6, "micro": 1e-3, "milli": 1.0, "centi": 10.0, "deci": 100.0, "": 1000.0}
METRES = ("meter", "metre", "meters", "metres")

#: One unit in mm, as ImageJ, OME, NIfTI, NeXus, OME-Zarr, MetaImage and NRRD write it; see `millimetres`.
MILLIMETRES = {prefix + name: scale for prefix, scale in PREFIXES.items() for name in METRES}
MILLIMETRES |= {"pm": 1e-9, "nm": 1e-6, "um": 1e-3, "μm": 1e-3, "mm": 1.0, "cm": 10.0, "dm": 100.0, "m": 1000.0}
MILLIMETRES |= dict.fromkeys(("μ", "micron", "microns", "mu", "mum"), 1e-3)
MILLIMETRES |= dict.fromkeys(("å", "angstrom", "angstroms", "angström", "ångstrom", "ångström", "ang"), 1e-7)
MILLIMETRES |= dict.fromkeys(("in", "inch", "inches", '"', "''"), 25.4)
MILLIMETRES |= dict.fromkeys(("ft", "foot", "feet"), 304.8) | dict.fromkeys(("mil", "thou"), 0.0254)
#: Spellings in which upper case means something else than lower case: megametre, petametre, angstrom.
CASE_MATTERS = {"Mm": None, "Pm": None, "M": None, "A": 1e-7}
#: What stands in place of a unit where the lengths are counted in voxels, or where nobody said anything.
NO_LENGTH = ("", "pixel", "pixels", "px", "voxel", "voxels", "vx", "?", "unknown", "none", "arbitrary")


def is_pixel_size(value: object) -> TypeGuard[float]:
    """Whether a value is one number from `FINEST_UM` to `COARSEST_UM`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and FINEST_UM <= value <= COARSEST_UM


def millimetres(unit: str) -> float | None:
    """One unit in mm, or None if it is no known length unit. Upper case counts only where it changes the meaning."""
    name = unicodedata.normalize("NFKC", plain(unit))
    return CASE_MATTERS[name] if name in CASE_MATTERS else MILLIMETRES.get(name.lower())


def number(text: object) -> float:
    """A length as a file has it; NaN if it is no number. A comma may stand for the decimal point."""
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        return math.nan


def plain(unit: str) -> str:
    """A unit without what may stand around it, and with the sign that ImageJ writes as an escape sequence."""
    return unit.replace("\\u00B5", "µ").replace("\\u00b5", "µ").strip().strip("[]()").strip()
