"""Sections of a study as if they were all dyed alike."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from bundle.pairs.pair_files import CT, HISTOLOGY, MASK, NORMALISED, REPORT
from bundle.pairs.study.dye import Array, Shades, redyed, shades, strengths
from scripts.data.window import window as windowed
from scripts.whole import whole_file

STRIP = 512  # rows that are redyed at once


def normalise_dye(pairs: Mapping[str, Path], training: Collection[str]) -> dict[str, Array]:
    """Write each pair's section as if it were dyed as the training sections usually are.

    Grey values of all scans are taken to mean the same, whatever the windows of their specimens.

    Args:
        pairs: folders by name.
        training: names of the training pairs.

    Returns:
        By what factors the optical density of red, green and blue differed, by name; without those of which it could
        not be told and nothing was written.
    """
    windows = [_window(pairs[name]) for name in training]
    if not windows:
        return {}
    window = min(lo for lo, _ in windows), max(hi for _, hi in windows)
    found = strengths({name: _shades(folder, window) for name, folder in pairs.items()}, training)
    for name, strength in found.items():
        before = _image(pairs[name])
        image = np.empty(before.shape, np.uint8)
        for top in range(0, len(before), STRIP):
            rows = slice(top, top + STRIP)
            image[rows] = np.rint(255 * redyed(before[rows], strength))
        beside = pairs[name].with_name(f"{name}.normalised.partial")  # a pair's folder holds nothing unfinished
        with whole_file(pairs[name] / NORMALISED, beside) as partial:
            Image.fromarray(image).save(partial, format="png")
    return found


def _window(folder: Path) -> tuple[float, float]:
    lo, hi = json.loads((folder / REPORT).read_text(encoding="utf-8"))["ct_window"]
    return float(lo), float(hi)


def _shades(folder: Path, window: tuple[float, float]) -> Shades:
    lo, hi = window
    stored = tifffile.imread(folder / CT)
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    padded = stored <= report["ct_window"][0] if report.get("padding", {}).get("shares") else np.zeros(1, bool)
    with Image.open(folder / MASK) as mask:
        return shades(_image(folder), windowed(stored, lo, hi), (np.asarray(mask) > 0) & ~padded)


def _image(folder: Path) -> Array:
    with Image.open(folder / HISTOLOGY) as image:
        return np.asarray(image, dtype=np.float32) / 255
