"""Where the voxels of an HDF5 dataset come from: filters, other files, and parts that nobody wrote.

HDF5 is silent about what is missing: a virtual dataset without its sources, or a chunk that was never written, is read
as the fill value. It also follows links and external storage to any file of the computer.
"""

from __future__ import annotations

import logging
import math
import posixpath
import re
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from scripts.errors import InputError
from scripts.printable import listed

logger = logging.getLogger(__name__)

DEPTH = 8  # of links and virtual datasets, which may lead in a circle
LISTED = 4
_BLOCK = "%b"


def open_file(path: Path) -> h5py.File:
    """Open an HDF5 file for reading without locking it: beamline storage is often read-only or refuses locks."""
    try:
        return h5py.File(path, "r", locking=False)
    except (TypeError, ValueError):  # an HDF5 library too old to be told
        return h5py.File(path, "r")


def follow(file: h5py.File, address: str, depth: int = DEPTH) -> Any:
    """The group or dataset at an address, None if there is nothing; links are followed only within the file's folder.

    Raises:
        InputError: an external link to a file that is missing, no HDF5, or outside the folder.
    """
    if not depth:
        raise InputError(f"{file.filename} has links that lead in a circle at {address}: export the volume again.")
    node: Any = file
    parts = [part for part in posixpath.normpath(f"/{address}").split("/") if part]
    for index, part in enumerate(parts):
        link = node.get(part, getlink=True) if isinstance(node, h5py.Group) else None
        rest = "/".join(parts[index + 1 :])
        if isinstance(link, h5py.SoftLink):
            return follow(file, posixpath.join(node.name, link.path, rest), depth - 1)
        if isinstance(link, h5py.ExternalLink):
            owner = f"{file.filename}:{posixpath.join(node.name, part)}"
            target = require_beside(Path(file.filename), link.filename, owner)
            # Only the file that was checked: HDF5 itself would look in other folders too.
            return follow(open_file(target), posixpath.join(link.path, rest), depth - 1)
        node = node[part] if link is not None else None
        if node is None:
            return None
    return node


def dangling(file: h5py.File, address: str) -> str | None:
    """Where a soft link at an address leads, if there is nothing."""
    parent = follow(file, posixpath.dirname(address))
    link = parent.get(posixpath.basename(address), getlink=True) if isinstance(parent, h5py.Group) else None
    return link.path if isinstance(link, h5py.SoftLink) and follow(file, address) is None else None


def require_beside(master: Path, name: str, owner: str) -> Path:
    """Path of a file that another names, which must lie in its folder or below.

    An absolute path that does not exist stands for the file's name alone, as HDF5 has it.

    Raises:
        InputError: missing, outside the folder, or no regular file.
    """
    path = _beside(master, name, owner)
    if not path.is_file():
        raise InputError(
            f"{owner} leads to {name}, which is not there: copy that file into the folder of {master.name}."
        )
    return path


def _beside(master: Path, name: str, owner: str) -> Path:
    folder = master.resolve().parent
    target = Path(name)
    if target.is_absolute() and not target.exists():
        target = Path(target.name)
    if not (folder / target).resolve().is_relative_to(folder) or ".." in target.parts:
        raise InputError(
            f"{owner} leads to {name}, outside the folder of {master.name}: copy that file into the folder."
        )
    return folder / target


@dataclass
class Sources:
    """A dataset's sources, checked one after the other.

    Attributes:
        source: the dataset, for messages.
        missing: files, and datasets in them, that are not there.
        gaps: sentences about voxels that nobody wrote.
        files: files that hold voxels besides the first.
    """

    source: str
    missing: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def check(self, dataset: h5py.Dataset, depth: int = DEPTH) -> None:
        """Check a dataset and what it is made of.

        Raises:
            InputError: a filter that is not installed; external storage; a source outside the folder.
        """
        if not depth:
            raise InputError(f"{self.source} is made of virtual datasets that lead in a circle: export it again.")
        require_filters(dataset, self.source)
        if dataset.external:
            self._check_external(dataset)
        elif dataset.is_virtual:
            self._check_virtual(dataset, depth)
        else:
            self._look_for_gaps(dataset)

    def _check_external(self, dataset: h5py.Dataset) -> None:
        """HDF5 reads such files as they are, whatever they hold, and zeros after their end."""
        names = ", ".join(name for name, _, _ in dataset.external[:LISTED])
        raise InputError(
            f"{self.source} keeps its voxels in files without format (external storage: {names}), which may be any "
            "file: write them into the HDF5 file itself."
        )

    def _look_for_gaps(self, dataset: h5py.Dataset) -> None:
        where, fill = f"{dataset.file.filename}:{dataset.name}", dataset.fillvalue
        if dataset.chunks is not None:
            sides = zip(dataset.shape, dataset.chunks, strict=True)
            expected = math.prod(-(-side // chunk) for side, chunk in sides)
            found = dataset.id.get_num_chunks()
            if found < expected:
                self.gaps.append(
                    f"{expected - found} of {expected} chunks of {where} were never written, read as {fill}"
                )
        elif dataset.size and dataset.id.get_storage_size() == 0:
            self.gaps.append(f"{where} was never written and is read as {fill}")

    def _check_virtual(self, dataset: h5py.Dataset, depth: int) -> None:
        master = Path(dataset.file.filename)
        covered = 0
        for part in dataset.virtual_sources():
            numbered = _BLOCK in part.file_name + part.dset_name
            names = _blocks(master, part) if numbered else [(part.file_name, part.dset_name)]
            covered += dataset.size if numbered else _count(part.vspace, dataset)
            for file_name, name in names:
                self._check_source(master, file_name, name, part, depth)
        if covered < dataset.size:
            fill = dataset.fillvalue
            self.gaps.append(f"no source covers {dataset.size - covered} of its voxels, read as {fill}")

    def _check_source(self, master: Path, file_name: str, name: str, part: Any, depth: int) -> None:
        path = master if file_name == "." else _beside(master, file_name, self.source)
        if not path.is_file():
            self.missing.append(file_name)
            return
        if path != master and path not in self.files:
            self.files.append(path)
        with open_file(path) as file:
            dataset = follow(file, name)
            if not isinstance(dataset, h5py.Dataset):
                self.missing.append(f"{file_name}:{name}")
                return
            if _is_shorter(dataset, part):
                shape = " x ".join(map(str, dataset.shape))
                self.missing.append(f"a part of {file_name}:{name}, which has only {shape} voxels")
            self.check(dataset, depth - 1)

    def report(self) -> None:
        """Raise or warn if voxels are missing.

        Raises:
            InputError: sources that are not there; names them.
        """
        if self.missing:
            raise InputError(
                f"{self.source} is a virtual dataset that lacks {len(self.missing)} of its sources "
                f"({listed(self.missing, LISTED)}): copy them beside the file, or write it anew from what is there."
            )
        for gap in self.gaps[:LISTED]:
            logger.warning("%s: %s; if they should be there, copy or export the volume again.", self.source, gap)


def require_filters(dataset: h5py.Dataset, source: str) -> None:
    """Load hdf5plugin if a dataset is compressed with a filter that plain h5py lacks.

    Raises:
        InputError: the filter is not installed.
    """
    properties = dataset.id.get_create_plist()
    for index in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(index)
        if h5py.h5z.filter_avail(code):
            continue
        try:
            import_module("hdf5plugin")  # it registers its filters
            remedy = "hdf5plugin does not have it"
        except ImportError:
            remedy = "install it by `pip install hdf5plugin`"
        if not h5py.h5z.filter_avail(code):
            called = name.decode("utf-8", "replace").split(";")[0].strip() or "without a name"
            raise InputError(
                f"{source} is compressed with the filter {called} ({code}), which is not installed: {remedy}, "
                "or write the file again with gzip."
            )


def _blocks(master: Path, part: Any) -> list[tuple[str, str]]:
    """Sources of a mapping whose names have a number in place of ``%b``: from 0 to the highest that is there."""
    folder = master.resolve().parent
    if _BLOCK in part.file_name:
        entries = [path.name for path in (folder / part.file_name).parent.glob("*")]
        pattern = Path(part.file_name).name
    else:
        path = master if part.file_name == "." else folder / part.file_name
        if not path.is_file():
            return [(part.file_name, part.dset_name)]
        pattern = posixpath.basename(part.dset_name)
        with open_file(path) as file:
            group = follow(file, posixpath.dirname(part.dset_name))
            entries = list(group) if isinstance(group, h5py.Group) else []
    expression = re.escape(pattern).replace(re.escape(_BLOCK), r"(\d+)")
    found = [int(match[1]) for name in entries if (match := re.fullmatch(expression, name))]
    numbers = range(max(found, default=0) + 1)
    return [(part.file_name.replace(_BLOCK, str(n)), part.dset_name.replace(_BLOCK, str(n))) for n in numbers]


def _count(space: Any, dataset: h5py.Dataset) -> int:
    """Voxels that a mapping fills; one without end fills all that is left."""
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        return int(dataset.size)
    try:
        return int(space.get_select_npoints())
    except (RuntimeError, ValueError, OverflowError):
        return int(dataset.size)


def _is_shorter(source: h5py.Dataset, part: Any) -> bool:
    """Whether a mapping selects more of a source than there is."""
    space = part.src_space
    if space.get_select_type() == h5py.h5s.SEL_ALL:  # without the source's own shape
        return _BLOCK not in part.file_name + part.dset_name and bool(source.size < _count(part.vspace, source))
    try:
        wanted = np.asarray(space.get_select_bounds()[1]) + 1
    except (RuntimeError, ValueError):  # of a selection without end
        return False
    return len(wanted) != source.ndim or bool((wanted > np.asarray(source.shape)).any())
