"""The one check that every voxel size of a file passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, NO_LENGTH, millimetres, plain
from scripts.errors import InputError

#: Voxel sizes in mm that can be written to every format.
LEAST, MOST = 1e-8, 1e4
UM_PER_MM = 1000
PLACEHOLDER = (1.0, 1.0, 1.0)  # mm; no micro-CT has such voxels
REMEDY = 'give --voxel_um "[z, y, x]" in micrometres'


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
    if lengths[0] is None and len(given) == 2:
        return _as_deep_as_high(lengths, units)
    if len(given) < 3:
        return VoxelSize(None, f"the voxel size is given as {text} (z, y, x), one length is missing: {REMEDY}")
    scales = [millimetres(unit or "") or 0.0 for unit in units]
    spacing = positive([abs(length) * scale for length, scale in zip(given, scales, strict=True)])
    if spacing is None:
        return VoxelSize(None, f"the voxel size {text} (z, y, x) is none: {REMEDY}")
    if spacing == PLACEHOLDER:
        return VoxelSize(None, f"the voxel size {text} (z, y, x) is what programs write that know none: {REMEDY}")
    if min(given) < 0:
        return VoxelSize(spacing, f"the voxel size {text} (z, y, x) is negative, it is taken as positive")
    return VoxelSize(spacing)


def _as_deep_as_high(lengths: Sequence[float | None], units: Sequence[str | None]) -> VoxelSize:
    """The voxel size where a file gives none along z: voxels of micro-CT are cubes."""
    _, y, x = lengths
    size = voxel_size((y, y, x), (units[1], *units[1:]))
    if size.spacing is None or size.note is not None:
        return size
    text = f"{UM_PER_MM * size.spacing[0]:g}"
    return VoxelSize(
        size.spacing, f"the file gives no distance of slices, {text} um as in the plane is taken: or {REMEDY}"
    )


def positive(spacing: Sequence[float]) -> tuple[float, float, float] | None:
    """The voxel size (z, y, x) in mm as a tuple, or None if it is none: not three numbers from `LEAST` to `MOST`."""
    if len(spacing) != 3 or not all(math.isfinite(value) and LEAST <= value <= MOST for value in spacing):
        return None
    z, y, x = (float(value) for value in spacing)
    return z, y, x


def micrometres(spacing: Sequence[float]) -> list[float]:
    """A voxel size in mm in micrometres, without the digits that the multiplication adds."""
    return [round(UM_PER_MM * float(side), 9) for side in spacing]


def in_words(spacing: Sequence[float] | None) -> str:
    """A voxel size in mm as text in micrometres: one number for cubes, ``unknown`` for None."""
    if spacing is None:
        return "unknown"
    sides = [f"{side:g}" for side in micrometres(spacing)]
    return f"{sides[0] if len(set(sides)) == 1 else ' x '.join(sides)} um"


def is_likely(spacing: Sequence[float]) -> bool:
    """Whether a micro-CT may have voxels of this size in mm."""
    return all(FINEST_UM <= side <= COARSEST_UM for side in micrometres(spacing))


def doubt(spacing: tuple[float, float, float]) -> str | None:
    """Say if no micro-CT has such voxels."""
    if is_likely(spacing):
        return None
    return f"the voxel size {in_words(spacing)} (z, y, x) is unlikely for a micro-CT: check it, or {REMEDY}"


def check_voxel_um(asked: object, forced: bool = False) -> tuple[float, float, float]:
    """The voxel size (z, y, x) in micrometres that a person gives.

    Args:
        asked: one number for cubes, or three.
        forced: take any positive size.

    Raises:
        InputError: neither; a size that is not positive; one below 0.05 or above 500 that is not forced.
    """
    given = asked.tolist() if isinstance(asked, np.ndarray | np.generic) else asked
    sides = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given] * 3
    sides = [side.item() if isinstance(side, np.generic) else side for side in sides]
    numbers = [float(side) for side in sides if isinstance(side, int | float) and not isinstance(side, bool)]
    checked = positive([side / UM_PER_MM for side in numbers])
    if checked is None or len(sides) != 3:
        raise InputError(
            f"The voxel size is {asked!r}, expected one positive number of micrometres or three (z, y, x): correct "
            '--voxel_um, for example --voxel_um 5 or --voxel_um "[10, 5, 5]".'
        )
    if not forced:
        refuse_unlikely(checked, "--voxel_um")
    z, y, x = numbers
    return z, y, x


def refuse_unlikely(spacing: Sequence[float], where: str) -> None:
    """Refuse a voxel size in mm that no micro-CT has.

    Args:
        spacing: (z, y, x) in mm.
        where: it stands, a file or an option.

    Raises:
        InputError: a side is below 0.05 or above 500 micrometres.
    """
    if not is_likely(spacing):
        raise InputError(
            f"{where}: the voxel size {in_words(spacing)} (z, y, x) is outside {FINEST_UM:g} to {COARSEST_UM:g} um, "
            "which no micro-CT has: give the right one by --voxel_um, or take this one by --force_voxel_um true."
        )
