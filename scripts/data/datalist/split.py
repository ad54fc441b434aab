"""The data list: which CT slice belongs to which section, and to which specimen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from monai.data import partition_dataset

from scripts.data.datalist.file import PAIR, SPLITS, find_list, parse_list
from scripts.data.datalist.items import Item, check_images, check_leakage, resolve_items
from scripts.data.datalist.pixel_size import fill_pixel_sizes
from scripts.data.datalist.specimen_window import fill_windows
from scripts.data.datalist.working_size import working_size_of
from scripts.data.window import PERCENTILES
from scripts.data.window_choice import NO_TRAINING, Training
from scripts.errors import InputError


def load_datalist(
    dataset_dir: str | PathLike[str],
    split: str,
    lower: float = PERCENTILES[0],
    upper: float = PERCENTILES[1],
    training: Training = NO_TRAINING,
) -> list[dict[str, Any]]:
    """Read and check one split of ``dataset_dir/datalist.json``.

    Specimens without ``ct_window`` are windowed as inference windows a volume, see `choose_window`. What decides is
    found in their scan (``window_found``), else in all their slices taken together. Padding is left out, see
    `scripts.data.padding`.

    Args:
        dataset_dir: folder with the data list; paths in it are relative to this folder.
        split: "training", "validation" or "test".
        lower: lower percentile of a window that has to be found.
        upper: upper percentile of a window that has to be found.
        training: what a network's weights say of its training's windows; in training, the standard.

    Returns:
        Items ``{"image": path, "label": path, "specimen": str, "pixel_um": float, "ct_window": [lo, hi],
        "window_given": bool, "window_source": str}``, and ``"mask"`` and ``"labels"`` (class ids) where the list has
        them, ``"padding"`` where there is some; paths absolute; ``"pixel_um"`` (edge of a pixel, micrometres) None
        where nobody says.

    Raises:
        InputError: no such folder or list; not JSON; a split or key missing or empty; files missing; CT, section and
            mask of different sizes; RGB CT or grey section; a specimen in two splits; a window that is none, that holds
            none of the grey values, or that is given for only some slices of a specimen; a pixel size that is none; a
            misspelt key.
    """
    if split not in SPLITS:
        raise InputError(f"There is no split {split!r}: give {', '.join(SPLITS)}.")
    path = find_list(Path(dataset_dir))
    content = parse_list(path)
    check_leakage(content, path)
    if not content.get(split):
        raise InputError(
            f'{path} has no items under {split!r}: add "{split}": [{PAIR}] with specimens that no other split has.'
        )
    items = resolve_items(content[split], split, path)
    for item in items:
        check_images(item)
    fill_pixel_sizes(items, path)
    fill_windows(items, path, (lower, upper), training)
    return items


def check_patch_size(
    items: Sequence[Mapping[str, Any]], patch_size: int | Sequence[int], working_um: float | None = None
) -> None:
    """Check that a patch fits into every image of the list.

    Args:
        items: as of `load_datalist`.
        patch_size: side of a patch, pixels, or its height and width.
        working_um: size of the pixels that patches have, to which images are resampled first; None for their own.

    Raises:
        InputError: it is larger than an image; the message names the smallest one.
    """
    height, width = (patch_size, patch_size) if isinstance(patch_size, int) else patch_size
    if min(height, width) < 1:
        raise InputError(f"The patch of {height} x {width} pixels is none: give --patch_size a positive number.")
    sizes = {item["image"]: working_size_of(item, working_um) for item in items}
    too_small = {name: (rows, columns) for name, (rows, columns) in sizes.items() if rows < height or columns < width}
    if too_small:
        name, (rows, columns) = min(too_small.items(), key=lambda entry: min(entry[1]))
        size = "" if working_um is None else f" at the working size of {working_um:g} um"
        raise InputError(
            f"The patch of {height} x {width} pixels is larger than {len(too_small)} of the images, {name} has "
            f"{rows} x {columns}{size}: choose a patch of at most {min(rows, columns)} pixels."
        )


def share_of_process(items: Sequence[Item]) -> list[Item]:
    """The items that this one of several processes evaluates; all get equally many, so some items may come twice."""
    items = list(items) * (idist.get_world_size() if len(items) < idist.get_world_size() else 1)
    parts: list[list[Item]] = partition_dataset(
        items, num_partitions=idist.get_world_size(), shuffle=False, even_divisible=True, drop_last=False
    )
    return parts[idist.get_rank()]
