"""Beginning the staining of one volume, or going on with one that was stopped."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scripts.data.window_choice import training_of
from scripts.errors import InputError
from scripts.files.digest import file_signature
from scripts.fit.compare import words_of
from scripts.lock import lock_folder
from scripts.networks import Stainer
from scripts.volume.grid.resampled import ResampledVolume, resampling_bytes
from scripts.volume.grid.said import tell_of_grids
from scripts.volume.read.fit import fit_of
from scripts.volume.read.rechunk import copy_in_cubes
from scripts.volume.read.units import in_words
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import usable_average, volume_window
from scripts.volume.stain import unfinished
from scripts.volume.stain.begun import Begun, begin, resampling_for, resume
from scripts.volume.stain.dataset import read_slice
from scripts.volume.stain.done import forget_damaged, lost_output
from scripts.volume.stain.request import OME_ZARR, Findings, Request, window_words
from scripts.volume.stain.results import ResultStores, axis_stores
from scripts.volume.stain.slab_size import default_slab_size
from scripts.volume.stain.staining import Staining
from scripts.volume.write.maps import channel_count

logger = logging.getLogger(__name__)

_locks: dict[Path, int] = {}  # descriptors, held until this process ends or plans the same again


def begin_or_go_on(
    staining: Staining, volume: Volume, network: Stainer, device: torch.device, overwrite: bool
) -> Begun:
    """Find window and slabs of a new staining and make its folder, or see what is left to do of an old one.

    Args:
        staining: what is asked for.
        volume: opened.
        network: knows the window and percentiles of its training.
        device: where it will be, whose memory the slabs must fit too.
        overwrite: replace finished outputs, and unfinished ones of another request.

    Returns:
        The staining, whose folder and arrays are there.

    Raises:
        InputError: an output that exists already; an unfinished staining of another request, or one that another
            process is at; a volume without a window; damaged slices.
    """
    unfinished.require_own(staining.folder, staining.own_names)
    begun = _resumed(staining, overwrite)
    if begun is None:
        begun = _anew(staining, volume, network, device, overwrite)
    elif begun.is_whole():
        logger.info("%s: continued, all slabs are done", volume.source)
        return begun
    else:
        begun = _go_on(begun, volume, network, device)
    _tell(begun, volume)
    if list(staining.request.axes) != ["z"]:
        logger.info("%s: copied so that it can be sliced along other axes", volume.source)
        _copy(begun, volume)
    if not staining.request.in_one_pass:
        for store in axis_stores(begun).values():
            store.create()
    ResultStores(begun).create(begun.on_output_grid(volume))
    return begun


def _anew(staining: Staining, volume: Volume, network: Stainer, device: torch.device, overwrite: bool) -> Begun:
    for output in (*staining.outputs, *staining.obsolete):
        if (staining.output_dir / output).exists() and not overwrite:
            raise InputError(
                f"{staining.output_dir / output} exists already: give another --output_dir, or --overwrite true."
            )
    begun = _locked_and_begun(staining, _find(staining.request, volume, network, device))
    _warn_of_a_full_disk(staining)
    return begun


def _copy(begun: Begun, volume: Volume) -> None:
    stained, copy = begun.on_network_grid(volume), begun.staining.copy
    if isinstance(stained, ResampledVolume) and begun.findings.replaced is None:  # what was replaced is to be counted
        copy.unlink(missing_ok=True)
        copy_in_cubes(stained, copy)
        begun.update(replaced=stained.replaced_so_far)
    else:
        copy_in_cubes(stained, copy)


def _tell(begun: Begun, volume: Volume) -> None:
    found = begun.findings
    logger.info("%s: stained by %s", volume.source, begun.staining.weights)
    logger.info(
        "%s: %d x %d x %d voxels (z, y, x), %s, voxel size %s, window %s, slabs of %d slices",
        volume.source,
        *volume.shape,
        volume.dtype,
        in_words(volume.spacing),
        window_words(found),
        begun.longest_slab,
    )
    tell_of_grids(volume, begun.staining.request.stained_shape, begun.staining.request.output_shape)
    for words in words_of(found.fit):
        logger.log(logging.WARNING if found.fit["differs"] else logging.INFO, "%s: %s", volume.source, words)


def _resumed(staining: Staining, overwrite: bool) -> Begun | None:
    try:
        begun = resume(staining)
        if begun is not None:
            _lock(staining)
            _make_lost_outputs_again(begun)
    except InputError:
        if not overwrite:
            raise
        return None
    return begun


def _make_lost_outputs_again(begun: Begun) -> None:
    """Note that all outputs are to be made again, if one is gone or changed.

    Raises:
        InputError: what they are made of is gone too.
    """
    lost, staining = lost_output(begun), begun.staining
    if lost is None:
        return
    if not all(store.path.exists() for store in ResultStores(begun).stores):
        raise InputError(
            f"The output {staining.output_dir / lost} was finished, but now it is gone or changed: give "
            "--overwrite true to stain the volume again."
        )
    logger.warning("%s: the output %s is gone or changed, it is made again.", staining.folder, lost)
    begun.settle({})


def _locked_and_begun(staining: Staining, findings: Findings) -> Begun:
    staining.folder.mkdir(exist_ok=True)
    _lock(staining)  # nobody may be at work in what is thrown away
    return begin(staining, findings)


def _go_on(begun: Begun, volume: Volume, network: Stainer, device: torch.device) -> Begun:
    """See which slabs are done still: as they were stored, and of what the volume holds now."""
    forget_damaged(begun)
    if file_signature(volume.files) != begun.findings.files:
        begun = _compared(begun, volume, _find(begun.staining.request, volume, network, device))
    done = sum(begun.is_done(axis, start) for axis, start, _ in begun.slabs())
    logger.info("%s: continued, %d of %d slabs are done", volume.source, done, len(list(begun.slabs())))
    return begun


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
    request = staining.request
    stained, written = (int(np.prod(shape, dtype=np.int64)) for shape in (request.stained_shape, request.output_shape))
    channels = channel_count(request.maps)
    needed = channels * written * len(set(request.output_format) | {OME_ZARR})
    if not request.in_one_pass:
        needed += stained * channels * len(request.axes)
    if list(request.axes) != ["z"]:
        needed += stained * np.dtype(request.stained_dtype).itemsize
    free = shutil.disk_usage(staining.output_dir).free
    if needed > free:
        logger.warning(
            "%s: the outputs may take up to %d MB, of which %d MB are free in %s.",
            request.source,
            needed // 10**6,
            free // 10**6,
            staining.output_dir,
        )


def _find(request: Request, volume: Volume, network: Stainer, device: torch.device) -> Findings:
    windowed = volume_window(volume, network.percentiles, training_of(network), request.ct_window)
    average = usable_average(volume, request.slice_average, windowed.padding)
    size = request.slab_size or default_slab_size(
        request.stained_shape,
        request.axes,
        network,
        device,
        request.views,
        request.stained_dtype,
        request.novelty,
        0 if request.network_shape is None else resampling_bytes(volume, request.stained_shape),
        request.output_shape,
    )
    found = Findings(
        list(windowed.window),
        windowed.source,
        average,
        size,
        file_signature(volume.files),
        windowed.padding.to_json(),
        window_why=windowed.why,
        landmarks=None if windowed.landmarks is None else list(windowed.landmarks),
    )
    resampling = resampling_for(request, found)
    if resampling is not None:
        volume, windowed = ResampledVolume(volume, resampling), resampling.windowed_above(windowed.source)
    return replace(found, fit=fit_of(volume, windowed, network.trained_on))


def _replaced(findings: Findings) -> tuple[float | None, float | None]:
    """The ends of the range from which grey values are padding."""
    return findings.padding.get("low"), findings.padding.get("high")


def _compared(begun: Begun, volume: Volume, now: Findings) -> Begun:
    """Have those slabs stained again whose slices are no longer what they were; all where the window is another."""
    found = begun.findings
    logger.warning("%s was changed since its staining was begun: comparing what is done with it.", volume.source)
    decides = [(list(each.window), list(each.slice_average), _replaced(each)) for each in (now, found)]
    if decides[0] != decides[1]:
        logger.warning(
            "%s: its window, padding or the average of its slices is another now: stained anew.", volume.source
        )
        return _locked_and_begun(begun.staining, now)
    stained = begun.on_network_grid(volume)
    for axis, start, stop in begun.slabs():
        if begun.is_done(axis, start) and not (axis == "z" and _is_as_stained(begun, stained, start, stop)):
            begun.forget(axis, start)
    begun.staining.copy.unlink(missing_ok=True)
    begun.update(files=now.files, replaced=None)
    return begun


def _is_as_stained(begun: Begun, volume: Volume, start: int, stop: int) -> bool:
    """Whether the slices of a slab along z, and their neighbours, hold what they held when they were stained."""
    reach = len(begun.findings.slice_average) // 2
    places = np.clip(np.arange(start - reach, stop + reach), 0, volume.shape[0] - 1)
    digests = begun.notes("z", start)["digests"]
    return all(
        read_slice(volume, int(z), 0.0).digest == digest.tobytes() for z, digest in zip(places, digests, strict=True)
    )
