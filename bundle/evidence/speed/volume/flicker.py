"""How much the stain changes from slice to slice, against the phantom's true sections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel.nifti1
import numpy as np
from numpy.typing import NDArray

from bundle.evidence.speed.conditions import Conditions
from bundle.shared.places import PHANTOM
from bundle.shared.workflow import run_workflow
from scripts.data.window import window
from scripts.errors import InputError
from scripts.volume import open_volume
from scripts.volume.write.flicker import mean_change
from scripts.volume.write.stain_store import StainStore

WAYS: dict[str, dict[str, Any]] = {
    "each slice by itself": {"slice_average": [1]},
    "averaged with its neighbours (default)": {},
    "along three axes, each slice by itself": {"axis": "all", "slice_average": [1]},
    "along three axes, averaged": {"axis": "all"},
}


def measure(conditions: Conditions) -> dict[str, Any]:
    """Stain the phantom's volumes in several ways and compare the mean change from slice to slice with the truth's."""
    if not (PHANTOM / "datalist.json").is_file():
        raise InputError(f"There is no phantom in {PHANTOM}: make it with `python -m bundle phantom`.")
    volumes = json.loads((PHANTOM / "datalist.json").read_text(encoding="utf-8"))["phantom"]["volumes"]
    rows = []
    for entry in volumes[:1] if conditions.quick else volumes:
        truth = _rgb(PHANTOM / entry["stain"])
        with open_volume(PHANTOM / entry["ct_nifti"]) as volume:
            ct = 255 * window(volume.read(0, volume.shape[0]), 5000, 35000)
        true_change, ct_change = mean_change(truth), mean_change(ct)
        name = f"{entry['specimen']} ({entry['split']})"
        rows.append(_row(name, "true sections", true_change, ct_change, true_change, 0.0))
        for way, options in WAYS.items():
            out = conditions.work / f"{entry['specimen']}_{len(rows)}"
            run_workflow("inference", {"input": PHANTOM / entry["ct_nifti"], "output_dir": out} | options)
            depth, height, width, _ = truth.shape
            store = StainStore(next(out.glob("*.ome.zarr")), (depth, height, width), 32)
            stained = np.concatenate(list(store.slabs()))
            error = float(np.abs(stained.astype(np.float32) - truth).mean())
            rows.append(_row(name, way, mean_change(stained), ct_change, true_change, error))
    return {
        "title": "Mean change from slice to slice, in grey levels",
        "note": "Synthetic phantom, shipped weights. The error is the mean absolute difference to the true sections.",
        "floor": "at most 1.1 times the true sections'",
        "rows": rows,
        "met": all(row["to the truth's"] <= 1.1 for row in rows if "default" in row["stained"]),
    }


def _row(volume: str, way: str, change: float, ct: float, truth: float, error: float) -> dict[str, Any]:
    return {
        "volume": volume,
        "stained": way,
        "change": round(change, 2),
        "to the CT's": round(change / ct, 2),
        "to the truth's": round(change / truth, 2),
        "error": round(error, 2),
    }


def _rgb(path: Path) -> NDArray[np.uint8]:
    image: Any = nibabel.nifti1.load(path)
    voxels = np.asarray(image.dataobj)
    return np.stack([voxels[channel] for channel in "RGB"], axis=-1).transpose(2, 1, 0, 3)
