"""Which axes of an HDF5 dataset are z, y and x, by the names that its writer gave them."""

from __future__ import annotations

import json
import logging
import posixpath
import re
from contextlib import suppress
from typing import Any

import h5py
import numpy as np

from scripts.errors import InputError
from scripts.volume.read.hdf5.sources import follow
from scripts.volume.read.once import log_once

logger = logging.getLogger(__name__)

Axes = tuple[int | None, int, int]


_SPACE = re.compile(r"(?:.*[^a-z])?([xyz])(?:[^a-z].*)?")
_NOT_SPACE = re.compile(
    r"(?:.*[^a-z])?(t|time|timepoint|c|channel|energy|wavelength|angle|theta|omega|phi)(?:[^a-z].*)?"
)
#: Datasets that lie beside projections, as Data Exchange and NXtomo name them.
_OF_PROJECTIONS = ("data_white", "data_dark", "theta", "rotation_angle", "image_key")


def three_axes(shape: tuple[int, ...]) -> Axes | None:
    """Axes z, y and x in the order in which they are stored, or None if there are more than three.

    They are the last three, or the only three that are longer than one: programs often put one channel last.
    """
    last = len(shape) - 1
    if last < 1 or all(size == 1 for size in shape[:-3]):
        return (last - 2 if last >= 2 else None, last - 1, last)
    longer = [axis for axis, size in enumerate(shape) if size > 1]
    return (longer[0], longer[1], longer[2]) if len(longer) == 3 else None


def axis_names(file: h5py.File, address: str) -> list[str]:
    """Names of a dataset's axes, empty where they have none.

    They stand in ``axes`` of the NXdata group or the dataset, in ``axistags`` (ilastik), in HDF5's dimension labels, or
    are those of its dimension scales (netCDF).
    """
    dataset, group = follow(file, address), follow(file, posixpath.dirname(address))
    labels = [one.label for one in dataset.dims]
    scales = [posixpath.basename(scale.name or "") if scale else "" for scale in _scales(dataset)]
    for names in (_listed(group), _listed(dataset), _tags(dataset), labels, scales):
        if len(names) == dataset.ndim and any(names):
            return ["" if name == "." else name for name in names]  # NeXus writes a point for an axis without values
    return [""] * dataset.ndim


def axis_values(file: h5py.File, address: str) -> list[Any]:
    """The datasets of the places along each axis, None where there is none."""
    folder = posixpath.dirname(address)
    named = [follow(file, posixpath.join(folder, name)) if name else None for name in axis_names(file, address)]
    return [
        name if isinstance(name, h5py.Dataset) else scale
        for name, scale in zip(named, _scales(follow(file, address)), strict=True)
    ]


def _scales(dataset: h5py.Dataset) -> list[Any]:
    found: list[Any] = [None] * dataset.ndim
    for axis in range(dataset.ndim):
        with suppress(RuntimeError, KeyError, ValueError, OSError):  # references that lead nowhere
            found[axis] = dataset.dims[axis][0] if len(dataset.dims[axis]) else None
    return found


def choose_axes(file: h5py.File, address: str, source: str) -> Axes:
    """Axes z, y and x of a dataset: by their names, or in the order in which they are stored.

    Raises:
        InputError: projections, or an axis of time, energy or channels.
    """
    dataset = follow(file, address)
    _require_no_projections(file, address, source)
    names = [name.lower() for name in axis_names(file, address)]
    long = [axis for axis in range(dataset.ndim) if dataset.shape[axis] != 1]
    other = [names[axis] for axis in long if _NOT_SPACE.fullmatch(names[axis])]
    if other:
        raise InputError(
            f"{source} has an axis {other[0]}, so it is no reconstruction: name a dataset of z, y and x, or save one "
            "of its images as 3D."
        )
    stored = three_axes(dataset.shape)
    assert stored is not None, "checked by its volume"
    letters = [match[1] if (match := _SPACE.fullmatch(name)) else "" for name in names]
    if all(letters.count(letter) == 1 for letter in "zyx"):
        named: Axes = (letters.index("z"), letters.index("y"), letters.index("x"))
        if set(long) <= set(named):
            if named != stored:
                report_axes(source, names, "slices lie across z; --axis chooses another")
            return named
    used = [axis for axis in stored if axis is not None]
    own = [names[axis] for axis in used]
    if len(used) == 3 and any(own) and [letters[axis] for axis in used[1:]] != ["y", "x"]:
        report_axes(source, own, "slices are taken across the first; --axis chooses another")
    return stored


def report_axes(source: str, names: list[str], taken: str) -> None:
    """Write into the log, once for each source, which axes it has and how they are taken."""
    line = f"{source}: its axes are {', '.join(name or 'unnamed' for name in names)}, {taken}."
    log_once(logger, logging.WARNING, line)


def of_projections(file: h5py.File, address: str) -> str | None:
    """Name of a dataset that lies only beside projections, if the one at `address` is of them, else None."""
    group, count = follow(file, posixpath.dirname(address)), follow(file, address).shape[0]
    for name in _OF_PROJECTIONS:
        beside = group.get(name) if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
        if isinstance(beside, h5py.Dataset) and (beside.ndim == 3 or beside.shape == (count,)):
            return name
    return None


def _require_no_projections(file: h5py.File, address: str, source: str) -> None:
    name = of_projections(file, address)
    if name is not None:
        raise InputError(f"{source} lies beside {name}, so it holds projections: give the reconstruction of them.")


def _listed(node: Any) -> list[str]:
    """Names in an attribute ``axes``, which is a list or, as earlier, one text with colons or commas."""
    values = [text_of(value) for value in np.ravel(node.attrs.get("axes", []))]
    return re.findall(r"[^:,\[\]\s]+", values[0]) if len(values) == 1 else values


def _tags(dataset: h5py.Dataset) -> list[str]:
    with suppress(ValueError, KeyError, TypeError):
        return [str(axis["key"]) for axis in json.loads(text_of(dataset.attrs.get("axistags", "{}")))["axes"]]
    return []


def text_of(value: Any) -> str:
    """A text attribute, which h5py gives as text, bytes or an array of one; "" where there is none."""
    if isinstance(value, np.ndarray):
        value = value.item() if value.size == 1 else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
