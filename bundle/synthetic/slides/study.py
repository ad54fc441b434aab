"""The synthetic study: what a laboratory has before registration, and beside it the truth that no laboratory has."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from bundle.synthetic.phantom.files import PIXEL_MM, write_png
from bundle.synthetic.phantom.generate import single_threaded_children
from bundle.synthetic.phantom.pairs import Options, render_layer
from bundle.synthetic.phantom.plan import Plan, plan_specimens, share_out
from bundle.synthetic.slides.cut import SectionCut
from bundle.synthetic.slides.files import write_scan, write_slide
from bundle.synthetic.slides.landmarks import write_landmarks
from bundle.synthetic.slides.options import StudyOptions, check_options
from bundle.synthetic.slides.slide import FINER, make_slide
from bundle.synthetic.slides.truth import write_true_datalist, write_true_pair
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import write_text

COLUMNS = ("specimen", "split", "slide", "volume", "plane", "landmarks")

Progress = Callable[[int, int], None]


def make_study(
    out: Path, options: StudyOptions, processes: int | None = None, progress: Progress | None = None
) -> Path:
    """Write a study and return the path of its table.

    Blocks are rendered as the phantom's volumes are. A specimen that is complete is not made again.

    Args:
        out: folder, new or of a study of the same options that was interrupted.
        options: what to make.
        processes: worker processes; None = one per core, at most 8; 1 = none beside this one.
        progress: called with the number of specimens done and their total.

    Returns:
        Path of ``study.csv``, which is written last.

    Raises:
        InputError: options out of range; the folder holds something else.
    """
    check_options(options)
    _claim(out, options)
    plans = plan_specimens(share_out(max(3, -(-options.slides // 2))))
    rows: list[dict[str, str]] = []
    for number, plan in enumerate(plans):
        names = [f"{plan.name}_{letter}" for letter in "ab"][: options.slides - 2 * number]
        if not names:
            break
        done = out / "truth" / f"{plan.name}.json"
        if not done.is_file():
            _write_specimen(out, options, plan, names, processes)
        rows += json.loads(done.read_text(encoding="utf-8"))
        if progress is not None:
            progress(len(rows), options.slides)
    write_true_datalist(out / "truth", rows)
    table = out / "study.csv"
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(table, text.getvalue())
    return table


def _claim(out: Path, options: StudyOptions) -> None:
    content = json.loads(json.dumps(asdict(options)))
    said = out / "options.json"
    if said.is_file():
        if json.loads(said.read_text(encoding="utf-8")) != content:
            raise InputError(f"{out} holds a study of other options: give another folder.")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and holds something else: give another folder.")
    writable_folder(out, "OUT")
    for name in ("blocks", "slides", "landmarks", "truth"):
        (out / name).mkdir(parents=True, exist_ok=True)
    write_text(said, json.dumps(content, indent=2) + "\n")


def _write_specimen(out: Path, options: StudyOptions, plan: Plan, names: list[str], processes: int | None) -> None:
    ct, stain = _block(options, plan, processes)
    block = f"blocks/{plan.name}.ome.tif"
    write_scan(out / block, ct, 1000 * PIXEL_MM)
    rows = []
    for index, name in enumerate(names):
        rng = np.random.default_rng([options.seed, plan.index, index])
        cut = SectionCut.draw(rng, options.side, options.depth, options.limits)
        image, truth = make_slide(rng, stain, cut, options)
        slide, landmarks = f"slides/{name}.ome.tif", f"landmarks/{name}.csv"
        write_slide(out / slide, image, 1000 * PIXEL_MM / FINER)
        write_png(out / "truth" / f"{name}.png", np.rint(255 * zoom(truth.damage, 1 / FINER, order=0)).astype(np.uint8))
        np.savez_compressed(out / "truth" / f"{name}.npz", places=truth.places.astype(np.float32))
        write_true_pair(out / "truth", name, ct, truth.places, truth.section)
        write_landmarks(out / landmarks, rng, truth, ct.shape)
        plane = f"{cut.guess + (options.depth - 1) / 2:.1f},0,0,1"
        rows.append(dict(zip(COLUMNS, (plan.name, plan.split, slide, block, plane, ""), strict=True)))
    write_text(out / "truth" / f"{plan.name}.json", json.dumps(rows, indent=2) + "\n")


def _block(options: StudyOptions, plan: Plan, processes: int | None) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Render a specimen's block: CT (Z, Y, X) and stain (Z, Y, X, 3)."""
    phantom = Options(options.seed, 0, 1, -(-4 * options.side // 3), 0.0, 1, options.depth)
    middle = (options.depth - 1) / 2
    layers = [(plan, index, index - middle) for index in range(options.depth)]
    render = partial(render_layer, phantom)
    count = processes or min(os.cpu_count() or 1, 8)
    if count == 1:
        rendered = list(map(render, layers))
    else:
        with (
            single_threaded_children(),
            ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool,
        ):
            rendered = list(pool.map(render, layers, chunksize=8))
    return np.stack([layer.ct for layer in rendered]), np.stack([layer.stain for layer in rendered])
