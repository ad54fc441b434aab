"""The log that NRecon leaves beside the slices of a SkyScan scanner."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.data.image.lengths import number
from scripts.volume.read.units import VoxelSize, voxel_size

#: A log is short; whatever is longer is something else.
LONGEST = 2**20
#: Lines that give the size of a pixel; the first is that of the slices, the other that of the projections.
SIZES = ("Pixel Size", "Image Pixel Size")


def log_voxel_size(folder: Path, slices: list[Path]) -> VoxelSize:
    """Voxel size from the log of NRecon whose name is the beginning of the slices' names.

    Args:
        folder: where the slices lie.
        slices: their paths.
    """
    logs = [file for file in sorted(folder.glob("*.[lL][oO][gG]")) if file.is_file() and not file.name.startswith(".")]
    own = [log for log in logs if slices[0].name.lower().startswith(log.stem.lower())]
    for log in own or logs:
        if log.stat().st_size <= LONGEST:
            size = _read(log)
            if size.spacing is not None or size.note is not None:
                return size
    return VoxelSize(None)


def _read(log: Path) -> VoxelSize:
    text = log.read_text("latin-1")
    for name in SIZES:
        found = re.search(rf"^\s*{name}\s*\(([^)\n]*)\)\s*=[ \t]*(\S*)", text, re.MULTILINE | re.IGNORECASE)
        if found is None:
            continue
        step = re.search(r"^\s*Section to Section Step\s*=\s*(\d+)", text, re.MULTILINE | re.IGNORECASE)
        side = number(found[2])
        size = voxel_size((side * int(step[1] if step else 1), side, side), [found[1]] * 3)
        return VoxelSize(size.spacing, None if size.note is None else f"{log.name}: {size.note}")
    return VoxelSize(None)
