"""Length units as people spell them, and the one check that every voxel size of a file passes."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

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

#: Voxel sizes in mm that can be written to every format, and those that a micro-CT may have.
LEAST, MOST = 1e-8, 1e4
FINEST, COARSEST = 1e-6, 10.0
REMEDY = 'give --spacing "[z, y, x]" in mm'


@dataclass(frozen=True)
class VoxelSize:
    """What a file says of its voxel size.

    Attributes:
        spacing: (z, y, x) in mm, or None where the file does not say or says nothing that can be used.
        note: why it is None, or what is doubtful about it; None if there is nothing to say.
    """

    spacing: tuple[float, float, float] | None
    note: str | None = None


def millimetres(unit: str) -> float | None:
    """One unit in mm, or None if it is no known length unit. Upper case counts only where it changes the meaning."""
    name = unicodedata.normalize("NFKC", _plain(unit))
    return CASE_MATTERS[name] if name in CASE_MATTERS else MILLIMETRES.get(name.lower())


def voxel_size(lengths: Sequence[float | None], units: Sequence[str | None]) -> VoxelSize:
    """Check the voxel size of a file.

    Args:
        lengths: along z, y and x in the file's units; None where the file gives none.
        units: their units; None where the file names none, so that the lengths mean nothing.
    """
    given = [length for length in lengths if length is not None]
    if not given:
        return VoxelSize(None)
    text = " x ".join(
        "unknown" if length is None else f"{length:g} {_plain(unit or '')}".strip()
        for length, unit in zip(lengths, units, strict=True)
    )
    for unit in units:
        if _plain(unit or "").lower() in NO_LENGTH:
            counted = all(length in (None, 0.0, 1.0) for length in lengths)
            return VoxelSize(None, None if counted else f"the voxel size {text} (z, y, x) has no length unit: {REMEDY}")
        if millimetres(unit or "") is None:
            return VoxelSize(None, f"the voxel size {text} (z, y, x) has the unknown unit {unit!r}: {REMEDY}")
    if len(given) < 3:
        return VoxelSize(None, f"the voxel size is given as {text} (z, y, x), one length is missing: {REMEDY}")
    scales = [millimetres(unit or "") or 0.0 for unit in units]
    spacing = positive([abs(length) * scale for length, scale in zip(given, scales, strict=True)])
    if spacing is None:
        return VoxelSize(None, f"the voxel size {text} (z, y, x) is none: {REMEDY}")
    if min(given) < 0:
        return VoxelSize(spacing, f"the voxel size {text} (z, y, x) is negative, it is taken as positive")
    return VoxelSize(spacing)


def positive(spacing: Sequence[float]) -> tuple[float, float, float] | None:
    """The voxel size (z, y, x) in mm as a tuple, or None if it is none: not three numbers from `LEAST` to `MOST`."""
    if len(spacing) != 3 or not all(math.isfinite(value) and LEAST <= value <= MOST for value in spacing):
        return None
    z, y, x = (float(value) for value in spacing)
    return z, y, x


def doubt(spacing: tuple[float, float, float]) -> str | None:
    """Say if no micro-CT has such voxels."""
    if min(spacing) >= FINEST and max(spacing) <= COARSEST:
        return None
    text = " x ".join(f"{side:g}" for side in spacing)
    return f"the voxel size {text} mm (z, y, x) is unlikely for a micro-CT: check it, or {REMEDY}"


def number(text: object) -> float:
    """A length as a file has it; NaN if it is no number. A comma may stand for the decimal point."""
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        return math.nan


def _plain(unit: str) -> str:
    """A unit without what may stand around it, and with the sign that ImageJ writes as an escape sequence."""
    return unit.replace("\\u00B5", "µ").replace("\\u00b5", "µ").strip().strip("[]()").strip()
