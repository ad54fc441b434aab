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
from scripts.volume.hdf5_sources import follow

logger = logging.getLogger(__name__)

Axes = tuple[int | None, int, int]

_SPACE = re.compile(r"(?:.*[^a-z])?([xyz])(?:[^a-z].*)?")
_NOT_SPACE = re.compile(
    r"(?:.*[^a-z])?(t|time|timepoint|c|channel|energy|wavelength|angle|theta|omega|phi)(?:[^a-z].*)?"
)
#: Datasets that lie beside projections, as Data Exchange and NXtomo name them.
_OF_PROJECTIONS = ("data_white", "data_dark", "theta", "rotation_angle", "image_key")


def axis_names(file: h5py.File, address: str) -> list[str]:
    """Names of a dataset's axes in lower case, empty where they have none.

    They stand in ``axes`` of the NXdata group or the dataset, in ``axistags`` (ilastik) or in HDF5's dimension labels.
    """
    dataset, group = follow(file, address), follow(file, posixpath.dirname(address))
    for names in (_listed(group), _listed(dataset), _tags(dataset), [one.label for one in dataset.dims]):
        if len(names) == dataset.ndim and any(names):
            return [name.lower() for name in names]
    return [""] * dataset.ndim


def choose_axes(file: h5py.File, address: str, source: str) -> Axes:
    """Axes z, y and x of a dataset: by their names, or in the order in which they are stored.

    Raises:
        InputError: projections, or an axis of time, energy or channels.
    """
    dataset = follow(file, address)
    _require_no_projections(file, address, source)
    names = axis_names(file, address)
    long = [axis for axis in range(dataset.ndim) if dataset.shape[axis] != 1]
    other = [names[axis] for axis in long if _NOT_SPACE.fullmatch(names[axis])]
    if other:
        raise InputError(
            f"{source} has an axis {other[0]}, so it is no reconstruction: name a dataset of z, y and x, or save one "
            "of its images as 3D."
        )
    last = dataset.ndim - 1
    stored: Axes = (last - 2 if last >= 2 else None, last - 1, last)
    letters = [match[1] if (match := _SPACE.fullmatch(name)) else "" for name in names]
    if all(letters.count(letter) == 1 for letter in "zyx"):
        named: Axes = (letters.index("z"), letters.index("y"), letters.index("x"))
        if set(long) <= set(named):
            if named != stored:
                logger.warning(
                    "%s: its axes are %s, slices lie across z; --axis chooses another.", source, _said(names)
                )
            return named
    if last >= 2 and any(names[-3:]) and letters[-2:] != ["y", "x"]:
        logger.warning(
            "%s: its axes are %s, slices are taken across the first; --axis chooses another.", source, _said(names[-3:])
        )
    return stored


def _require_no_projections(file: h5py.File, address: str, source: str) -> None:
    group, count = follow(file, posixpath.dirname(address)), follow(file, address).shape[0]
    for name in _OF_PROJECTIONS:
        beside = group.get(name) if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
        if isinstance(beside, h5py.Dataset) and (beside.ndim == 3 or beside.shape == (count,)):
            raise InputError(f"{source} lies beside {name}, so it holds projections: give the reconstruction of them.")


def _listed(node: Any) -> list[str]:
    """Names in an attribute ``axes``, which is a list or, as earlier, one text with colons or commas."""
    values = [_text(value) for value in np.ravel(node.attrs.get("axes", []))]
    return re.findall(r"[^:,\[\]\s]+", values[0]) if len(values) == 1 else values


def _tags(dataset: h5py.Dataset) -> list[str]:
    with suppress(ValueError, KeyError, TypeError):
        return [str(axis["key"]) for axis in json.loads(_text(dataset.attrs.get("axistags", "{}")))["axes"]]
    return []


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _said(names: list[str]) -> str:
    return ", ".join(name or "unnamed" for name in names)
