"""Beginning the staining of one volume, or going on with one that was stopped."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import torch

from scripts.errors import InputError
from scripts.folder_lock import lock_folder
from scripts.networks import Stainer
from scripts.volume.dataset import read_slice
from scripts.volume.rechunk import copy_in_cubes
from scripts.volume.results import ResultStores, axis_stores
from scripts.volume.slab_size import default_slab_size
from scripts.volume.staining import OME_ZARR, Findings, Request, Staining, file_signature
from scripts.volume.volume import Volume
from scripts.volume.window import usable_average, volume_window

logger = logging.getLogger(__name__)

_locks: dict[Path, int] = {}  # descriptors, held until this process ends or plans the same again


def begin_or_go_on(staining: Staining, volume: Volume, network: Stainer, device: torch.device, overwrite: bool) -> None:
    """Find window and slabs of a new staining and make its folder, or see what is left to do of an old one.

    Args:
        staining: what is asked for.
        volume: opened.
        network: knows the window and percentiles of its training.
        device: where it will be, whose memory the slabs must fit too.
        overwrite: replace finished outputs, and unfinished ones of another request.

    Raises:
        InputError: an output that exists already; an unfinished staining of another request, or one that another
            process is at; a volume without a window; damaged slices.
    """
    try:
        resumed = staining.resume()
    except InputError:
        if not overwrite:
            raise
        resumed = False
    if resumed:
        _lock(staining)
    if resumed and staining.is_whole():  # only to be moved to its place, where some of it may be already
        logger.info("%s: continued, all slabs are done", volume.source)
        return
    if resumed:
        _check_again(staining, volume)
        done = sum(staining.is_done(axis, start) for axis, start, _ in staining.slabs())
        logger.info("%s: continued, %d of %d slabs are done", volume.source, done, len(list(staining.slabs())))
    else:
        for output in (*staining.outputs, *staining.obsolete):
            if (staining.output_dir / output).exists() and not overwrite:
                raise InputError(
                    f"{staining.output_dir / output} exists already: give another --output_dir, or --overwrite true."
                )
        findings = _find(staining.request, volume, network, device)
        if staining.folder.exists():
            _lock(staining)  # nobody may be at work in what is thrown away
        staining.begin(findings)
        _lock(staining)
        _warn_of_a_full_disk(staining)
    found = staining.findings
    assert found is not None
    logger.info(
        "%s: %d x %d x %d voxels (z, y, x), %s, voxel size %s, window %g to %g (%s), slabs of %d slices",
        volume.source,
        *volume.shape,
        volume.dtype,
        "unknown" if volume.spacing is None else " x ".join(f"{1000 * side:g}" for side in volume.spacing) + " um",
        *found.window,
        found.window_source,
        min(found.slab_size, *staining.lengths().values()),
    )
    if list(staining.request.axes) != ["z"]:
        logger.info("%s: copied so that it can be sliced along other axes", volume.source)
        copy_in_cubes(volume, staining.folder / "ct.h5")
        for store in axis_stores(staining).values():
            store.create()
    ResultStores(staining).create(volume)


def _lock(staining: Staining) -> None:
    folder = staining.folder.resolve()
    if folder in _locks:
        os.close(_locks.pop(folder))
    try:
        descriptor = lock_folder(folder)
        if descriptor is not None:
            _locks[folder] = descriptor
    except BlockingIOError:
        raise InputError(
            f"Another process is writing to {staining.folder}: wait for its end, or give another --output_dir."
        ) from None


def _warn_of_a_full_disk(staining: Staining) -> None:
    """Warn if the outputs might not fit: photographs compress badly, so they are counted without compression."""
    voxels = int(np.prod(staining.request.shape, dtype=np.int64))
    copies = len(set(staining.request.output_format) | {OME_ZARR})
    channels = 4 if staining.request.views > 1 else 3
    needed = channels * voxels * copies
    if list(staining.request.axes) != ["z"]:
        needed += voxels * (channels * len(staining.request.axes) + np.dtype(staining.request.dtype).itemsize)
    free = shutil.disk_usage(staining.output_dir).free
    if needed > free:
        logger.warning(
            "%s: the outputs may take up to %d MB, of which %d MB are free in %s.",
            staining.request.source,
            needed // 10**6,
            free // 10**6,
            staining.output_dir,
        )


def _find(request: Request, volume: Volume, network: Stainer, device: torch.device) -> Findings:
    lo, hi, source = volume_window(volume, network.percentiles, network.trained_window, request.ct_window)
    average = usable_average(volume, request.slice_average)
    size = request.slab_size or default_slab_size(request.shape, request.axes, network, device, request.views)
    return Findings([lo, hi], source, average, size, file_signature(volume.files))


def _check_again(staining: Staining, volume: Volume) -> None:
    """Have those slabs stained again whose slices are no longer what they were, if the files were changed."""
    found = staining.findings
    assert found is not None
    now = file_signature(volume.files)
    if now == found.files:
        return
    logger.warning("%s was changed since its staining was begun: comparing what is done with it.", volume.source)
    reach = len(found.slice_average) // 2
    for axis, start, stop in staining.slabs():
        if not staining.is_done(axis, start):
            continue
        if axis == "z":
            digests = staining.notes(axis, start)["digests"]
            places = np.clip(np.arange(start - reach, stop + reach), 0, volume.shape[0] - 1)
            if all(
                read_slice(volume, int(z), 0.0).digest == digest.tobytes()
                for z, digest in zip(places, digests, strict=True)
            ):
                continue
        for output in staining.outputs:  # made of what was done
            if output not in (staining.store.name, staining.uncertainty_store.name):
                (staining.folder / output).unlink(missing_ok=True)
        staining.forget(axis, start)
    (staining.folder / "ct.h5").unlink(missing_ok=True)
    staining.update(files=now)
