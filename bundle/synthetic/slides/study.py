"""The synthetic study: what a laboratory has before registration, and beside it the truth that no laboratory has."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from bundle.synthetic.phantom.files import PIXEL_MM, write_png
from bundle.synthetic.phantom.generate import single_threaded_children
from bundle.synthetic.phantom.pairs import Options, render_layer
from bundle.synthetic.phantom.plan import Plan, plan_specimens, share_out
from bundle.synthetic.phantom.section import WHITE
from bundle.synthetic.slides.cut import CutLimits, SectionCut
from bundle.synthetic.slides.damage import bubble, fold, pen, tear
from bundle.synthetic.slides.files import write_scan, write_slide
from bundle.synthetic.slides.truth import seen_by_the_scan, write_true_datalist, write_true_pair
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import write_text

FINER = 5  # pixels of the slide along a voxel
MARGIN = 1.25  # of the section's canvas, of the block's side
LANDMARKS = 10  # of a slide, as a person would set them
LANDMARK_ERROR = 1.5  # voxels, root mean square along each axis
COLUMNS = ("specimen", "split", "slide", "volume", "plane", "landmarks")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StudyOptions:
    """What decides a study's content.

    Attributes:
        seed: random seed, at least 0.
        slides: number of slides, two of each specimen.
        side: side of the blocks in voxels, at least 96.
        depth: slices of the blocks.
        damaged: whether sections have folds, tears, bubbles and pen marks.
        any_way: whether sections lie on their slides turned by quarters and on either face.
        dye: share by which the dye of a slide is stronger or weaker at most, in each colour by a third of that more.
        limits: of the cuts.
    """

    seed: int = 0
    slides: int = 20
    side: int = 384
    depth: int = 128
    damaged: bool = True
    any_way: bool = False
    dye: float = 0.0
    limits: CutLimits = field(default_factory=CutLimits)


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
    _check(options)
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


def _check(options: StudyOptions) -> None:
    least = {"seed": 0, "slides": 1, "side": 96, "depth": 16}
    for name, low in least.items():
        value = getattr(options, name)
        if value < low:
            raise InputError(f"The study's option {name} is {value}, it must be at least {low}.")
    if not 0 <= options.dye < 0.7:
        raise InputError(f"The study's dye varies by {options.dye:g}: give a share from 0 to below 0.7.")
    if not (np.isfinite(options.limits.distortion) and options.limits.distortion >= 0):
        raise InputError(
            f"The study's distortion is {options.limits.distortion:g}: give a number of voxels, 0 or more."
        )


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
        image, truth = _slide(rng, stain, cut, options)
        slide, landmarks = f"slides/{name}.ome.tif", f"landmarks/{name}.csv"
        write_slide(out / slide, image, 1000 * PIXEL_MM / FINER)
        write_png(out / "truth" / f"{name}.png", np.rint(255 * zoom(truth.damage, 1 / FINER, order=0)).astype(np.uint8))
        np.savez_compressed(out / "truth" / f"{name}.npz", places=truth.places.astype(np.float32))
        write_true_pair(out / "truth", name, ct, truth.places, truth.section)
        _write_landmarks(out / landmarks, rng, truth, ct.shape)
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


@dataclass(frozen=True)
class Truth:
    """What is known of a slide, in the slide's own orientation.

    Attributes:
        places: (3, h, w) z, y, x in voxels of the block for each CT pixel of the section.
        damage: (H, W) of the slide, whether the section is damaged there.
        tissue: (H, W) of the slide, whether there is any of the block.
        section: (h, w, 3) at the scan's voxels, undamaged, of the usual dye.
    """

    places: NDArray[np.float32]
    damage: NDArray[np.bool_]
    tissue: NDArray[np.bool_]
    section: NDArray[np.uint8]


def _slide(
    rng: np.random.Generator, stain: NDArray[np.uint8], cut: SectionCut, options: StudyOptions
) -> tuple[NDArray[np.uint8], Truth]:
    canvas = round(MARGIN * options.side)
    middle = (np.array(stain.shape[:3]) - 1) / 2
    coarse = np.arange(canvas) - (canvas - 1) / 2
    fine = (np.arange(canvas * FINER) + 0.5) / FINER - canvas / 2
    places = cut.places(coarse, coarse) + middle[:, None, None].astype(np.float32)
    sharp = cut.places(fine, fine) + middle[:, None, None].astype(np.float32)
    density = np.empty((3, *sharp.shape[1:]), np.float32)
    for channel in range(3):
        light = map_coordinates(stain[..., channel], sharp, np.float32, order=1, mode="nearest")
        density[channel] = -np.log10(np.clip(gaussian_filter(light, 0.3 * FINER), 1, None) / WHITE[channel])
    limits = np.array(stain.shape[:3])[:, None, None] - 0.5
    tissue: NDArray[np.bool_] = np.all((sharp > -0.5) & (sharp < limits), axis=0)
    density *= gaussian_filter(tissue.astype(np.float32), FINER)
    section = seen_by_the_scan(density, FINER)
    damage = np.zeros(tissue.shape, bool)
    if options.dye:
        strength = 1 + options.dye * (rng.uniform(-1, 1) + rng.uniform(-1 / 3, 1 / 3, 3))
        density *= strength[:, None, None]
    if options.damaged:
        for kind, width in ((fold, 0.05), (tear, 0.04), (bubble, 0.12), (pen, 0.03)):
            if rng.random() < 0.5:
                density, there = kind(rng, density, width * canvas * FINER * rng.uniform(0.5, 1))
                damage |= there
    cast, slope = rng.uniform(0.95, 1, 3), rng.normal(0, 0.01, 2)
    position = np.linspace(-1, 1, canvas * FINER, dtype=np.float32)
    light = 1 + slope[0] * position[:, None] + slope[1] * position[None, :]
    image = (np.asarray(WHITE) * cast)[:, None, None] * 10**-density * light
    image += rng.normal(0, 1.5, image.shape)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    quarters, mirrored = (int(rng.integers(4)), bool(rng.integers(2))) if options.any_way else (0, False)

    def laid(array: NDArray[Any], first: int = 0) -> NDArray[Any]:
        turned = np.rot90(array, quarters, (first, first + 1))
        return np.ascontiguousarray(np.flip(turned, first + 1) if mirrored else turned)

    return laid(pixels), Truth(laid(places, 1), laid(damage), laid(tissue), laid(section))


def _write_landmarks(path: Path, rng: np.random.Generator, truth: Truth, shape: tuple[int, ...]) -> None:
    """Landmarks where the section is whole, off by what a person's hand is off by, and not at the block's faces."""
    whole = (truth.tissue & ~truth.damage)[FINER // 2 :: FINER, FINER // 2 :: FINER]
    far = np.array(shape)[:, None, None] - 1 - 5 * LANDMARK_ERROR
    within = ((truth.places > 5 * LANDMARK_ERROR) & (truth.places < far)).all(axis=0)
    rows, columns = np.nonzero(whole & within)
    chosen = rng.choice(len(rows), LANDMARKS, replace=False)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("slide_x", "slide_y", "volume_x", "volume_y", "volume_z"))
        for row, column in zip(rows[chosen], columns[chosen], strict=True):
            z, y, x = truth.places[:, row, column] + np.clip(rng.normal(0, LANDMARK_ERROR, 3), -5, 5)
            on_slide = (FINER * (np.array([column, row]) + 0.5) - 0.5).round(1)
            writer.writerow((*on_slide, *(f"{value:.2f}" for value in (x, y, z))))
