"""The whole way in a few minutes: phantom, training, evaluation, staining of a volume, pictures."""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from monai.bundle import ConfigWorkflow
from monai.data import Dataset

from bundle.evidence import lut
from bundle.evidence.shared.metric_table import write_table
from bundle.release.demo.pictures import draw_losses, draw_planes, draw_sections
from bundle.shared.places import PHANTOM, ROOT
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data.window import window
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.metrics.lpips_weights import find_lpips_weights
from scripts.virtual_stainer import VirtualStainer
from scripts.volume import open_volume

SHIPPED = ROOT / "models" / "model.pt"
MARKER = "demo.json"  # what only a folder written by this command holds
NOTE = (
    "Means over the whole slices of the phantom's test specimens. The phantom is synthetic: these figures compare "
    "methods, they say nothing about real tissue."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for all results")
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="phantom; made if it is not there")
    parser.add_argument("--epochs", type=int, default=6, help="epochs to train the small model")
    parser.add_argument("--steps", type=int, default=40, help="training steps per epoch")


def run(args: argparse.Namespace) -> int:
    """Run all steps and say where everything is.

    Raises:
        InputError: `out` holds something that this command did not write.
    """
    begun = time.monotonic()
    out, data = args.out, args.dataset_dir
    _clear(out)

    _say("1/6  phantom: synthetic CT and toluidine-blue sections of bone implants")
    if (data / "datalist.json").is_file():
        print(f"     already in {data}")
    else:
        make_phantom(data)

    _say(f"2/6  training a small model from scratch ({args.epochs * args.steps} steps)")
    without: dict[str, Any] = {}
    if find_lpips_weights() is None:
        print("     without the perceptual term: AlexNet's weights are not here, see `python -m bundle lpips-weights`")
        without = {"loss_weights#perceptual": 0.0}
    _workflow(
        "training",
        "train",
        dataset_dir=data,
        output_dir=out / "training",
        iterations_per_epoch=args.steps,
        val_interval=3,
        **{"train#trainer#max_epochs": args.epochs},
        **without,
    )

    _say("3/6  evaluating on the test specimens: lookup table, the model just trained, the shipped model")
    lut.run(_lut_arguments(data, out / "evaluation" / "lookup_table"))
    models = {"trained in this demo": out / "training" / "model.pt", "shipped weights": SHIPPED}
    summaries = {"lookup table": out / "evaluation" / "lookup_table" / "metrics_summary.csv"}
    for name, checkpoint in models.items():
        folder = out / "evaluation" / name.replace(" ", "_")
        _workflow("evaluating", "evaluate", dataset_dir=data, output_dir=folder, checkpoint=checkpoint, overwrite=True)
        summaries[name] = folder / "metrics_summary.csv"
    table = write_table(out, summaries, NOTE)

    _say("4/6  staining the CT volume with the shipped weights, read from NIfTI and from TIFF")
    volumes = _test_volume(data)
    for volume, folder in zip(volumes, ("from_nifti", "from_tiff"), strict=True):
        _workflow(
            "inference",
            "inference",
            input=volume,
            output_dir=out / "stained" / folder,
            output_format=["ome.zarr", "tif", "nii.gz"],
        )

    _say("5/6  pictures")
    _draw(out, data, models, volumes[0])

    _say(f"6/6  done in {(time.monotonic() - begun) / 60:.1f} minutes")
    print(table)
    _print_places(out)
    return 0


def _workflow(kind: str, config: str, **override: Any) -> None:
    """Run a bundle workflow as ``python -m monai.bundle run`` would, and show the command that does the same."""
    options = {name: str(value.resolve()) if isinstance(value, Path) else value for name, value in override.items()}
    words = " ".join(f"--{name} {value}" for name, value in options.items())
    print(f"     python -m monai.bundle run {kind} --config_file configs/{config}.yaml {words}", flush=True)
    workflow = ConfigWorkflow(
        config_file=str(ROOT / "configs" / f"{config}.yaml"),
        workflow_type="train" if kind == "training" else "infer",
        logging_file=str(ROOT / "configs" / "logging.conf"),
        run_id=kind,
        bundle_root=str(ROOT),
        **options,
    )
    workflow.initialize()
    workflow.run()
    workflow.finalize()


def _draw(out: Path, data: Path, models: dict[str, Path], volume_path: Path) -> None:
    draw_losses(out / "loss_curves.png", out / "training" / "history.csv")

    pairs = lut.load_pairs(data, "test")
    specimens = [item["specimen"] for item in pairs.data]
    chosen = [specimens.index(specimen) for specimen in dict.fromkeys(specimens)]
    stainers = {name: VirtualStainer(checkpoint) for name, checkpoint in models.items()}
    rows: list[dict[str, np.ndarray]] = [_pictures(pairs, index, stainers) for index in chosen]
    draw_sections(out / "sections.png", rows, [specimens[index] for index in chosen])

    with open_volume(volume_path) as volume:
        lo, hi = stainers["shipped weights"].network.trained_window or (0.0, 1.0)
        ct = window(volume.read(0, volume.shape[0]), lo, hi)
        spacing = volume.spacing or (1.0, 1.0, 1.0)
    stain = tifffile.imread(next((out / "stained" / "from_nifti").glob("*.tif")))
    draw_planes(out / "volume_planes.png", ct, stain, spacing)


def _pictures(pairs: Dataset, index: int, stainers: dict[str, VirtualStainer]) -> dict[str, np.ndarray]:
    item = pairs[index]
    ct = np.asarray(item["image"][0])
    row = {"micro-CT": ct}
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


def _lut_arguments(data: Path, folder: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    lut.add_arguments(parser)
    return parser.parse_args(["--dataset_dir", str(data), "--out", str(folder)])


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
        ("sections.png", "CT, virtual and true sections of the test specimens"),
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
