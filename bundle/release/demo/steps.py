"""The steps of the demonstration: phantom, training, evaluation, a stained volume, pictures."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from monai.data.dataset import Dataset

from bundle.evidence.shared.lookup_table.best import evaluate_best_table
from bundle.evidence.shared.metric_table import write_table
from bundle.evidence.shared.section_rows import Image, draw_sections
from bundle.release.demo.pictures import draw_losses, draw_planes
from bundle.shared.places import SHIPPED
from bundle.shared.stained import find_stained
from bundle.shared.windowed_pairs import load_pairs
from bundle.shared.workflow import CONFIG_OF, run_workflow
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data.window import window
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.handlers.metrics_csv import SUMMARY
from scripts.metrics.lpips_weights import find_lpips_weights
from scripts.virtual_stainer import VirtualStainer
from scripts.volume import open_volume

MARKER = "demo.json"  # what only a folder written by this command holds
NOTE = (
    "Means over the whole slices of the phantom's test specimens. The phantom is synthetic: these figures compare "
    "methods, they say nothing about real tissue."
)


def run_demo(out: Path, data: Path, epochs: int, steps: int) -> None:
    """Run all steps and say where everything is.

    Args:
        out: folder for all results; an earlier demo in it is replaced.
        data: folder of the phantom, which is made if there is none.
        epochs: of the small model.
        steps: of an epoch.

    Raises:
        InputError: `out` holds something that this command did not write.
    """
    begun = time.monotonic()
    _clear(out)
    _say("1/6  phantom: synthetic CT and toluidine-blue sections of bone implants")
    if (data / "datalist.json").is_file():
        print(f"     already in {data}")
    else:
        make_phantom(data)
    _say(f"2/6  training a small model from scratch ({epochs * steps} steps)")
    _train(data, out / "training", epochs, steps)
    _say("3/6  evaluating on the test specimens: lookup table, the model just trained, the shipped model")
    models = {"trained in this demo": out / "training" / "model.pt", "shipped weights": SHIPPED}
    text = write_table(out, _evaluate(data, out / "evaluation", models), NOTE)
    _say("4/6  staining the CT volume with the shipped weights, read from NIfTI and from TIFF")
    volumes = _test_volume(data)
    for volume, folder in zip(volumes, ("from_nifti", "from_tiff"), strict=True):
        formats = ["ome.zarr", "tif", "nii.gz"]
        _workflow("inference", {"input": volume, "output_dir": out / "stained" / folder, "output_format": formats})
    _say("5/6  pictures")
    _draw(out, data, models, volumes[0])
    _say(f"6/6  done in {(time.monotonic() - begun) / 60:.1f} minutes")
    print(text)
    _print_places(out)


def _train(data: Path, folder: Path, epochs: int, steps: int) -> None:
    """Train a model of which nothing is expected but to be there, with the perceptual term where that is possible."""
    without: dict[str, Any] = {}
    if find_lpips_weights() is None:
        print("     without the perceptual term: AlexNet's weights are not here, see `python -m bundle lpips-weights`")
        without = {"loss_weights#perceptual": 0.0}
    options: dict[str, Any] = {"dataset_dir": data, "output_dir": folder, "iterations_per_epoch": steps}
    _workflow("training", options | {"val_interval": 3, "train#trainer#max_epochs": epochs} | without)


def _evaluate(data: Path, folder: Path, models: Mapping[str, Path]) -> dict[str, Path]:
    """Evaluate the lookup table and all models; return each one's ``metrics_summary.csv``."""
    evaluate_best_table(data, folder / "lookup_table")
    folders = {"lookup table": folder / "lookup_table"}
    for name, checkpoint in models.items():
        folders[name] = folder / name.replace(" ", "_")
        options = {"dataset_dir": data, "output_dir": folders[name], "checkpoint": checkpoint, "overwrite": True}
        _workflow("evaluating", options)
    return {name: place / SUMMARY for name, place in folders.items()}


def _workflow(kind: str, options: Mapping[str, Any]) -> None:
    """Run a bundle workflow as ``python -m monai.bundle run`` would, and show the command that does the same."""
    given = {name: value.resolve() if isinstance(value, Path) else value for name, value in options.items()}
    words = " ".join(f"--{name} {value}" for name, value in given.items())
    print(f"     python -m monai.bundle run {kind} --config_file configs/{CONFIG_OF[kind]} {words}", flush=True)
    run_workflow(kind, given, logging=True)


def _draw(out: Path, data: Path, models: Mapping[str, Path], volume_path: Path) -> None:
    draw_losses(out / "loss_curves.png", out / "training" / "history.csv")

    pairs = load_pairs(data, "test")
    specimens = [item["specimen"] for item in pairs.data]
    chosen = [specimens.index(specimen) for specimen in dict.fromkeys(specimens)]
    size = pairs.data[0].get("pixel_um")
    options = {} if size is None else {"voxel_um": size}  # arrays do not say it
    stainers = {name: VirtualStainer(checkpoint, options=options) for name, checkpoint in models.items()}
    rows = [_pictures(pairs, index, stainers) for index in chosen]
    draw_sections(out / "sections.png", rows, [specimens[index] for index in chosen])

    (stained,) = find_stained(out / "stained" / "from_nifti")
    with open_volume(volume_path) as volume:
        ct = window(volume.read(0, volume.shape[0]), *stained.window)
        spacing = volume.spacing or (1.0, 1.0, 1.0)
    stain = tifffile.imread(next((out / "stained" / "from_nifti").glob("*.tif")))
    draw_planes(out / "volume_planes.png", ct, stain, spacing)


def _pictures(pairs: Dataset, index: int, stainers: dict[str, VirtualStainer]) -> dict[str, Image]:
    item = pairs[index]
    ct = np.asarray(item["image"][0])
    row: dict[str, Image] = {"micro-CT": ct}
    for name, stainer in stainers.items():
        row[f"virtual stain,\n{name}"] = stainer(ct, window=(0, 1)) / 255
    row["true section\n(synthetic)"] = np.moveaxis(np.asarray(item["label"]), 0, -1)
    return row


def _test_volume(data: Path) -> list[Path]:
    """The CT volume of a test specimen, as NIfTI and as TIFF."""
    description = json.loads((data / "datalist.json").read_text(encoding="utf-8")).get("phantom", {})
    for volume in description.get("volumes", []):
        if volume["split"] == "test":
            return [data / volume["ct_nifti"], data / volume["ct_tiff"]]
    raise InputError(f"{data} is not a phantom with a test volume: make one with `python -m bundle phantom`.")


def _clear(out: Path) -> None:
    """Make the output folder, or empty the one that an earlier demo wrote."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).is_file():
            raise InputError(f"{out} holds something else than an earlier demo: give another --out.")
        shutil.rmtree(out)
    writable_folder(out)
    (out / MARKER).write_text('{"written_by": "python -m bundle demo"}\n', encoding="utf-8")


def _say(line: str) -> None:
    print(f"\n{line}", flush=True)


def _print_places(out: Path) -> None:
    places: Sequence[tuple[str, str]] = (
        ("sections.png", "CT, stains and true sections of the test specimens"),
        ("volume_planes.png", "three orthogonal planes of the stained volume"),
        ("loss_curves.png", "loss terms and validation of the small model"),
        ("metrics.md", "the table above; metrics.csv has all figures"),
        ("stained/", "the stained volume as OME-Zarr, OME-TIFF and NIfTI, with a preview page and a record"),
        ("evaluation/", "metrics per image and previews, per method"),
        ("training/", "weights, checkpoint, history, TensorBoard logs of the small model"),
    )
    print(f"Everything is in {out}:")
    for name, what in places:
        print(f"  {name:<20}{what}")
