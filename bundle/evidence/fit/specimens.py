"""The scans of a data list as volumes, as inference gets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.datalist.split import load_datalist
from scripts.data.image.read import read_ct
from scripts.volume.read.in_memory import InMemoryVolume
from scripts.volume.read.volume import Volume


@dataclass(frozen=True)
class Specimen:
    """The scan of a specimen.

    Attributes:
        name: data set and specimen.
        slices: (Z, Y, X) grey values.
        window: (lo, hi), of the data list.
        pixel_um: edge of a pixel, None where nobody says.
    """

    name: str
    slices: NDArray[Any]
    window: tuple[float, float]
    pixel_um: float | None

    def volume(self) -> Volume:
        """The slices as a volume whose voxels are cubes."""
        volume = InMemoryVolume(self.slices, self.name)
        if self.pixel_um is not None:
            side = self.pixel_um / 1000
            volume.spacing = (side, side, side)
        return volume


def specimens(dataset_dir: Path, split: str) -> Iterator[Specimen]:
    """The scans of a split.

    Raises:
        InputError: see `load_datalist`.
    """
    items = load_datalist(dataset_dir, split)
    for name in dict.fromkeys(item["specimen"] for item in items):
        slices = [item for item in items if item["specimen"] == name]
        lo, hi = slices[0]["ct_window"]
        voxels = np.stack([read_ct(item["image"]) for item in slices])
        yield Specimen(f"{dataset_dir.name} {name}", voxels, (lo, hi), slices[0].get("pixel_um"))
