"""The pairs that nobody has: each section undamaged and dyed as usual, with the CT of the places it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from bundle.shared.section.glass import WHITE as GLASS
from bundle.shared.section.light import light_of, values_of
from bundle.synthetic.phantom.files import PIXEL_MM, write_png
from bundle.synthetic.phantom.section import WHITE
from scripts.data.datalist.file import SPLITS
from scripts.whole import write_text

CT_WINDOW = [5000.0, 35000.0]  # that of the phantom's data sets

Array = NDArray[np.floating]


def seen_by_the_scan(density: Array, finer: int) -> NDArray[np.uint8]:
    """A section at the scan's voxels: the mean of its light, the glass as `find_section` makes it.

    Args:
        density: (3, H, W) optical density of the slide's pixels, relative to its glass, of sRGB values.
        finer: pixels of the slide along a voxel.

    Returns:
        (H / finer, W / finer, 3) sRGB.
    """
    white = np.asarray(WHITE)[:, None, None] / 255
    light = light_of(white * 10**-density)
    _, height, width = density.shape
    parts = light.reshape(3, height // finer, finer, width // finer, finer).mean(axis=(2, 4))
    values = values_of(np.clip(parts / light_of(white) * light_of(np.array(GLASS)), 0, 1))
    return np.rint(255 * values).astype(np.uint8).transpose(1, 2, 0)


def write_true_pair(folder: Path, name: str, ct: NDArray[np.uint16], places: Array, section: NDArray[np.uint8]) -> None:
    """Write a pair's CT, section and mask.

    Args:
        folder: of the study's truth.
        name: of the slide.
        ct: (Z, Y, X) the block's scan.
        places: (3, h, w) z, y, x in voxels, of the section's pixels.
        section: (h, w, 3).
    """
    last = np.array(ct.shape)[:, None, None] - 1
    inside: NDArray[np.bool_] = np.all((places >= 0) & (places <= last), axis=0)
    grey = map_coordinates(ct.astype(np.float32), places, order=1, mode="nearest")
    (folder / "ct").mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(folder / "ct" / f"{name}.tif", grey, photometric="minisblack", compression="zlib", predictor=True)
    write_png(folder / "histology" / f"{name}.png", section)
    write_png(folder / "mask" / f"{name}.png", (255 * inside).astype(np.uint8))


def write_true_datalist(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write ``datalist.json`` of the true pairs, with the splits of the study.

    Args:
        folder: of the study's truth.
        rows: of the study's table.
    """
    datalist: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
    for row in rows:
        name = Path(row["slide"]).name.removesuffix(".ome.tif")
        files = {"ct": f"ct/{name}.tif", "histology": f"histology/{name}.png", "mask": f"mask/{name}.png"}
        entry = {**files, "specimen": row["specimen"], "ct_window": CT_WINDOW, "pixel_um": 1000 * PIXEL_MM}
        datalist[row["split"]].append(entry)
    write_text(folder / "datalist.json", json.dumps(datalist, indent=2) + "\n")
