"""One section of a study, as its table describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FILES = ("slide", "volume", "ct", "histology", "landmarks", "mask")  # columns that name one


@dataclass(frozen=True)
class Row:
    """One section of a study.

    Attributes:
        name: of its pair's folder.
        specimen: whose section.
        split: "training", "validation" or "test".
        slide: file, None for a pair that is registered already.
        volume: its scan, None for a pair that is registered already.
        ct: grey image of a registered pair, else None.
        histology: its section.
        plane: guess ``z0,nx,ny,nz``.
        landmarks: file.
        pixel_um: of the slide, if its file is not to be believed.
        voxel_um: of the scan, if its file is not to be believed.
        ct_window: grey values (lo, hi) that become black and white, or a word, see `given_window`; None where nobody
            gave them.
        window_found: what was found in the specimen's registered slices, see `found_window`.
        mask: image, 0 where the section is not to be used.
    """

    name: str
    specimen: str
    split: str
    slide: str | None = None
    volume: str | None = None
    ct: str | None = None
    histology: str | None = None
    plane: str | None = None
    landmarks: str | None = None
    pixel_um: float | None = None
    voxel_um: float | None = None
    ct_window: tuple[float, float] | str | None = None
    window_found: dict[str, Any] | None = None
    mask: str | None = None
