"""Which part of the bone of a scan without an implant is stained black, as metal, or brown, as a degradation layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from scripts.virtual_stainer import VirtualStainer
from scripts.volume.read.reader import open_volume

BLACK = 60  # of 255: each channel of metal's colour is below
BROWN = 10  # of 255: red is above blue by more, as in the degradation layer; bone is blue


def shares(stainer: VirtualStainer, source: str, slices: int, window: Any = None) -> dict[str, Any]:
    """A row of a table: per cent of the bone's voxels that are black and brown.

    Bone is what is brighter in the CT than Otsu's threshold of the slices that are looked at.

    Args:
        stainer: with the weights.
        source: of the volume.
        slices: how many are looked at, evenly spread.
        window: see `VirtualStainer.stain`; None to find it in the whole volume.

    Raises:
        InputError: the volume cannot be read.
    """
    from scripts.data.window_choice import training_of
    from scripts.volume.read.window import volume_window

    with open_volume(source) as volume:
        found = volume_window(volume, stainer.network.percentiles, training_of(stainer.network), window)
        places = np.unique(np.linspace(0, volume.shape[0] - 1, slices + 2).round().astype(int))
        places = places[1:-1] if len(places) > 2 else places[:1]
        ct = [np.asarray(volume.read(int(place), int(place) + 1)[0]) for place in places]
    bone = np.stack(ct) > threshold_otsu(np.stack(ct))
    rgb = np.stack([stainer(slice_, found.window) for slice_ in ct])
    black, brown = black_and_brown(rgb[bone])
    return {
        "volume": source,
        "window": f"{found.lo:.5g} to {found.hi:.5g} ({found.source})",
        "bone, % of the voxels": f"{100 * bone.mean():.1f}",
        "black, % of the bone": f"{100 * black:.2f}",
        "brown, % of the bone": f"{100 * brown:.2f}",
    }


def black_and_brown(rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """The shares of colours (N, 3) that are black, and that are brown but not black."""
    black = rgb.max(axis=1) < BLACK
    brown = (rgb[:, 0].astype(int) > rgb[:, 2].astype(int) + BROWN) & ~black
    return float(black.mean()), float(brown.mean())
