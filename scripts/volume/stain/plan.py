"""What a run of inference is to stain: which volumes, with which window, in which slabs, and what is done already."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import torch

from scripts.data.given_window import given_or_none
from scripts.engines.distributed import decided_by_first
from scripts.errors import InputError
from scripts.files.digest import file_digest, file_signature
from scripts.files.output_folder import writable_folder
from scripts.inferers.uncertainty import require_familiar
from scripts.networks import Stainer
from scripts.options.values import require_counts, truth
from scripts.volume.grid.network import network_shape
from scripts.volume.read.reader import find_volumes, open_volume
from scripts.volume.read.units import check_voxel_um, refuse_unlikely
from scripts.volume.read.volume import AXES, Volume
from scripts.volume.read.zarr.volume import is_zarr
from scripts.volume.stain.begin import begin_or_go_on
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.publish import require_own_outputs
from scripts.volume.stain.request import FORMATS, GRIDS, NETWORK, OME_ZARR, Request
from scripts.volume.stain.staining import Staining
from scripts.weights.origin import describe_weights

logger = logging.getLogger(__name__)

FINISHED = "%s: finished already, see %s"  # said of a volume and its record


def plan_stainings(
    source: str | PathLike[str],
    output_dir: str | PathLike[str],
    network: Stainer,
    checkpoint: str | PathLike[str],
    ct_window: Sequence[float] | str | None = None,
    slice_average: Sequence[float] = (1.0,),
    nan_value: float | None = None,
    axis: str = "z",
    voxel_um: Sequence[float] | float | None = None,
    force_voxel_um: bool = False,
    orientation: str | None = None,
    slab_size: int | None = None,
    output_format: str | Sequence[str] = OME_ZARR,
    overwrite: bool = False,
    device: torch.device | str = "cpu",
    tile_size: int | None = None,
    amp: bool = False,
    views: int = 1,
    novelty: bool = False,
    output_grid: str = NETWORK,
) -> list[Begun]:
    """Plan the staining of one or several volumes, or take up where an earlier run of the same command was stopped.

    Of several processes the first one plans and tells the others.

    Args:
        source: a volume or a folder of volumes, see `find_volumes`.
        output_dir: folder of the results.
        network: the generator with its weights, whose buffers know the window and percentiles of its training.
        checkpoint: the file its weights came from.
        ct_window: window (lo, hi) for all volumes, or a word, see `given_window`; None finds one per volume.
        slice_average: weights, an odd number of them, by which each slice is averaged with its neighbours before it is
            stained; (1,) leaves it alone. Not applied to volumes whose neighbouring slices have nothing in common.
        nan_value: grey value that NaN, infinity and padding become; None takes the window's lower end.
        axis: ``z``, ``y``, ``x``: along which the volume is sliced; ``all`` stains along each and fuses the three.
        voxel_um: voxel size (z, y, x) in micrometres in place of the file's; one number for all three.
        force_voxel_um: stain even if no micro-CT has voxels of this size, given or read.
        orientation: axis codes such as "RAS" in place of the file's, see `override_geometry`.
        slab_size: slices per slab; None takes 32, or fewer where memory is short.
        output_format: one or several of ``ome.zarr``, ``tif``, ``nii.gz``, ``nii``.
        overwrite: replace finished outputs of an earlier run, and unfinished ones of another request.
        device: where the network will be.
        tile_size: of the `TileInferer`, None for another inferer. Like `amp` it is only noted, so that all of a volume
            is stained in the same way however often a run is stopped.
        amp: whether the network computes in bfloat16.
        views: of the `UncertaintyInferer`; 1 for no uncertainty.
        novelty: of the `UncertaintyInferer`.
        output_grid: where the volume is resampled to the network's voxel size, the outputs lie on the ``network``'s
            grid or on the ``input``'s.

    Returns:
        One entry per volume, whose folder is there. Volumes that the same request has finished already are
        left out.

    Raises:
        InputError: options out of range; nothing to stain; a volume that cannot be read; an output that exists already;
            an unfinished staining of another request; output_dir cannot be written or is the folder that was read.
    """
    if slab_size is not None:
        require_counts(slab_size=slab_size)
    if axis not in (*AXES, "all"):
        raise InputError(f"axis is '{axis}': give --axis z, y, x or all.")
    if output_grid not in GRIDS:
        raise InputError(f"output_grid is {output_grid!r}: give --output_grid network or input.")
    check_nan_value(nan_value)
    forced = truth(force_voxel_um, "force_voxel_um")
    asked = Request(
        source=str(source),
        shape=(),
        dtype="",
        voxel_um=None if voxel_um is None else list(check_voxel_um(voxel_um, forced)),
        orientation=orientation,
        ct_window=ct_window,
        slice_average=check_average(slice_average),
        nan_value=nan_value,
        axes=list(AXES) if axis == "all" else [axis],
        slab_size=slab_size,
        output_format=check_formats(output_format),
        checkpoint=str(checkpoint),
        tile_size=tile_size,
        amp=truth(amp, "amp"),
        views=views,
        novelty=truth(novelty, "novelty"),
        output_grid=output_grid,
    )
    anew = truth(overwrite, "overwrite")
    if asked.novelty:
        require_familiar(network)
    if asked.amp and getattr(network, "float32_only", False):
        raise InputError(f"{checkpoint} is computed in float32: leave --amp away, or give --amp false.")
    return decided_by_first(lambda: _plan(asked, Path(output_dir), network, torch.device(device), anew, forced))


def _plan(
    asked: Request, output_dir: Path, network: Stainer, device: torch.device, overwrite: bool, forced: bool
) -> list[Begun]:
    """Plan all volumes of a request whose source may be a folder of them, and whose checkpoint is a file."""
    sources = find_volumes(asked.source)
    writable_folder(output_dir)
    digest = file_digest(asked.checkpoint)
    trained = network.trained_on
    weights = describe_weights(asked.checkpoint, digest, trained)
    alone = is_zarr(Path(asked.source)) or not Path(asked.source).is_dir()
    begun = []
    for source, name in zip(sources, volume_names(sources), strict=True):
        with open_volume(source, asked.voxel_um, asked.orientation) as volume:
            if volume.spacing is not None and not forced:
                refuse_unlikely(volume.spacing, volume.source)
            request = replace(
                asked,
                source=_absolute(source),
                shape=volume.shape,
                network_shape=network_shape(volume, trained.pixel_um),
                dtype=volume.dtype.name,
                ct_window=given_or_none(asked.ct_window, volume.source),
                checkpoint=digest,
            )
            staining = Staining(output_dir, name, request, weights, trained.members)
            _refuse_input(staining, volume, alone)
            require_own_outputs(staining)
            if overwrite or not _is_finished(staining, volume):
                begun.append(begin_or_go_on(staining, volume, network, device, overwrite))
    return begun


def _is_finished(staining: Staining, volume: Volume) -> bool:
    if not staining.is_finished(file_signature(volume.files)):
        return False
    with contextlib.suppress(OSError):  # the folder may be there, empty, if its removal was cut off
        staining.folder.rmdir()
    logger.info(FINISHED, volume.source, staining.output_dir / staining.outputs[-1])
    return True


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


def check_nan_value(value: object) -> None:
    """Check the grey value that NaN and infinity become; None takes the window's lower end.

    Raises:
        InputError: no finite number.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (is_number and np.isfinite(value)):  # type: ignore[call-overload]
        raise InputError(f"nan_value is {value!r}: give --nan_value a grey value, or none at all.")


def volume_names(sources: Sequence[str]) -> list[str]:
    """A name for each volume, unique: "scan.nii.gz" and "scan.tif" in one folder would otherwise have one output.

    Args:
        sources: all of one run, see `find_volumes`.

    Raises:
        InputError: a volume cannot be read.
    """
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
    for output in (*staining.outputs, *staining.obsolete):
        if (staining.output_dir / output).resolve() in inputs:
            raise InputError(f"The output {output} would overwrite the input: give another --output_dir.")
