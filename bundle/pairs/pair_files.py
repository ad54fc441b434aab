"""The folder of a pair: CT, section, mask, report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from bundle.pairs import quality as of_quality
from bundle.pairs.report import draw_report, write_page
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import partial_of, whole_folder

if TYPE_CHECKING:
    from bundle.pairs.register import Pair

CT, HISTOLOGY, MASK, REPORT, PICTURE, PAGE, FIELD = (
    "ct.tif",
    "histology.png",
    "mask.png",
    "report.json",
    "report.png",
    "report.html",
    "places.npz",
)
NORMALISED = "normalised.png"  # the section as if it were dyed as the others are
WORK = "work.json"  # what a pair was made of
LEFT_BY_VIEWERS = re.compile(r"\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$")
OF_A_PAIR = {CT, HISTOLOGY, NORMALISED, MASK, REPORT, PICTURE, PAGE, FIELD, WORK}
OF_A_PAIR |= {f"{name}.partial" for name in OF_A_PAIR}  # of a run that was killed while it wrote one


def write_pair(pair: Pair, out: Path, seconds: float) -> dict[str, Any]:
    """Write a pair's folder and return its report.

    Everything is written beside it first and gets its name at the end: a folder of that name is whole.

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
    tifffile.imwrite(work / CT, pair.ct, photometric="minisblack", compression="zlib", predictor=True)
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


def report_of(pair: Pair) -> dict[str, Any]:
    """What ``report.json`` holds."""
    quality = pair.quality
    return {
        "verdict": quality.verdict,
        "reasons": list(quality.reasons),
        "windows_that_fit": round(quality.fitting, 4),
        "windows_judged": quality.judged,
        "median_shift_pixels": None if np.isnan(quality.shift) else round(quality.shift, 2),
        "thresholds": {
            "a_window_fits_up_to_pixels": of_quality.FITS,
            "and_from_correlation": of_quality.CORRELATED,
            "good_from_share": of_quality.GOOD_FROM,
            "usable_from_share": of_quality.USABLE_FROM,
        },
        "share_of_section_in_mask": round(float(quality.mask.sum() / max(pair.section.tissue.sum(), 1)), 4),
        "size": list(pair.ct.shape),
        "pixel_um": pair.pixel_um,
        "ct_window": list(pair.window),
        **pair.facts,
    }
