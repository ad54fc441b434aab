"""Which dataset of an HDF5 file is the volume, and how large its voxels are: NeXus, or what else there is to go by."""

from __future__ import annotations

import posixpath
from difflib import SequenceMatcher
from typing import Any

import h5py
import numpy as np

from scripts.data.image.lengths import number
from scripts.errors import InputError
from scripts.printable import listed
from scripts.volume.read.hdf5.axes import axis_values, of_projections, text_of, three_axes
from scripts.volume.read.hdf5.sources import dangling, follow
from scripts.volume.read.units import REMEDY, VoxelSize, voxel_size

#: How many datasets a message lists, and how many groups a chain of defaults may have (it may lead in a circle).
LISTED, CHAIN = 8, 16
NEXUS_DATA = "/entry/data/data"


def find_dataset(file: h5py.File, inside: str | None, path: str) -> str:
    """Find the volume in an HDF5 file.

    Args:
        file: the file.
        inside: path of a dataset or group in it; None for NeXus's default or the only 3D dataset.
        path: the file's path, for messages.

    Returns:
        Path of a dataset, which begins with a slash.

    Raises:
        InputError: nothing at that path, or more than one dataset to choose from.
    """
    address = posixpath.normpath(f"/{(inside or '').strip('/')}")
    node = follow(file, address)
    if isinstance(node, h5py.Dataset):
        return address
    if node is None:
        if target := dangling(file, address):
            raise InputError(f"{path}:{address} is a link to {target}, which is not there: name another dataset.")
        near = sorted(_volumes(file), key=lambda name: -SequenceMatcher(None, name, address).ratio())
        raise InputError(f"{path} holds nothing at {address}: {_choice(near, path)}")
    found = default_dataset(file) if address == "/" else _signal(file, address) or _only(_volumes(file, address))
    if found is not None:
        return found
    volumes = _volumes(file, address)
    reconstructed = [name for name in volumes if of_projections(file, name) is None]
    if volumes and len(reconstructed) < 2:  # the one, or a dataset of which the next step says that it is none
        return (reconstructed or volumes)[0]
    named = reconstructed or _volumes(file)
    raise InputError(f"{path} does not say which dataset of {address} is meant: {_choice(named, path)}")


def default_dataset(file: h5py.File) -> str | None:
    """Path of the dataset that is meant if none is named, or None if that is not clear."""
    address = "/"
    for _ in range(CHAIN):
        signal = _signal(file, address)
        if signal is not None:
            return signal
        name = text_of(follow(file, address).attrs.get("default"))
        if not name or not isinstance(follow(file, posixpath.join(address, name)), h5py.Group):
            break
        address = posixpath.join(address, name)
    return NEXUS_DATA if _is_volume(follow(file, NEXUS_DATA)) else _only(_volumes(file))


def stored_voxel_size(file: h5py.File, address: str, order: tuple[int | None, int, int]) -> VoxelSize:
    """Voxel size of a dataset, as far as the file says it.

    It is the attribute ``element_size_um`` of the dataset, as ilastik and ImageJ write it, or the step of the evenly
    spaced values along its axes.
    """
    dataset = follow(file, address)
    if "element_size_um" in dataset.attrs:
        sizes = [number(text_of(value)) for value in np.ravel(dataset.attrs["element_size_um"])]
        if len(sizes) not in (1, 3, dataset.ndim):
            return VoxelSize(None, f"its element_size_um has {len(sizes)} numbers, expected 3: {REMEDY}")
        return _in_order([(size, "um") for size in (sizes * 3 if len(sizes) == 1 else sizes)], order)
    return _in_order([_step(values) for values in axis_values(file, address)], order)


def _in_order(sizes: list[tuple[float, str] | None], order: tuple[int | None, int, int]) -> VoxelSize:
    """The voxel size from lengths and units of all axes, or of the three that are z, y and x in some order."""
    axes = [axis for axis in order if axis is not None]
    if len(sizes) < 3 or len(axes) < 3:
        return VoxelSize(None)
    of_axis = dict(zip(sorted(axes) if len(sizes) == 3 else range(len(sizes)), sizes, strict=True))
    chosen = [size for size in (of_axis[axis] for axis in axes) if size is not None]
    if len(chosen) < 3:
        return VoxelSize(None)
    return voxel_size([length for length, _ in chosen], [unit for _, unit in chosen])


def _step(axis: Any) -> tuple[float, str] | None:
    """Distance between the values along an axis, and its unit; None unless they are evenly spaced."""
    if not isinstance(axis, h5py.Dataset) or axis.ndim != 1 or axis.size < 2 or axis.dtype.kind not in "iuf":
        return None
    steps = np.diff(axis[()].astype(np.float64))
    if not np.allclose(steps, steps.mean(), rtol=1e-3, atol=0):
        return None
    return abs(float(steps.mean())), text_of(axis.attrs.get("units"))


def _signal(file: h5py.File, address: str) -> str | None:
    """Path of the volume that an NXdata group declares as its signal."""
    name = text_of(follow(file, address).attrs.get("signal"))
    if not name:
        return None
    path = posixpath.join(address, name)
    return path if _is_volume(follow(file, path)) else None


def _volumes(file: h5py.File, address: str = "/") -> list[str]:
    """Paths of all volumes in a group and its groups, also of those that lie in other files.

    Raises:
        InputError: there is none in the file itself, and a link to another file leads nowhere.
    """
    found: list[str] = []
    problems: list[InputError] = []

    def look(name: str, node: Any) -> None:
        path = posixpath.join(address, name)
        if _is_volume(node):
            found.append(path)
        for key in node if isinstance(node, h5py.Group) else ():
            if isinstance(node.get(key, getlink=True), h5py.ExternalLink):
                try:
                    target = follow(file, posixpath.join(path, key))
                except InputError as error:
                    problems.append(error)
                else:
                    found.extend([posixpath.join(path, key)] if _is_volume(target) else [])

    root = follow(file, address)
    look("", root)
    root.visititems(look)
    if problems and not found:
        raise problems[0]
    return found


def _is_volume(node: Any) -> bool:
    """Whether it is a 3D dataset of numbers; further axes of length one do not count."""
    if not isinstance(node, h5py.Dataset) or node.dtype.kind not in "iuf" or node.ndim < 3:
        return False
    if 0 in node.shape:  # of a virtual one all sources are missing, which is said later
        return bool(node.is_virtual)
    return three_axes(node.shape) is not None


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _choice(names: list[str], path: str) -> str:
    if not names:
        return "there is no 3D dataset of numbers in the file, give another."
    return f"give one of its 3D datasets ({listed(names, LISTED)}), as in {path}:{names[0]}."
