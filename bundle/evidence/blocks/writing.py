"""Cutting one registered pair into blocks for training, validation and test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.datalist.specimen_window import FOUND, facts_of_slices, found_window
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.image.read import read_ct, read_histology, read_mask
from scripts.data.padding import padding_of
from scripts.data.window import PERCENTILES
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import write_text

SHARES = {"training": 0.6, "validation": 0.15, "test": 0.25}  # of what the gaps leave
Image = NDArray[Any]
Place = tuple[slice, slice]  # rows, columns

SMALLEST = 96  # pixels, side of a block: a patch of the training


def write_blocks(ct_path: Path, section_path: Path, out: Path, mask_path: Path | None, gap: int, rows: int) -> None:
    """Cut a registered pair into blocks, write them as a data set, and say so.

    Args:
        ct_path: grey image.
        section_path: RGB image of the same size.
        out: folder for the data set, new or empty.
        mask_path: 0 where the pair is not to be used; None to use all of it.
        gap: pixels between training, validation and test.
        rows: blocks one below the other, of each split.

    Raises:
        InputError: images of different sizes, or too small; a file that cannot be used; a folder that is not empty.
    """
    if gap < 0 or rows < 1:
        raise InputError(f"--gap {gap} --rows {rows}: give a gap of 0 or more, and one row or more.")
    ct, section, mask = _read_pair(ct_path, section_path, mask_path)
    writable_folder(out, "OUT")
    if any(out.iterdir()):
        raise InputError(f"{out} is not empty: give another folder.")
    stretches = split_columns(ct.shape[1], gap)
    height = ct.shape[0] // rows
    if min(height, *(stop - start for start, stop in stretches.values())) < SMALLEST:
        raise InputError(
            f"{ct_path} has {ct.shape[0]} x {ct.shape[1]} pixels, which leave blocks of less than {SMALLEST} pixels: "
            "give fewer --rows or a smaller --gap."
        )
    places = _used_places(stretches, height, rows, mask)
    missing = SHARES.keys() - {split for split, _ in places}
    if missing:
        raise InputError(f"{mask_path} leaves nothing for {', '.join(sorted(missing))}.")
    found = _window(ct, stretches["training"], ct_path)
    pixel_um = read_pixel_size(ct_path)
    said: dict[str, Any] = {FOUND: found} | ({} if pixel_um is None else {PIXEL_UM: pixel_um})
    datalist: dict[str, list[dict[str, Any]]] = {}
    for (split, row), place in places.items():
        files = _write_block(out, f"{split}_{row}", ct[place], section[place], mask[place])
        datalist.setdefault(split, []).append({"specimen": f"{ct_path.stem} {split}"} | said | files)
    write_text(out / "datalist.json", json.dumps(datalist, indent=2) + "\n")
    counts = ", ".join(f"{len(items)} {split}" for split, items in datalist.items())
    print(f"Written to {out}: blocks for {counts}, {gap} pixels apart. They are of one specimen.")


def _window(ct: Image, training: tuple[int, int], path: Path) -> Any:
    """The window of the training stretch, as a data list has it: one scan has one, and other stretches have no say."""
    known = ct[:, slice(*training)]
    return found_window(facts_of_slices([known], PERCENTILES, str(path), padding_of([ct])), PERCENTILES)


def _read_pair(ct_path: Path, section_path: Path, mask_path: Path | None) -> tuple[Image, Image, Image]:
    """CT (H, W), section (H, W, 3) in [0, 1] and mask (H, W), all ones if there is none."""
    ct, section = read_ct(ct_path), np.moveaxis(read_histology(section_path), 0, -1)
    mask = np.ones(ct.shape, np.float32) if mask_path is None else read_mask(mask_path)
    for path, image in ((section_path, section), (mask_path, mask)):
        if image.shape[:2] != ct.shape:
            raise InputError(
                f"{path} has {image.shape[0]} x {image.shape[1]} pixels, but {ct_path} {ct.shape[0]} x {ct.shape[1]}: "
                "resample one onto the other."
            )
    return ct, section, mask


def _used_places(
    stretches: Mapping[str, tuple[int, int]], height: int, rows: int, mask: Image
) -> dict[tuple[str, int], Place]:
    """Rows and columns of each block, by split and number, of which the mask leaves something."""
    places = {
        (split, row): (slice(row * height, (row + 1) * height), slice(left, right))
        for split, (left, right) in stretches.items()
        for row in range(rows)
    }
    return {name: place for name, place in places.items() if mask[place].any()}


def _write_block(out: Path, name: str, ct: Image, section: Image, mask: Image) -> dict[str, str]:
    """Write the images of a block as TIFF; return their paths as a data list has them."""
    files = {}
    for key, image in (("ct", ct), ("histology", section), ("mask", mask)):
        files[key] = f"{key}/{name}.tif"
        (out / key).mkdir(exist_ok=True)
        pixels = image if key == "ct" else np.rint(255 * image).astype(np.uint8)
        tifffile.imwrite(out / files[key], pixels, photometric="rgb" if key == "histology" else "minisblack")
    return files


def split_columns(width: int, gap: int) -> dict[str, tuple[int, int]]:
    """First column and stop of each split, from the left: their shares of the width without two gaps."""
    usable = width - 2 * gap
    stretches, left = {}, 0
    for split, share in SHARES.items():
        right = width if split == "test" else left + int(share * usable)
        stretches[split] = (left, right)
        left = right + gap
    return stretches
