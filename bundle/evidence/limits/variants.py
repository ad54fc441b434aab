"""Data sets made from a phantom by taking something away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bundle.synthetic.phantom.datalist import materials, read_phantom
from bundle.synthetic.phantom.files import PIXEL_MM, write_ct
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data.image.read import read_ct
from scripts.errors import InputError
from scripts.whole import write_text

FILES = ("ct", "histology", "labels", "mask")
LARGEST = 65535  # grey value of the phantom's CT

#: Called with a slice (H, W) float32, in units of the window's width, and random numbers; returns the changed slice.
Change = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


def fewer_pairs(base: Path, count: int, out: Path) -> Path:
    """Keep `count` training pairs: the first of each specimen, then the second of each, and so on.

    Raises:
        InputError: there are fewer.
    """
    content = read_phantom(base)
    training = content["training"]
    if count > len(training):
        raise InputError(f"{base} has {len(training)} training pairs, not {count}: make a larger phantom.")
    place: dict[str, int] = {}
    ranked = []
    for item in training:
        rank = place[item["specimen"]] = place.get(item["specimen"], -1) + 1
        ranked.append((rank, item))
    chosen = [item for _, item in sorted(ranked, key=lambda entry: entry[0])[:count]]
    return write_variant(base, out, content | {"training": chosen})


def without_material(base: Path, material: str, out: Path) -> Path:
    """Leave a material out of training and validation.

    Raises:
        InputError: nothing would be left of either.
    """
    content, of = read_phantom(base), materials(base)
    for split in ("training", "validation"):
        content[split] = [item for item in content[split] if of[item["specimen"]] != material]
        if not content[split]:
            raise InputError(f"{base} has no {split} specimens but of {material}: make a larger phantom.")
    return write_variant(base, out, content)


def misregistered(base: Path, displacement: float, out: Path) -> Path:
    """The same phantom with sections displaced by so many pixels, root mean square; its test sections never are.

    Raises:
        InputError: the folder holds another phantom.
    """
    options = read_phantom(base)["phantom"]["options"] | {"displacement": displacement, "volumes": 0}
    if not (out / "datalist.json").is_file():
        make_phantom(out, **options)
    if read_phantom(out)["phantom"]["options"] != options:
        raise InputError(f"{out} holds another phantom: give another --out.")
    return out


def worse_scans(base: Path, split: str, change: Change, out: Path, calibrated: bool = True) -> Path:
    """Change the CT of a split.

    Args:
        base: phantom.
        split: whose CT.
        change: what happens to a slice.
        out: folder to write.
        calibrated: whether the data list still gives the window; else it has to be found.

    Raises:
        InputError: there are varied specimens, whose grey values have no common window.
    """
    content = read_phantom(base)
    if any("ct_window" not in item for item in content[split]):
        raise InputError(f"{base} has varied specimens: make scans worse of a plain phantom, give its --dataset_dir.")
    items = []
    for number, item in enumerate(content[split]):
        lo, hi = item["ct_window"]
        ct = (read_ct(base / item["ct"]) - lo) / (hi - lo)
        changed = change(ct, np.random.default_rng([content["phantom"]["options"]["seed"], number])) * (hi - lo) + lo
        pixel_mm = item["pixel_um"] / 1000 if "pixel_um" in item else PIXEL_MM  # older phantoms do not say
        write_ct(out / item["ct"], np.clip(np.rint(changed), 0, LARGEST).astype(np.uint16), pixel_mm)
        items.append(item | {"ct": str(out / item["ct"])})
        if not calibrated:
            del items[-1]["ct_window"]
    return write_variant(base, out, content | {split: items})


def noisier(sigma: float) -> Change:
    """White noise of this standard deviation, of the window's width."""
    return lambda ct, rng: ct + sigma * rng.standard_normal(ct.shape, dtype=np.float32)


def more_blurred(sigma: float) -> Change:
    """Gaussian blur of this standard deviation, pixels."""
    return lambda ct, _rng: gaussian_filter(ct, sigma) if sigma else ct


def brighter(factor: float) -> Change:
    """Grey values above the window's lower end times this factor: a scan that is not calibrated as the others are."""
    return lambda ct, _rng: ct * factor


def lifted(offset: float) -> Change:
    """All grey values raised by this part of the window's width."""
    return lambda ct, _rng: ct + np.float32(offset)


def write_variant(base: Path, out: Path, content: dict[str, Any]) -> Path:
    """A data list in `out` whose files lie where they were, unless they are new."""
    splits = {}
    for split in ("training", "validation", "test"):
        splits[split] = [item | {key: str(base / item[key]) for key in FILES if key in item} for item in content[split]]
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "datalist.json", json.dumps(content | splits, indent=2) + "\n")
    return out
