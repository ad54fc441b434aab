"""The one check that every voxel size of a file passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.data.image.lengths import NO_LENGTH, millimetres, plain

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
        "unknown" if length is None else f"{length:g} {plain(unit or '')}".strip()
        for length, unit in zip(lengths, units, strict=True)
    )
    for unit in units:
        if plain(unit or "").lower() in NO_LENGTH:
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
