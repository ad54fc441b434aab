"""The folder of a pair, which is there only when everything in it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from bundle.pairs.pair import Pair
from bundle.pairs.pair_files import (
    CT,
    FIELD,
    HISTOLOGY,
    LEFT_BY_VIEWERS,
    MASK,
    OF_A_PAIR,
    PAGE,
    PICTURE,
    REPORT,
)
from bundle.pairs.report.content import report_of
from bundle.pairs.report.figure import draw_report
from bundle.pairs.report.page import write_page
from scripts.data.image.pixel_size import tagged_size
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import partial_of, whole_folder


def write_pair(pair: Pair, out: Path, seconds: float) -> dict[str, Any]:
    """Write a pair's folder and return its report.

    Args:
        pair: what to write.
        out: folder, see `claim`.
        seconds: that it took so far.

    Raises:
        InputError: it cannot be written.
    """
    report = report_of(pair) | {"seconds": round(seconds, 1)}
    with whole_folder(out) as work:
        _fill(work, pair, report)
    return report


def _fill(work: Path, pair: Pair, report: dict[str, Any]) -> None:
    size = {} if pair.pixel_um is None else tagged_size(pair.pixel_um)
    tifffile.imwrite(work / CT, pair.ct, photometric="minisblack", compression="zlib", predictor=True, **size)
    pixels = np.rint(255 * np.clip(pair.section.image, 0, 1)).astype(np.uint8)
    Image.fromarray(pixels).save(work / HISTOLOGY)
    Image.fromarray((255 * pair.quality.mask).astype(np.uint8)).save(work / MASK)
    if pair.cut is not None:
        np.savez_compressed(work / FIELD, zyx=pair.cut.places().numpy())
    draw_report(pair, work / PICTURE)
    write_page(report, work / PICTURE, work / PAGE)
    (work / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def claim(out: Path) -> Path:
    """Check, before any work, that a pair can be written to a folder; return its path without links.

    Raises:
        InputError: it holds something that is no pair; it cannot be written.
    """
    out = out.resolve()
    if out.exists():
        names = {path.name for path in out.iterdir() if not LEFT_BY_VIEWERS.match(path.name)} if out.is_dir() else {""}
        if names and (not {CT, HISTOLOGY, REPORT} <= names or names - OF_A_PAIR):
            raise InputError(f"{out} exists and holds no pair, or other things beside it: give another --out.")
    unfinished = writable_folder(partial_of(out), "--out")
    if not any(unfinished.iterdir()):
        unfinished.rmdir()  # nothing is left behind where no pair comes of it
    return out
