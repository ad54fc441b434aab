"""Test scans of another pixel size, with their sections or alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bundle.evidence.limits.variants import FILES, LARGEST, write_variant
from bundle.synthetic.phantom.datalist import read_phantom
from bundle.synthetic.phantom.files import PIXEL_MM, write_ct, write_png
from scripts.data.image.read import read_ct, read_histology, read_labels, read_mask
from scripts.data.resample import Size, resize_ct, resize_labels, resize_mask, resize_section, working_shape

UM_PER_MM = 1000


def other_pixels(base: Path, split: str, pixel_um: float, out: Path) -> Path:
    """Give CT and section of a split another pixel size, which the data list says.

    CT is binned where its pixels become larger, as detectors do it, and interpolated by the cubic kernel where they
    become smaller.

    Args:
        base: phantom.
        split: whose pairs.
        pixel_um: edge of their new pixels, micrometres; the exact size keeps the extent.
        out: folder to write.
    """
    content = read_phantom(base)
    items = []
    for item in content[split]:
        ct, own_um = read_ct(base / item["ct"]), _pixel_um(item)
        rows, columns = working_shape(ct.shape, own_um, pixel_um)
        exact_um = own_um * (ct.size / (rows * columns)) ** 0.5
        _write_ct(out / item["ct"], _binned_or_finer(ct, (rows, columns)), exact_um)
        section = resize_section(np.moveaxis(read_histology(base / item["histology"]), 0, -1), (rows, columns))
        write_png(out / item["histology"], np.rint(section * 255).astype(np.uint8))
        write_png(out / item["labels"], resize_labels(read_labels(base / item["labels"]), (rows, columns)).astype("u1"))
        if "mask" in item:
            valid = resize_mask(read_mask(base / item["mask"]), (rows, columns))
            write_png(out / item["mask"], (255 * valid).astype(np.uint8))
        items.append(item | {"pixel_um": exact_um} | {key: str(out / item[key]) for key in FILES if key in item})
    return write_variant(base, out, content | {split: items})


def coarser_alone(base: Path, split: str, pixel_um: float, out: Path) -> Path:
    """Bin the CT of a split to larger pixels and bring it back to its own; the sections stay as they are.

    What is lost then is lost by the scan's coarseness alone, whoever resamples.

    Args:
        base: phantom.
        split: whose CT.
        pixel_um: edge of the larger pixels, micrometres.
        out: folder to write.
    """
    content = read_phantom(base)
    items = []
    for item in content[split]:
        ct, own_um = read_ct(base / item["ct"]), _pixel_um(item)
        rows, columns = working_shape(ct.shape, own_um, pixel_um)
        back = resize_ct(_binned_or_finer(ct, (rows, columns)), (ct.shape[0], ct.shape[1]))
        _write_ct(out / item["ct"], back, own_um)
        items.append(item | {"ct": str(out / item["ct"]), "pixel_um": own_um})
    return write_variant(base, out, content | {split: items})


def _pixel_um(item: dict[str, Any]) -> float:
    return float(item.get("pixel_um", UM_PER_MM * PIXEL_MM))  # phantoms of older versions do not say


def _binned_or_finer(ct: NDArray[Any], shape: Size) -> NDArray[np.float32]:
    values = ct.astype(np.float32)
    if shape[0] > ct.shape[0]:
        return resize_ct(values, shape)
    return np.array(Image.fromarray(values).resize(shape[::-1], Image.Resampling.BOX))


def _write_ct(path: Path, values: NDArray[np.float32], pixel_um: float) -> None:
    write_ct(path, np.clip(np.rint(values), 0, LARGEST).astype(np.uint16), pixel_um / UM_PER_MM)
