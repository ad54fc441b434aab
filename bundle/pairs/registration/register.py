"""One section and its scan to a checked pair in a folder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundle.pairs.options import Options
from bundle.pairs.pair_folder import claim, write_pair
from bundle.pairs.registration.attempt import Attempt, attempt
from bundle.pairs.registration.judge import judge
from bundle.pairs.registration.prepare import Task, prepare
from bundle.pairs.slide.opening import open_slide
from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

SURE = 0.8  # share of windows that fit from which a search is not repeated

Progress = Callable[[str], None]


def register(slide: str, volume: str, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Register a slide to a scan and write the pair with its report.

    Args:
        slide: file of the slide.
        volume: anything `open_volume` opens.
        out: folder of the pair; it is there only when everything in it is.
        options: how.
        progress: called with what is being done.

    Returns:
        The report, as in ``report.json``.

    Raises:
        InputError: files that cannot be used, sizes that are not known, landmarks or a plane that cannot be right, a
            slide without a section, a folder that holds something else.
    """
    begun = time.monotonic()
    say = progress or (lambda _line: None)
    out = claim(out)
    if options.pixel_um is not None and not 0 < options.pixel_um < math.inf:
        raise InputError(f"--pixel_um {options.pixel_um:g}: give a positive number of micrometres.")
    if options.voxel_um is not None and not is_pixel_size(options.voxel_um):
        raise InputError(f"--voxel_um {options.voxel_um:g}: give micrometres, {FINEST_UM:g} to {COARSEST_UM:g}.")
    opened = open_slide(slide)
    with open_volume(volume, None if options.voxel_um is None else options.voxel_um / 1000) as scan:
        task = prepare(opened, scan, options, say)
        pair = judge(task, _best_attempt(task, options.seed, say))
    return write_pair(pair, out, time.monotonic() - begun)


def _best_attempt(task: Task, seed: int, progress: Progress) -> Attempt:
    """The only attempt, or the better one of two where the first one fits badly."""
    first = attempt(task, seed, progress)
    if first.quality.fitting >= SURE:
        return first
    progress(f"{100 * first.quality.fitting:.0f} % of the windows fit: searching again from elsewhere")
    return max(first, attempt(task, seed + 1, progress), key=lambda found: found.found.information)
