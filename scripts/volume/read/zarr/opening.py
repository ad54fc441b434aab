"""The one place where zarr data on disk are opened, after their metadata were read as JSON and found plain."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr

from scripts.errors import InputError
from scripts.volume.read.zarr.metadata import configuration, read_json, require_plain_2, require_plain_3

ZARR_2 = int(zarr.__version__.split(".")[0]) < 3


@dataclass(frozen=True)
class ZarrNode:
    """A zarr array or group on disk, whose metadata hold nothing but numbers and text.

    Attributes:
        folder: where it lies.
        version: zarr format, 2 or 3.
        attributes: what its writer noted.
        shape: of an array; None of a group.
        chunks: sides of what one file holds.
        fill_value: what stands for voxels without a file.
        prefix: first part of the files' names.
        separator: what stands between the numbers in them.
        labels: the names of its axes, as xarray or format 3 has them; empty where there are none.
    """

    folder: Path
    version: int
    attributes: dict[str, Any]
    shape: tuple[int, ...] | None = None
    chunks: tuple[int, ...] = ()
    fill_value: Any = None
    prefix: str = ""
    separator: str = "."
    labels: Any = ()

    @property
    def names(self) -> list[str]:
        """The names of its axes in lower case, empty where not each has one."""
        labels = self.labels if isinstance(self.labels, (list, tuple)) else ()
        return [str(label).lower() for label in labels] if len(labels) == len(self.shape or ()) else []

    def chunk_name(self, numbers: tuple[int, ...]) -> str:
        """Path of a chunk's file in the folder."""
        return self.prefix + self.separator.join(map(str, numbers))


def read_node(folder: Path) -> ZarrNode:
    """Read the metadata of an array or group, none of which reaches zarr before.

    Raises:
        InputError: no zarr; a format that the installed zarr cannot read; codecs, types or values that are not known.
    """
    if (folder / "zarr.json").is_file() and not (ZARR_2 and _is_format_2(folder)):
        return _node_3(folder)
    attributes = read_json(folder / ".zattrs") if (folder / ".zattrs").is_file() else {}
    if (folder / ".zarray").is_file():
        header = read_json(folder / ".zarray")
        require_plain_2(header, folder / ".zarray")
        separator = header.get("dimension_separator", ".")
        shape, chunks = tuple(header["shape"]), tuple(header["chunks"])
        labels = attributes.get("_ARRAY_DIMENSIONS")
        return ZarrNode(folder, 2, attributes, shape, chunks, header.get("fill_value"), "", separator, labels)
    if (folder / ".zgroup").is_file():
        return ZarrNode(folder, 2, attributes)
    raise InputError(
        f"{folder} cannot be read as zarr, it has no .zarray, .zgroup or zarr.json: copy the whole folder again."
    )


def _is_format_2(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (".zarray", ".zgroup"))


def _node_3(folder: Path) -> ZarrNode:
    if ZARR_2:
        raise InputError(
            f"{folder} is in zarr format 3, which the installed zarr {zarr.__version__} cannot read: install zarr 3 by "
            '`pip install "zarr>=3" "tiffslide>=3"` (Python 3.11 or later), or save it as OME-Zarr 0.4.'
        )
    path = folder / "zarr.json"
    header = read_json(path)
    attributes = header.get("attributes", {})
    if not isinstance(attributes, dict):
        raise InputError(f"{path} has attributes that are no JSON object: it is damaged; copy the volume again.")
    if header.get("node_type") == "group":
        return ZarrNode(folder, 3, attributes)
    require_plain_3(header, path)
    keys = header["chunk_key_encoding"]
    default = (keys if isinstance(keys, str) else keys["name"]) == "default"
    separator = configuration(keys).get("separator", "/" if default else ".")
    shape, chunks = tuple(header["shape"]), tuple(configuration(header["chunk_grid"])["chunk_shape"])
    prefix = f"c{separator}" if default else ""
    labels = header.get("dimension_names")
    return ZarrNode(folder, 3, attributes, shape, chunks, header.get("fill_value"), prefix, separator, labels)


def open_array(node: ZarrNode | Path, mode: str = "r") -> Any:
    """Open an array.

    Args:
        node: what `read_node` found, or its folder.
        mode: ``r``, or ``r+`` for writing too.

    Raises:
        InputError: see `read_node`; a group; files that are links out of the folder, or no files.
    """
    node = read_node(node) if isinstance(node, Path) else node
    if node.shape is None:
        raise InputError(f"{node.folder} is a zarr group where an array was expected: copy the volume again.")
    if len(node.chunks) != len(node.shape):
        raise InputError(f"{node.folder} has chunks of other dimensions than its shape: copy the volume again.")
    _require_own_files(node.folder)
    # A store of its own: zarr takes a path such as `a::b` or `a.zip` for something else than a folder.
    if ZARR_2:
        return zarr.open_array(zarr.DirectoryStore(str(node.folder)), mode=mode)
    storage: Any = zarr.storage
    return zarr.open_array(storage.LocalStore(node.folder, read_only=mode == "r"), mode=mode, zarr_format=node.version)


def inner(root: Path, name: Any) -> Path:
    """Folder of an array that the metadata of a group name.

    Raises:
        InputError: the name leads out of the group's folder.
    """
    folder = root / str(name)
    plain = isinstance(name, str) and name and not os.path.isabs(name) and ".." not in Path(name).parts
    if not plain or "\0" in name or not folder.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{root} names {name!r} as its data, which does not lie in that folder: export it again.")
    return folder


def _require_own_files(folder: Path) -> None:
    """Refuse links that lead elsewhere: a chunk may be a link to any file of this computer."""
    root = folder.resolve()
    for entry in _entries(folder):
        if entry.is_symlink():
            if not Path(entry.path).resolve().is_relative_to(root):
                raise InputError(f"{entry.path} is a link out of {folder}: copy the volume with the files themselves.")
        elif not (entry.is_dir() or entry.is_file()):
            kind = stat.filemode(entry.stat().st_mode)[0]
            raise InputError(f"{entry.path} is no file but a device or pipe ({kind}): copy the volume again.")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path))
