"""The last steps of a staining: fusing, exporting, preview and record, and giving everything its final name.

Each step may be cut off at any moment: it is done again by the next run, with the same result.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from scripts.inferers.uncertainty import STEPS
from scripts.memory import give_back_freed_memory
from scripts.volume.axis_store import fuse
from scripts.volume.export import EXPORTS
from scripts.volume.flicker import mean_change
from scripts.volume.planes import preview_of
from scripts.volume.reader import open_volume
from scripts.volume.results import ResultStores, axis_stores, counts_of_levels
from scripts.volume.staining import OME_ZARR, Staining, remove, write_text
from scripts.volume.volume import Volume

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "monai", "pytorch-ignite", "numpy", "zarr", "tifffile", "nibabel")


def finish(staining: Staining, details: Mapping[str, Any] | None = None) -> list[Path]:
    """Make all outputs of a staining whose slabs are done.

    Args:
        staining: with nothing left to stain.
        details: what the record says of this run besides.

    Returns:
        The outputs, the record last.

    Raises:
        InputError: a disk is full, or the volume can no longer be read.
        RuntimeError: slabs are missing.
    """
    if not staining.is_whole():
        if not staining.is_stained():
            raise RuntimeError(f"slabs are missing in {staining.folder}")
        found, request = staining.findings, staining.request
        assert found is not None
        results = ResultStores(staining)
        if list(request.axes) != ["z"]:
            fuse(list(axis_stores(staining).values()), results)
        for store in results.stores:
            for left in store.path.rglob("*.partial"):  # of a chunk that was being written when the process was killed
                left.unlink()
        with open_volume(request.source, request.spacing, request.orientation) as volume:
            _export(staining, results, volume)
            notes = _Notes(staining)
            preview_of(staining.folder / f"{staining.name}_stain.png", results.stain, notes.ct_planes(), volume)
            replaced, where = notes.replaced()
            if replaced:
                logger.warning(
                    "%s: %d voxels were NaN or infinite and became %g, in the slabs from slice %s on",
                    request.source,
                    replaced,
                    found.window[0] if request.nan_value is None else request.nan_value,
                    ", ".join(map(str, where[:8])) + (" ..." if len(where) > 8 else ""),
                )
            record = _record(staining, volume, notes, details or {}, _uncertainty(results, notes))
        write_text(staining.folder / f"{staining.name}_stain.json", json.dumps(record, indent=2) + "\n")
        write_text(staining.folder / "whole", "what is here only needs to be moved\n")
    return _publish(staining)


def _export(staining: Staining, results: ResultStores, volume: Volume) -> None:
    for store in results.stores:
        for suffix in staining.request.output_format:
            path = store.path.with_name(store.path.name.removesuffix(OME_ZARR) + suffix)
            if suffix in EXPORTS and not path.exists():
                EXPORTS[suffix](path, volume, store.slabs(), len(store.channels))
                give_back_freed_memory()


def _publish(staining: Staining) -> list[Path]:
    paths = [staining.output_dir / output for output in staining.outputs]
    for obsolete in staining.obsolete:  # of the stain that is replaced
        remove(staining.output_dir / obsolete)
    for path in paths:
        made = staining.folder / path.name
        if made.exists():
            remove(path)
            os.replace(made, path)
    remove(staining.folder)
    return paths


class _Notes:
    """What was noted of the slabs, put together."""

    def __init__(self, staining: Staining) -> None:
        self.staining = staining
        self.axis = "z" if "z" in staining.request.axes else staining.request.axes[0]
        self.slabs: dict[str, list[dict[str, np.ndarray]]] = {axis: [] for axis in staining.request.axes}
        # changes from the last slice of a slab to the first of the next: (axis, "ct" or "stain") to one for each pair
        self._between: dict[tuple[str, str], list[float]] = {}
        last: dict[tuple[str, str], np.ndarray] = {}
        for axis, start, _ in staining.slabs():
            notes = staining.notes(axis, start)
            for what in ("ct", "stain"):
                ends = notes.pop(f"{what}_ends")  # images, which are not kept: there may be thousands
                changes = self._between.setdefault((axis, what), [])
                if (axis, what) in last:
                    changes.append(mean_change(np.stack([last[axis, what], ends[0]])))
                last[axis, what] = ends[1]
            self.slabs[axis].append(notes)

    def ct_planes(self) -> dict[str, np.ndarray]:
        """The CT's middle planes: xy (Y, X), xz (Z, X), yz (Z, Y), uint8."""
        slabs = self.slabs[self.axis]
        middle = next(slab["ct_middle"] for slab in slabs if slab["ct_middle"].size)
        rows = np.concatenate([slab["ct_row"] for slab in slabs])
        columns = np.concatenate([slab["ct_column"] for slab in slabs])
        if self.axis == "z":  # slices (y, x)
            return {"xy": middle, "xz": rows, "yz": columns}
        if self.axis == "y":  # slices (z, x)
            return {"xy": rows, "xz": middle, "yz": columns.T}
        return {"xy": rows.T, "xz": columns.T, "yz": middle}  # slices (z, y)

    def change(self, what: str, axis: str) -> float | None:
        """Mean change of the CT or the stain from slice to slice, in grey levels; None for a single slice."""
        within = [slab[f"{what}_change"] for slab in self.slabs[axis]]
        between = self._between[axis, what]
        total = float(sum(part[0] for part in within)) + sum(between)
        pairs = float(sum(part[1] for part in within)) + len(between)
        return total / pairs if pairs else None

    def seconds(self) -> dict[str, float]:
        sums = np.sum([slab["seconds"] for slabs in self.slabs.values() for slab in slabs], axis=0)
        return dict(zip(("reading", "staining", "storing"), (round(float(value), 3) for value in sums), strict=True))

    def replaced(self) -> tuple[int, list[int]]:
        """Voxels that were NaN or infinite, and the slabs that hold some, by their first slice."""
        slabs = [
            (start, notes)
            for (axis, start, _), notes in zip(
                (slab for slab in self.staining.slabs() if slab[0] == self.axis), self.slabs[self.axis], strict=True
            )
        ]
        return (
            sum(int(notes["replaced"]) for _, notes in slabs),
            [start for start, notes in slabs if notes["replaced"]],
        )

    def digest(self) -> str:
        """SHA-256 over the SHA-256 of each slice's stored grey values, from the first slice to the last."""
        assert self.staining.findings is not None
        reach = len(self.staining.findings.slice_average) // 2
        digest = hashlib.sha256()
        for slab in self.slabs[self.axis]:
            digests = slab["digests"]
            digest.update(digests[reach : len(digests) - reach].tobytes())
        return digest.hexdigest()


def _uncertainty(results: ResultStores, notes: _Notes) -> dict[str, float] | None:
    """Mean and percentiles over all voxels, in grey levels; None where it was not asked for."""
    if results.uncertainty is None:
        return None
    slabs = [slab for slabs in notes.slabs.values() for slab in slabs]
    if len(notes.slabs) == 1:
        counts = np.sum([slab["uncertainty"] for slab in slabs], axis=0)
    else:  # the mean of several maps has other percentiles than they
        counts = np.sum([counts_of_levels(slab[..., 0]) for slab in results.uncertainty.slabs()], axis=0)
    share = np.cumsum(counts) / counts.sum()
    return {
        "views": notes.staining.request.views,
        "mean": round(float(np.average(np.arange(256), weights=counts)) / STEPS, 3),
        **{f"percentile_{q}": int(np.searchsorted(share, q / 100)) / STEPS for q in (50, 80, 95)},
    }


def _record(
    staining: Staining,
    volume: Volume,
    notes: _Notes,
    details: Mapping[str, Any],
    uncertainty: dict[str, float] | None,
) -> dict[str, Any]:
    request, found = staining.request, staining.findings
    assert found is not None
    replaced, where = notes.replaced()
    flicker = {}
    for axis in request.axes:
        ct, stain = notes.change("ct", axis), notes.change("stain", axis)
        flicker[axis] = {
            "ct": ct,
            "stain": stain,
            "stain_to_ct": stain / ct if stain is not None and ct else None,
        }
    return {
        "input": {
            "path": request.source,
            "shape_zyx": list(request.shape),
            "dtype": request.dtype,
            "voxel_size_zyx_mm": None if volume.spacing is None else list(volume.spacing),
            "affine_xyz_to_mm": None if volume.affine is None else np.asarray(volume.affine).tolist(),
            "sha256_of_slice_sha256": notes.digest(),
            "sliced_along": notes.axis,
        },
        "checkpoint": {"sha256": request.checkpoint},
        "window": {"lo": found.window[0], "hi": found.window[1], "source": found.window_source},
        "slice_average": list(found.slice_average),
        "not_finite": {
            "voxels": replaced,
            "became": (found.window[0] if request.nan_value is None else request.nan_value) if replaced else None,
            "in_slabs_from": where,
        },
        "stained_along": list(request.axes),
        "slab_size": found.slab_size,
        "tile_size": request.tile_size,
        "bfloat16": request.amp,
        "mean_change_between_slices": flicker,
        "uncertainty": uncertainty,
        "outputs": staining.outputs[:-1],
        "seconds": notes.seconds(),
        "software": _software(),
        "made_of": {"request": asdict(request), "files": found.files},
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **details,
    }


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    metadata = ROOT / "configs" / "metadata.json"
    if metadata.is_file():
        content = json.loads(metadata.read_text(encoding="utf-8"))
        versions[content["name"]] = content["version"]
    return versions
