"""What a run of inference is to stain: which volumes, with which window, in which slabs, and what is done already."""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from scripts.data.window import check_window
from scripts.engines.distributed import decided_by_first, process_count, rank
from scripts.errors import InputError
from scripts.folder_lock import lock_folder
from scripts.memory import free_memory
from scripts.networks import StainGenerator
from scripts.options import require_counts, truth
from scripts.output_folder import writable_folder
from scripts.volume.axis_store import AxisStore
from scripts.volume.dataset import read_slice
from scripts.volume.export import EXPORTS
from scripts.volume.reader import find_volumes, open_volume
from scripts.volume.rechunk import copy_in_cubes
from scripts.volume.stain_store import StainStore
from scripts.volume.staining import AXES, Findings, Request, Staining, file_digest, file_signature, remove
from scripts.volume.volume import Volume
from scripts.volume.window import neighbours_alike, volume_window
from scripts.volume.zarr_volume import is_zarr

logger = logging.getLogger(__name__)

OME_ZARR = "ome.zarr"
FORMATS = (OME_ZARR, *EXPORTS)

_locks: dict[Path, int] = {}  # descriptors, held until this process ends or plans the same again

SLAB_SIZES = (32, 16, 8, 4, 2, 1)
BYTES_PER_VOXEL = 11  # of a slab: its grey values and the next one's as float32, its stain
BYTES_PER_PIXEL = 200  # of the one slice that the network is at: features of the whole slice, and tiles


def plan_stainings(
    source: str | PathLike[str],
    output_dir: str | PathLike[str],
    network: StainGenerator,
    checkpoint: str | PathLike[str],
    ct_window: Sequence[float] | None = None,
    slice_average: Sequence[float] = (1.0,),
    nan_value: float | None = None,
    axis: str = "z",
    spacing: Sequence[float] | float | None = None,
    orientation: str | None = None,
    slab_size: int | None = None,
    output_format: str | Sequence[str] = OME_ZARR,
    overwrite: bool = False,
) -> list[Staining]:
    """Plan the staining of one or several volumes, or take up where an earlier run of the same command was stopped.

    Of several processes the first one plans and tells the others.

    Args:
        source: a volume or a folder of volumes, see `find_volumes`.
        output_dir: folder of the results.
        network: the generator with its weights, whose buffers know the window and percentiles of its training.
        checkpoint: the file its weights came from.
        ct_window: window (lo, hi) for all volumes; None finds one per volume, see `volume_window`.
        slice_average: weights, an odd number of them, by which each slice is averaged with its neighbours before it is
            stained; (1,) leaves it alone. Not applied to volumes whose neighbouring slices have nothing in common.
        nan_value: grey value that NaN and infinity become; None takes the window's lower end.
        axis: ``z``, ``y``, ``x``: along which the volume is sliced; ``all`` stains along each and fuses the three.
        spacing: voxel size (z, y, x) in mm in place of the file's; one number for all three.
        orientation: axis codes such as "RAS" in place of the file's, see `override_geometry`.
        slab_size: slices per slab; None takes 32, or fewer where memory is short.
        output_format: one or several of ``ome.zarr``, ``tif``, ``nii.gz``, ``nii``.
        overwrite: replace finished outputs of an earlier run, and unfinished ones of another request.

    Returns:
        One entry per volume, each begun: its folder is there. Volumes that the same request has finished already are
        left out.

    Raises:
        InputError: options out of range; nothing to stain; a volume that cannot be read; an output that exists already;
            an unfinished staining of another request; output_dir cannot be written or is the folder that was read.
    """
    formats = check_formats(output_format)
    if slab_size is not None:
        require_counts(slab_size=slab_size)
    if axis not in (*AXES, "all"):
        raise InputError(f"axis is '{axis}': give --axis z, y, x or all.")
    weights = check_average(slice_average)
    replace = truth(overwrite, "overwrite")
    if nan_value is not None and not _is_finite(nan_value):
        raise InputError(f"nan_value is {nan_value!r}: give --nan_value a grey value, or none at all.")

    def plan() -> list[Staining]:
        sources = find_volumes(source)
        writable_folder(output_dir)
        digest = file_digest(checkpoint)
        names = _names(sources)
        stainings = []
        for volume_source, name in zip(sources, names, strict=True):
            with open_volume(volume_source, spacing, orientation) as volume:
                request = Request(
                    source=_absolute(volume_source),
                    shape=volume.shape,
                    dtype=volume.dtype.name,
                    spacing=None if spacing is None else list(np.atleast_1d(spacing).astype(float)),
                    orientation=orientation,
                    ct_window=None if ct_window is None else list(check_window(ct_window, volume.source)),
                    slice_average=weights,
                    nan_value=nan_value,
                    axes=list(AXES) if axis == "all" else [axis],
                    slab_size=slab_size,
                    output_format=formats,
                    checkpoint=digest,
                )
                staining = Staining(Path(output_dir), name, request)
                _refuse_input(staining, volume, alone=sources == [str(source)])
                if not replace and staining.is_finished(file_signature(volume.files)):
                    remove(staining.folder)  # of which a removal that was cut off may have left something
                    logger.info("%s: finished already, see %s", volume.source, Path(output_dir) / staining.outputs[-1])
                    continue
                _begin(staining, volume, network, replace)
            stainings.append(staining)
        return stainings

    return decided_by_first(plan)


def check_formats(output_format: object) -> list[str]:
    """Names of formats from a list, or from what a command line makes of one: "tif,nii.gz", "[tif, nii.gz]".

    Raises:
        InputError: none, or an unknown one.
    """
    if isinstance(output_format, (list, tuple)):
        names = [str(name) for name in output_format]
    else:
        names = str(output_format).strip("[]() ").split(",")
    formats = list(dict.fromkeys(name.strip(" '\"") for name in names))
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise InputError(
            f"output_format is {output_format!r}: give one or several of {', '.join(FORMATS)}, "
            "as in --output_format ome.zarr,tif."
        )
    return formats


def check_average(weights: Sequence[float]) -> list[float]:
    """Weights of a slice and its neighbours, scaled to a sum of 1.

    Raises:
        InputError: not an odd number of positive numbers, or more of them than 9.
    """
    try:
        values = [float(weight) for weight in weights]
    except (TypeError, ValueError):
        values = []
    if len(values) not in (1, 3, 5, 7, 9) or not all(np.isfinite(value) and value > 0 for value in values):
        raise InputError(
            f"slice_average is {weights!r}: give 1, 3, 5, 7 or 9 positive weights such as --slice_average "
            '"[1, 2, 1]", or "[1]" for none.'
        )
    return [value / sum(values) for value in values]


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))


def default_slab_size(shape: Sequence[int], axes: Sequence[str], free: int) -> int:
    """The most slices, 32 at most, that leave half of the free memory to others.

    Args:
        shape: (Z, Y, X).
        axes: along which the volume is sliced.
        free: bytes.
    """
    area = max(int(np.prod(shape, dtype=np.int64)) // shape[AXES.index(axis)] for axis in axes)
    return next((n for n in SLAB_SIZES if (n * BYTES_PER_VOXEL + BYTES_PER_PIXEL) * area <= free // 2), 1)


def slabs_to_stain(stainings: Sequence[Staining]) -> list[dict[str, Any]]:
    """The slabs that are not done yet, of several processes the share of this one.

    Returns:
        Dictionaries with ``volume`` (source), ``name``, ``axis``, ``start`` and ``stop`` (slices, stop not included),
        ``ct_window`` (lo, hi), ``slice_average``, ``nan_value`` and ``copy`` (the volume in cubes, for
        axes other than z).
    """

    def remaining() -> list[dict[str, Any]]:
        slabs = []
        for staining in stainings:
            found = staining.findings
            assert found is not None
            nan_value = staining.request.nan_value
            for axis, start, stop in staining.slabs():
                if not staining.is_done(axis, start):
                    slabs.append(
                        {
                            "volume": staining.request.source,
                            "name": staining.name,
                            "axis": axis,
                            "start": start,
                            "stop": stop,
                            "middle": staining.lengths()[axis] // 2,
                            "ct_window": tuple(found.window),
                            "slice_average": tuple(found.slice_average),
                            "nan_value": found.window[0] if nan_value is None else nan_value,
                            "copy": str(staining.folder / "ct.h5"),
                        }
                    )
        return slabs

    return decided_by_first(remaining)[rank() :: process_count()]


def _begin(staining: Staining, volume: Volume, network: StainGenerator, overwrite: bool) -> None:
    """Find window and slabs of a new staining and make its folder, or see what is left to do of an old one."""
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
        for output in staining.outputs:
            if (staining.output_dir / output).exists() and not overwrite:
                raise InputError(
                    f"{staining.output_dir / output} exists already: give another --output_dir, or --overwrite true."
                )
        findings = _find(staining.request, volume, network)
        if staining.folder.exists():
            _lock(staining)  # nobody may be at work in what is thrown away
        staining.begin(findings)
        _lock(staining)
        _warn_of_a_full_disk(staining)
    found = staining.findings
    assert found is not None
    shape = (volume.shape[0], volume.shape[1], volume.shape[2])
    logger.info(
        "%s: %d x %d x %d voxels (z, y, x), %s, voxel size %s, window %g to %g (%s), slabs of %d slices",
        volume.source,
        *shape,
        volume.dtype,
        "unknown" if volume.spacing is None else " x ".join(f"{1000 * side:g}" for side in volume.spacing) + " um",
        *found.window,
        found.window_source,
        min(found.slab_size, *staining.lengths().values()),
    )
    if list(staining.request.axes) != ["z"]:
        logger.info("%s: copied so that it can be sliced along other axes", volume.source)
        copy_in_cubes(volume, staining.folder / "ct.h5")
        for axis in staining.request.axes:
            AxisStore(staining.axis_store(axis), shape, axis, found.slab_size).create()
    StainStore(staining.store, shape, found.slab_size).create(staining.name, volume.spacing, volume.affine)


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
    needed = 3 * voxels * copies
    if list(staining.request.axes) != ["z"]:
        needed += voxels * (3 * len(staining.request.axes) + np.dtype(staining.request.dtype).itemsize)
    free = shutil.disk_usage(staining.output_dir).free
    if needed > free:
        logger.warning(
            "%s: the outputs may take up to %d MB, of which %d MB are free in %s.",
            staining.request.source,
            needed // 10**6,
            free // 10**6,
            staining.output_dir,
        )


def _find(request: Request, volume: Volume, network: StainGenerator) -> Findings:
    lo, hi, source = volume_window(volume, network.percentiles, network.trained_window, request.ct_window)
    average = list(request.slice_average)
    if volume.shape[0] == 1:
        average = [1.0]  # there are none
    elif len(average) > 1 and not neighbours_alike(volume):
        logger.warning(
            "%s: neighbouring slices have little in common and are stained without averaging them, as separate images.",
            volume.source,
        )
        average = [1.0]
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    size = request.slab_size or default_slab_size(request.shape, request.axes, free_memory() // processes)
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
            if output != staining.store.name:
                (staining.folder / output).unlink(missing_ok=True)
        staining.forget(axis, start)
    (staining.folder / "ct.h5").unlink(missing_ok=True)
    staining.update(files=now)


def _names(sources: Sequence[str]) -> list[str]:
    """A name for each volume, unique: "scan.nii.gz" and "scan.tif" in one folder would otherwise have one output."""
    stems = []
    for source in sources:
        with open_volume(source) as volume:
            stems.append((volume.name, volume.path.name))
    shared = Counter(stem for stem, _ in stems)
    return [
        stem if shared[stem] == 1 else f"{stem}_{file[len(stem) :].strip('.').replace('.', '_')}"
        for stem, file in stems
    ]


def _absolute(source: str) -> str:
    """The source from the root on, whatever may stand behind the file's name."""
    return os.path.abspath(source)


def _refuse_input(staining: Staining, volume: Volume, alone: bool) -> None:
    """A stained volume among slices or volumes would be taken for one of them in the next run."""
    of_slices = volume.path.is_dir() and not is_zarr(volume.path)
    folder = volume.path if of_slices else volume.path.parent
    output_dir = staining.output_dir.resolve()
    if output_dir == volume.path.resolve() or (output_dir == folder.resolve() and (of_slices or not alone)):
        raise InputError(f"The folder {staining.output_dir} is the input: give another --output_dir.")
    inputs = {path.resolve() for path in volume.files}
    for output in staining.outputs:
        if (staining.output_dir / output).resolve() in inputs:
            raise InputError(f"The output {output} would overwrite the input: give another --output_dir.")
