"""The whole phantom data set: pairs, label images, displacement fields, volumes and the datalist."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bundle.synthetic.phantom.anatomy.materials import CLASSES
from bundle.synthetic.phantom.defaults import DYE, PLAIN_LOOK
from bundle.synthetic.phantom.files import PIXEL_MM, write_ct, write_nifti
from bundle.synthetic.phantom.pairs import Options, pixel_of, render_layer, write_pair
from bundle.synthetic.phantom.plan import (
    SPLITS,
    Plan,
    plan_look,
    plan_specimens,
    plan_varied,
    share_out,
    slice_heights,
    volume_specimens,
)
from bundle.synthetic.phantom.render import Rendering
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import whole_folder

VERSION = 1

Progress = Callable[[int, int], None]


def make_phantom(
    out: Path,
    seed: int = 0,
    specimens: int | Sequence[int] = 14,
    slices: int = 4,
    size: int = 512,
    displacement: float = 2.0,
    volumes: int = 2,
    depth: int = 48,
    processes: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    varied: int | Sequence[int] = 0,
    dye: float = DYE,
    look: str = PLAIN_LOOK,
) -> Path:
    """Write a phantom data set and return the path of its datalist.

    The files are the same for the same options, whatever the number of processes. They are written beside ``out`` and
    moved there at the end, so that an interrupted run leaves nothing that looks complete.

    Args:
        out: folder to make.
        seed: random seed, at least 0.
        specimens: number of specimens, at least 3; or how many are for training, validation and test, at least 1 each.
        slices: pairs per specimen.
        size: side of the images in pixels, at least 96.
        displacement: root-mean-square length in pixels of the residual misregistration of the sections; 0 = none.
        volumes: number of specimens that also come as a volume; of the varied ones as many.
        depth: slices of a volume.
        processes: worker processes; None = one per core, at most 8; 1 = none beside this one.
        overwrite: replace a phantom that is there.
        progress: called with the number of slices done and their total.
        varied: number of varied specimens beside the plain ones, as ``specimens``; 0 = none.
        dye: how far the stains of varied specimens differ from the plain ones', 0 = not at all, 1 = up to what was
            measured on real sections.
        look: of the specimens that are not varied: ``plain``, or a key of `looks.LOOKS`.

    Returns:
        Path of ``datalist.json``.

    Raises:
        InputError: options out of range, or ``out`` exists and must not be replaced, or cannot be written.
    """
    counts = _counts(specimens)
    total = specimens if isinstance(specimens, int) else list(counts)
    varied_counts = None if varied == 0 else list(_counts(varied, "varied"))
    options = Options(seed, total, slices, size, displacement, volumes, depth, varied_counts, dye, look)
    _check(options, sum(counts))
    plain = plan_specimens(counts) if look == PLAIN_LOOK else plan_look(look, counts)
    changed = plan_varied(seed, varied_counts, dye) if varied_counts else []
    plans = plain + changed
    whole = volume_specimens(plain, volumes) + volume_specimens(changed, volumes)
    out = out.absolute()
    _check_target(out, overwrite)
    writable_folder(out.parent, "--out")
    with whole_folder(out, out.with_name(f".{out.name}.partial")) as work:
        _write(work, options, plans, whole, processes, progress)
    return out / "datalist.json"


def _counts(specimens: int | Sequence[int], name: str = "specimens") -> tuple[int, ...]:
    if isinstance(specimens, int) and specimens >= 3:
        return share_out(specimens)
    if not isinstance(specimens, int) and len(specimens) == 3 and min(specimens) >= 1:
        return tuple(specimens)
    raise InputError(
        f"The phantom's option {name} is {specimens}: give a number of at least 3, or how many are for training, "
        "validation and test, at least 1 each."
    )


def _check(options: Options, specimens: int) -> None:
    least = {"seed": 0, "slices": 1, "size": 96, "displacement": 0, "volumes": 0, "depth": 1}
    for name, low in least.items():
        value = getattr(options, name)
        if not value >= low or not np.isfinite(value):
            raise InputError(f"The phantom's option {name} is {value}, it must be at least {low}.")
    if not 0 <= options.dye <= 1:
        raise InputError(f"The phantom's option dye is {options.dye}, it must be at least 0 and at most 1.")
    if options.volumes > specimens:
        raise InputError(f"The phantom's option volumes is {options.volumes}, at most its {specimens} specimens.")


def _check_target(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file; give the phantom a folder that does not exist yet.")
    if not any(out.iterdir()):
        return
    if not overwrite:
        raise InputError(f"{out} exists and is not empty; give another folder, or --overwrite to replace a phantom.")
    if not _is_phantom(out):
        raise InputError(f"{out} holds something other than a phantom and is left alone; give another folder.")


def _is_phantom(folder: Path) -> bool:
    try:
        content = json.loads((folder / "datalist.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "phantom" in content


def _write(
    root: Path, options: Options, plans: list[Plan], whole: list[Plan], processes: int | None, progress: Progress | None
) -> None:
    heights = slice_heights(options.slices, options.size)
    pairs = [(plan, index, z) for plan in plans for index, z in enumerate(heights)]
    middle = (options.depth - 1) / 2
    layers = [(plan, index, index - middle) for plan in whole for index in range(options.depth)]
    done, total = 0, len(pairs) + len(layers)

    def report(results: Iterable[Any]) -> Iterable[Any]:
        nonlocal done
        for result in results:
            done += 1
            if progress is not None:
                progress(done, total)
            yield result

    count = processes or min(os.cpu_count() or 1, 8)
    pair, layer = partial(write_pair, root, options), partial(render_layer, options)
    if count == 1:
        _finish(root, options, plans, whole, report(map(pair, pairs)), report(map(layer, layers)))
        return
    with single_threaded_children(), ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool:
        # Consecutive slices share a specimen, which a worker builds once.
        items = pool.map(pair, pairs, chunksize=max(1, options.slices // 2))
        rendered = pool.map(layer, layers, chunksize=8)
        _finish(root, options, plans, whole, report(items), report(rendered))


@contextmanager
def single_threaded_children() -> Iterator[None]:
    """Let processes started meanwhile do linear algebra in one thread: more would only hinder each other."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _finish(
    root: Path,
    options: Options,
    plans: list[Plan],
    whole: list[Plan],
    items: Iterable[tuple[str, dict[str, Any]]],
    layers: Iterable[Rendering],
) -> None:
    datalist: dict[str, Any] = {split: [] for split in SPLITS}
    for split, item in items:
        datalist[split].append(item)
    remaining = iter(layers)
    volumes = [_write_volume(root, plan, [next(remaining) for _ in range(options.depth)]) for plan in whole]
    datalist["phantom"] = {
        "version": VERSION,
        "options": options.given(),
        "pixel_mm": PIXEL_MM,
        "classes": list(CLASSES),
        "synthetic": True,
        "labels_aligned_with": "ct",
        "specimens": {
            plan.name: {"split": plan.split, "material": plan.material, "weeks": plan.weeks, **_facts(plan)}
            for plan in plans
        },
        "volumes": volumes,
    }
    (root / "datalist.json").write_text(json.dumps(datalist, indent=2) + "\n", encoding="utf-8")


def _facts(plan: Plan) -> dict[str, Any]:
    return {} if plan.variety is None else asdict(plan.variety)


def _write_volume(root: Path, plan: Plan, layers: list[Rendering]) -> dict[str, str]:
    pixel_mm = pixel_of(plan) / 1000
    ct = np.stack([layer.ct for layer in layers])
    files = {
        "ct_nifti": f"volumes/{plan.name}_ct.nii.gz",
        "ct_tiff": f"volumes/{plan.name}_ct.tif",
        "stain": f"truth/{plan.name}_stain.nii.gz",
        "labels": f"truth/{plan.name}_labels.nii.gz",
    }
    write_nifti(root / files["ct_nifti"], ct, pixel_mm)
    write_ct(root / files["ct_tiff"], ct, pixel_mm)
    write_nifti(root / files["stain"], np.stack([layer.stain for layer in layers]), pixel_mm)
    write_nifti(root / files["labels"], np.stack([layer.labels for layer in layers]), pixel_mm)
    return {"specimen": plan.name, "split": plan.split, **files}
