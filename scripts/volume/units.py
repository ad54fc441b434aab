"""Length units by the names that file formats give them."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: One unit in mm: as ImageJ, OME, NIfTI, NeXus, OME-Zarr, MetaImage and NRRD write it.
MILLIMETRES = {"nm": 1e-6, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "\\u00B5m": 1e-3, "micron": 1e-3, "microns": 1e-3}
MILLIMETRES |= {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
MILLIMETRES |= {"angstrom": 1e-7, "nanometer": 1e-6, "micrometer": 1e-3, "millimeter": 1.0, "centimeter": 10.0}
MILLIMETRES |= {"decimeter": 100.0, "meter": 1000.0}


def positive(spacing: Sequence[float]) -> tuple[float, float, float] | None:
    """The voxel size (z, y, x) as a tuple, or None if it is none: not three finite numbers above zero."""
    if len(spacing) != 3 or not all(math.isfinite(value) and value > 0 for value in spacing):
        return None
    z, y, x = (float(value) for value in spacing)
    return z, y, x
