"""The data list of the pairs that are used."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bundle.data.listing.listed import Listed
from bundle.data.windows import Window
from scripts.data.datalist.file import SPLITS
from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.datalist.specimen_window import FOUND


def datalist_of(pairs: Sequence[Listed], windows: Mapping[str, Window], folder: Path) -> dict[str, Any]:
    """Content of ``datalist.json``.

    Args:
        pairs: with their splits.
        windows: by specimen.
        folder: where the list will lie.
    """
    datalist: dict[str, Any] = {split: [] for split in SPLITS}
    for pair in pairs:
        window = windows[pair.specimen]
        entry: dict[str, Any] = {
            "ct": path_in(folder, pair.ct),
            "histology": path_in(folder, pair.section),
            "specimen": pair.specimen,
        }
        if pair.mask is not None:
            entry["mask"] = path_in(folder, pair.mask)
        if pair.pixel_um is not None:
            entry[PIXEL_UM] = pair.pixel_um
        if pair.ct_window is not None:
            entry["ct_window"] = list(pair.ct_window) if isinstance(pair.ct_window, tuple) else pair.ct_window
        if window.found is not None:
            entry[FOUND] = window.found
        datalist[pair.split].append(entry)
    return datalist


def path_in(folder: Path, file: Path) -> str:
    """A path as the list has it: relative where the file lies in the list's folder or beside it, else absolute.

    A study whose folders lie beside each other may be moved as a whole. Of files that lie elsewhere only the absolute
    path stays true where the list is moved.
    """
    folder, file = folder.resolve(), file.resolve()
    if file.is_relative_to(folder.parent) and folder.parent != Path(folder.anchor):
        return Path(os.path.relpath(file, folder)).as_posix()
    return file.as_posix()
