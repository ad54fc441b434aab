"""The data list: which CT slice belongs to which section, and to which specimen."""

from __future__ import annotations

import difflib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import partition_dataset
from torch import distributed as dist

from scripts.data.image import read_ct, read_header
from scripts.data.window import check_overlap, check_window, fits_window, percentile_window
from scripts.errors import InputError
from scripts.networks import KeepsWindowing

logger = logging.getLogger(__name__)

SPLITS = ("training", "validation", "test")
CT_KEYS = ("ct", "image")
STAIN_KEYS = ("histology", "label")
FILE_KEYS = ("image", "label", "mask", "labels")
KEYS = {*CT_KEYS, *STAIN_KEYS, *FILE_KEYS, "specimen", "ct_window"}  # others are ignored

Item = dict[str, Any]


def load_datalist(
    dataset_dir: str | PathLike[str],
    split: str,
    lower: float = 0.5,
    upper: float = 99.5,
    trained: tuple[float, float] | None = None,
) -> list[dict[str, Any]]:
    """Read and check one split of ``dataset_dir/datalist.json``.

    Specimens without ``ct_window`` are windowed as inference windows a volume: by the window of the training if they
    lie on its scale, else by the percentiles of all their slices taken together.

    Args:
        dataset_dir: folder with the data list; paths in it are relative to this folder.
        split: "training", "validation" or "test".
        lower: lower percentile of a window that has to be found.
        upper: upper percentile of a window that has to be found.
        trained: window common to all scans that a network was trained with; None in training, and where there is none.

    Returns:
        Items ``{"image": path, "label": path, "specimen": str, "ct_window": [lo, hi], "window_given": bool}``, and
        ``"mask"`` and ``"labels"`` (class ids) where the list has them; paths absolute.

    Raises:
        InputError: no such folder or list; not JSON; a split or key missing or empty; files missing; CT, section and
            mask of different sizes; RGB CT or grey section; a specimen in two splits; a window that is none, that holds
            none of the grey values, or that is given for only some slices of a specimen; a misspelt key.
    """
    if split not in SPLITS:
        raise InputError(f"There is no split {split!r}: give {', '.join(SPLITS)}.")
    path = _find_list(Path(dataset_dir))
    content = _parse(path)
    _check_leakage(content, path)
    raw_items = content.get(split)
    if not raw_items:
        raise InputError(f"{path} has no items under {split!r}: list at least one CT and histology pair there.")
    items = [_resolve(raw, f"item {index} of {split!r} in {path}", path.parent) for index, raw in enumerate(raw_items)]
    for item in items:
        _check_files(item)
    _fill_windows(items, path, lower, upper, trained)
    return items


def common_window(items: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """The CT window (lo, hi) if all items share one, else None."""
    windows = {tuple(item["ct_window"]) for item in items}
    if len(windows) != 1:
        return None
    lo, hi = windows.pop()
    return lo, hi


def check_patch_size(items: Sequence[Mapping[str, Any]], patch_size: int | Sequence[int]) -> None:
    """Check that a patch fits into every image of the list.

    Raises:
        InputError: it is larger than an image; the message names the smallest one.
    """
    height, width = (patch_size, patch_size) if isinstance(patch_size, int) else patch_size
    if min(height, width) < 1:
        raise InputError(f"The patch of {height} x {width} pixels is none: give --patch_size a positive number.")
    headers = {item["image"]: read_header(item["image"]) for item in items}
    too_small = {name: head for name, head in headers.items() if head.height < height or head.width < width}
    if too_small:
        name, head = min(too_small.items(), key=lambda entry: min(entry[1].height, entry[1].width))
        raise InputError(
            f"The patch of {height} x {width} pixels is larger than {len(too_small)} of the images, {name} has "
            f"{head.height} x {head.width}: choose a patch of at most {min(head.height, head.width)} pixels."
        )


def _find_list(folder: Path) -> Path:
    remedy = "give --dataset_dir, or make the phantom with `python -m bundle phantom`"
    if not folder.is_dir():
        raise InputError(f"The data folder {folder} does not exist: {remedy}.")
    path = folder / "datalist.json"
    if not path.is_file():
        raise InputError(f"The data folder {folder} has no datalist.json: {remedy}.")
    return path


def _parse(path: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # of which UnicodeDecodeError and JSONDecodeError are kinds
        raise InputError(f"{path} is not valid JSON ({error}): correct it.") from error
    if not isinstance(content, dict) or not any(split in content for split in SPLITS):
        raise InputError(f"{path} has none of the keys {', '.join(SPLITS)}: give each a list of pairs.")
    splits = {split: content[split] for split in SPLITS if split in content}
    for split, items in splits.items():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise InputError(f"{split!r} in {path} is not a list of objects: list the pairs as {{...}} in [...].")
    return splits


def _check_leakage(content: Mapping[str, list[Any]], path: Path) -> None:
    home: dict[str, str] = {}
    files: dict[str, str] = {}
    shared: dict[str, None] = {}
    for split, items in content.items():
        for item in items:
            specimen = str(item.get("specimen"))
            if "specimen" in item and home.setdefault(specimen, split) != split:
                raise InputError(
                    f"Specimen {specimen!r} is in both {home[specimen]!r} and {split!r} of {path}: keep all slices "
                    "of a specimen in one split, else the figures say nothing about new specimens."
                )
            for file in (str(item[key]) for key in (*CT_KEYS, *STAIN_KEYS) if key in item):
                if files.setdefault(os.path.normpath(path.parent / file), split) != split:
                    shared[file] = None
    if shared:
        logger.warning(
            "%s: in two splits are %s. Unless that is meant, the figures will not be those of new specimens.",
            path,
            ", ".join(shared),
        )


def _resolve(raw: Mapping[str, Any], name: str, folder: Path) -> Item:
    """Rename the keys to MONAI's and make the paths absolute."""
    item: Item = {}
    for key, names in (("image", CT_KEYS), ("label", STAIN_KEYS)):
        given = next((raw[alias] for alias in names if alias in raw), None)
        if not isinstance(given, str) or not given:
            raise InputError(f"The key {names[0]!r} is missing from {name}: give the path of the file.")
        item[key] = given
    if raw.get("specimen") in (None, ""):
        raise InputError(f"The key 'specimen' is missing from {name}: say which specimen the slice is of.")
    item |= {key: raw[key] for key in ("mask", "labels") if raw.get(key)}
    for key in raw:
        meant = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.85)
        if meant and key not in KEYS:
            raise InputError(f"The key {key!r} of {name} is unknown: did you mean {meant[0]!r}?")
    for key in FILE_KEYS:
        if key in item:
            file = (folder / str(item[key])).resolve()
            if not file.is_file():
                raise InputError(f"{file}, named by {name}, does not exist: correct the path or remove the item.")
            item[key] = str(file)
    item["specimen"] = str(raw["specimen"])
    if raw.get("ct_window") is not None:
        item["ct_window"] = list(check_window(raw["ct_window"], name))
    return item


def _check_files(item: Item) -> None:
    headers = {key: read_header(item[key]) for key in FILE_KEYS if key in item}
    ct = headers["image"]
    for key, head in headers.items():
        if (head.height, head.width) != (ct.height, ct.width):
            raise InputError(
                f"{item[key]} has {head.height} x {head.width} pixels (rows x columns), but its CT slice "
                f"{item['image']} has {ct.height} x {ct.width}: resample one onto the other."
            )
    if ct.channels != 1:
        raise InputError(f"{item['image']} is an RGB image where a CT slice was expected: convert it to greyscale.")
    if headers["label"].channels != 3:
        raise InputError(f"{item['label']} is a greyscale image where an RGB section was expected: export it as RGB.")


def _fill_windows(
    items: list[Item], path: Path, lower: float, upper: float, trained: tuple[float, float] | None
) -> None:
    for specimen in dict.fromkeys(item["specimen"] for item in items):
        slices = [item for item in items if item["specimen"] == specimen]
        given = [item for item in slices if "ct_window" in item]
        for item in slices:
            item["window_given"] = bool(given)
        if not given:
            values = np.concatenate([read_ct(item["image"]).ravel() for item in slices])
            found = percentile_window(values, lower, upper, f"specimen {specimen}")
            if trained is not None and fits_window(found, trained):
                found = trained
            for item in slices:
                item["ct_window"] = list(found)
            continue
        common = common_window(given)
        if len(given) < len(slices) or common is None:
            raise InputError(
                f"Only some slices of specimen {specimen!r} in {path} have a ct_window, or they differ: give all its "
                "slices the same one, or none."
            )
        check_overlap(common, read_ct(slices[0]["image"]), f"{slices[0]['image']} (specimen {specimen})")


def note_windowing(network: KeepsWindowing, items: Sequence[Mapping[str, Any]], percentiles: Sequence[float]) -> None:
    """Write into a generator how its training CT is windowed, so that inference does the same.

    A common window is noted if the data list gave it: one found from a single specimen's percentiles is no scale.
    """
    given = all(item["window_given"] for item in items)
    network.set_windowing(common_window(items) if given else None, percentiles)


def share_of_process(items: Sequence[Item]) -> list[Item]:
    """The items that this one of several processes evaluates; all get equally many, so some items may come twice."""
    items = list(items) * (dist.get_world_size() if len(items) < dist.get_world_size() else 1)
    return partition_dataset(
        items, num_partitions=dist.get_world_size(), shuffle=False, even_divisible=True, drop_last=False
    )[dist.get_rank()]
