"""The last steps of a staining: fusing, resampling, exporting, preview and record, and giving all its final name.

Each step may be cut off at any moment: it is done again by the next run, with the same result.
"""

from __future__ import annotations

import contextlib
import json
import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from scripts.errors import InputError
from scripts.files.digest import file_digest, file_signature
from scripts.fit.compare import lines_of
from scripts.memory import give_back_freed_memory
from scripts.printable import listed
from scripts.volume.grid.back import brought_to
from scripts.volume.grid.said import grids_of, lines_of_grids
from scripts.volume.read.reader import open_volume
from scripts.volume.read.units import micrometres
from scripts.volume.read.volume import Volume
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.done import forget_damaged
from scripts.volume.stain.notes import Kept, Notes
from scripts.volume.stain.publish import publish
from scripts.volume.stain.request import OME_ZARR, Findings, window_words
from scripts.volume.stain.results import ResultStores, axis_stores
from scripts.volume.stain.staining import Staining
from scripts.volume.write.axis_store import fused
from scripts.volume.write.export import EXPORTS
from scripts.volume.write.levels import counts_of_levels, novelty_facts, uncertainty_facts, unlike_of_slices
from scripts.volume.write.maps import NOVELTY, UNCERTAINTY
from scripts.volume.write.planes import preview_of
from scripts.volume.write.stored import remove_files
from scripts.whole import write_text

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("torch", "monai", "pytorch-ignite", "numpy", "zarr", "tifffile", "nibabel")


def finish(begun: Begun, details: Mapping[str, Any] | None = None) -> list[Path]:
    """Make all outputs of a staining whose slabs are done.

    Args:
        begun: with nothing left to stain.
        details: what the record says of this run besides.

    Returns:
        The outputs, the record last.

    Raises:
        InputError: a disk is full; a slab was damaged since it was stored; the volume was changed while it was stained,
            or can no longer be read.
        RuntimeError: slabs are missing.
    """
    if not begun.is_whole():
        if forget_damaged(begun):
            raise InputError(
                f"Slabs in {begun.staining.folder} were damaged after they were stored: repeat the command, which "
                "stains only them again."
            )
        if not begun.is_stained():
            raise RuntimeError(f"slabs are missing in {begun.staining.folder}")
        _make(begun, details or {})
    return publish(begun.staining)


def _make(begun: Begun, details: Mapping[str, Any]) -> None:
    staining, request = begun.staining, begun.staining.request
    with open_volume(request.source, request.voxel_um, request.orientation) as volume:
        _require_unchanged(begun, volume)
        results, notes = ResultStores(begun), Notes(begun)
        kept = notes.kept() if request.in_one_pass else _second_pass(begun, results)
        for store in results.stores:
            for left in store.path.rglob("*.partial"):  # of a chunk that was being written when the process was killed
                left.unlink()
        shown = begun.on_output_grid(volume)
        _export(request.output_format, results, shown)
        facts = _facts(results, notes)
        lines = [f"weights: {staining.weights}", _window(begun.findings), *lines_of(begun.findings.fit)]
        lines += [*_verdict(facts, staining), *lines_of_grids(volume, request.stained_shape)]
        preview_of(staining.folder / f"{staining.name}_stain.png", results.stain, notes.ct_planes(), shown, lines)
        _warn_of_replaced(begun, notes)
        record = _record(begun, volume, notes, details, facts)
    for each in request.maps:
        record[each.name] = {**(record.get(each.name) or {}), "sha256_of_slice_sha256": kept.slices(each.name)}
    write_text(staining.folder / staining.outputs[-1], json.dumps(record, indent=2) + "\n")
    stores = {store.path.name: digest for store, digest in zip(results.stores, kept.stores(), strict=True)}
    made = {name: stores.get(name) or file_digest(staining.folder / name) for name in staining.outputs}
    begun.settle(made)


def _verdict(facts: Mapping[str, Mapping[str, Any]], staining: Staining) -> list[str]:
    """The line of the preview on what is unlike the training, which is logged, too."""
    verdict = facts.get(NOVELTY.name, {}).get("verdict")
    if verdict is None:
        return []
    logger.info("%s: %s", staining.name, verdict)
    return [f"novelty: {verdict}"]


def _require_unchanged(begun: Begun, volume: Volume) -> None:
    if file_signature(volume.files) != begun.findings.files:
        raise InputError(
            f"{volume.source} was changed while it was stained: once nothing writes to it any more, repeat the "
            "command, which stains again what was changed."
        )


def _window(found: Findings) -> str:
    return f"window: {window_words(found)}"


def _second_pass(begun: Begun, results: ResultStores) -> Kept:
    """Fuse the stains of several axes, and bring them to the input's grid, from the beginning."""
    request = begun.staining.request
    slabs = fused(list(axis_stores(begun).values()))
    if request.output_shape != request.stained_shape:
        on_network_grid = (slab for _, slab in slabs)
        slabs = brought_to(on_network_grid, request.stained_shape, request.output_shape, begun.findings.slab_size)
    remove_files(results.files(0, request.output_shape[0]))  # of a run that was cut off here
    return Kept([results.write(start, slab) for start, slab in slabs])


def _warn_of_replaced(begun: Begun, notes: Notes) -> None:
    replaced, where = notes.replaced()
    if replaced:
        logger.warning(
            "%s: %d voxels were NaN or infinite and became %g%s",
            begun.staining.request.source,
            replaced,
            begun.nan_value,
            f", in the slabs from slice {listed(where, 8)} on" if where else "",
        )


def _export(formats: Sequence[str], results: ResultStores, volume: Volume) -> None:
    """Write the other formats, whether or not a run that was cut off has left some: these may be damaged by now."""
    for store in results.stores:
        for suffix in formats:
            if suffix in EXPORTS:
                path = store.path.with_name(store.path.name.removesuffix(OME_ZARR) + suffix)
                EXPORTS[suffix](path, volume, store.slabs(), len(store.channels))
                give_back_freed_memory()


def _facts(results: ResultStores, notes: Notes) -> dict[str, dict[str, Any]]:
    """What the record says of each map beside the stain."""
    request, facts = notes.begun.staining.request, {}
    for each in request.maps[1:]:
        if len(notes.slabs) == 1:
            counts, unlike = notes.levels(each)
        else:  # the mean of several maps has other percentiles than they
            slabs = (slab[..., 0] for slab in results.by_name[each.name].slabs())
            found = [(counts_of_levels(slab), unlike_of_slices(slab)) for slab in slabs]
            counts = np.sum([levels for levels, _ in found], axis=0)
            unlike = np.concatenate([shares for _, shares in found])
        if each == UNCERTAINTY:
            facts[each.name] = uncertainty_facts(counts, request.views)
        else:
            facts[each.name] = novelty_facts(counts, unlike, notes.axis)
    return facts


def _record(
    begun: Begun,
    volume: Volume,
    notes: Notes,
    details: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    staining, request, found = begun.staining, begun.staining.request, begun.findings
    replaced, where = notes.replaced()
    return {
        "input": _input(begun, volume, notes),
        "grids": grids_of(volume, request.stained_shape, begun.on_output_grid(volume), notes.digest()),
        "checkpoint": {
            "sha256": request.checkpoint,
            "weights": staining.weights,
            **({"members_sha256": list(staining.members)} if staining.members else {}),
        },
        "window": {
            "lo": found.window[0],
            "hi": found.window[1],
            "source": found.window_source,
            "why": found.window_why,
            "landmarks": found.landmarks,
        },
        "fit": found.fit,
        "slice_average": list(found.slice_average),
        "not_finite": {
            "voxels": replaced,
            "became": begun.nan_value if replaced else None,
            "in_slabs_from": where,
        },
        "padding": found.padding,
        "stained_along": list(request.axes),
        "slab_size": begun.longest_slab,
        "tile_size": request.tile_size,
        "bfloat16": request.amp,
        "mean_change_between_slices": {axis: _flicker(notes, axis) for axis in request.axes},
        **{each.name: facts.get(each.name) for each in (UNCERTAINTY, NOVELTY)},
        "outputs": staining.outputs[:-1],
        "seconds": notes.seconds(),
        "software": _software(),
        "made_of": {"request": asdict(request), "files": found.files},
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **details,
    }


def _input(begun: Begun, volume: Volume, notes: Notes) -> dict[str, Any]:
    request = begun.staining.request
    return {
        "path": request.source,
        "shape_zyx": list(request.shape),
        "dtype": request.dtype,
        "voxel_size_zyx_um": None if volume.spacing is None else micrometres(volume.spacing),
        "affine_xyz_to_mm": None if volume.affine is None else np.asarray(volume.affine).tolist(),
        "sha256_of_slice_sha256": notes.digest() if request.network_shape is None else None,
        "sliced_along": notes.axis,
    }


def _flicker(notes: Notes, axis: str) -> dict[str, float | None]:
    ct, stain = notes.change("ct", axis), notes.change("stain", axis)
    return {"ct": ct, "stain": stain, "stain_to_ct": stain / ct if stain is not None and ct else None}


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    metadata = ROOT / "configs" / "metadata.json"
    if metadata.is_file():
        content = json.loads(metadata.read_text(encoding="utf-8"))
        versions[content["name"]] = content["version"]
    return versions
