"""Whether a volume is like the scans that weights were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.window import window
from scripts.errors import InputError
from scripts.fit.compare import Scan, as_json, compare, not_known
from scripts.fit.describe import CROP, describe_scan
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.volume.read.units import micrometres
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import VolumeWindow

LOOKED_AT = 4  # slices, evenly spread


def fit_of(volume: Volume, found: VolumeWindow, trained: TrainedOn) -> dict[str, Any]:
    """Measure a few slices of a volume and compare them with the training's.

    Args:
        volume: on the network's grid.
        found: its window and padding.
        trained: what the weights say of their training.

    Returns:
        For the record: ``differs``, a list of ``kind``, ``number`` and ``words``; ``not_known``, one sentence or None;
        ``noise`` and ``sharpness`` of the scan and ``trained_on``, where the weights say what they were trained on.
    """
    unknown = not_known(trained)
    if trained == UNKNOWN:
        return {"differs": [], "not_known": unknown}
    description = describe_scan(_some_slices(volume, found))
    scan = Scan(
        description,
        None if volume.own_spacing is None else micrometres(volume.own_spacing),
        volume.shape,
        found.source,
        sum(share for _, share in found.padding.shares),
    )
    return {
        "differs": as_json(compare(scan, trained)),
        "not_known": unknown,
        "noise": _rounded(description.noise),
        "sharpness": _rounded(description.sharpness),
        "trained_on": _of_training(trained),
    }


def _some_slices(volume: Volume, found: VolumeWindow) -> list[NDArray[np.float32]]:
    """The middles of some slices, windowed, NaN where they are padding; none that is damaged: staining will name it."""
    depth = volume.shape[0]
    rows, columns = (slice(max(0, (side - CROP) // 2), (side + CROP) // 2) for side in volume.shape[1:])
    slices = []
    for z in sorted({(2 * part + 1) * depth // (2 * LOOKED_AT) for part in range(LOOKED_AT)}):
        try:
            values = volume.read(z, z + 1)[0, rows, columns]
        except InputError:
            continue
        blank = ~np.isfinite(values)
        padded = found.padding.where(values)
        if padded is not None:
            blank |= padded
        # the window takes no NaN
        seen = window(np.where(blank, values.dtype.type(0), values), found.lo, found.hi)
        slices.append(np.where(blank, np.float32(np.nan), seen))
    return slices


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _of_training(trained: TrainedOn) -> dict[str, Any]:
    """Without the histogram, which nobody reads as numbers."""
    said: dict[str, Any] = {
        "pixel_um": trained.pixel_um,
        "noise": _listed(trained.noise),
        "sharpness": _listed(trained.sharpness),
        "materials": list(trained.materials),
        "specimens": trained.specimens,
        "pairs": trained.pairs,
        "synthetic": trained.synthetic,
        "run": trained.run,
        "trained": trained.trained,
        "source": trained.source,
    }
    return said


def _listed(pair: Sequence[float] | None) -> list[float] | None:
    return None if pair is None else list(pair)
