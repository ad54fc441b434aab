"""The items of a data list: keys, paths and specimens."""

from __future__ import annotations

import difflib
import logging
import os
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.data.datalist.declared import MATERIAL
from scripts.data.datalist.file import PAIR
from scripts.data.datalist.listed import SHOWN, listed_path, nearby, refuse_missing
from scripts.data.datalist.pixel_size import MEANT, PIXEL_UM, check_pixel_um
from scripts.data.datalist.specimen_window import FOUND, read_found
from scripts.data.given_window import given_or_none
from scripts.data.image.read import read_header
from scripts.errors import InputError
from scripts.files.opening import existing_file

logger = logging.getLogger(__name__)

CT_KEYS = ("ct", "image")
STAIN_KEYS = ("histology", "label")
FILE_KEYS = ("image", "label", "mask", "labels")
LONGEST = 255  # characters of a specimen's name
KEYS = (*CT_KEYS, *STAIN_KEYS, "mask", "labels", "specimen", "ct_window", FOUND, PIXEL_UM)
NOT_READ = {
    "displacement",
    "histology_displaced",
    MATERIAL,
}  # what the phantom notes besides, and what `declared` reads

Item = dict[str, Any]


def resolve_items(raws: Sequence[Mapping[str, Any]], split: str, path: Path) -> list[Item]:
    """Items of a split with MONAI's keys and absolute paths.

    Args:
        raws: items as they stand in the list.
        split: their split.
        path: of the list.

    Raises:
        InputError: a key missing, misspelt or of another kind; files that are missing, all of them named; something
            that is no regular file; one file as CT and section.
    """
    items, missing = [], []
    for number, raw in enumerate(raws, 1):
        name = f"item {number} of {split!r} in {path}"
        _check_keys(raw, name)
        item = _renamed(raw, name)
        for key in FILE_KEYS:
            if key in item:
                file = listed_path(path.parent, item[key], f"{name}: {key}")
                if not file.exists():
                    missing.append(f"{file} (item {number}){nearby(file, item[key])}")
                    continue
                item[key] = str(existing_file(file))
        others = [item[key] for key in ("label", "mask", "labels") if key in item]
        if item["image"] in others or item["label"] in others[1:]:
            twice = item["image"] if item["image"] in others else item["label"]
            raise InputError(f"{name} names {twice} twice: CT, section and mask are files of their own.")
        items.append(item)
    refuse_missing(missing, f"{split!r} in {path}", path.parent)
    _warn(raws, items, split, path)
    return items


def check_leakage(content: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """Check that a specimen belongs to one split; warn of files that belong to two, and of specimens spelt in two ways.

    Raises:
        InputError: one is in two.
    """
    home: dict[str, str] = {}
    files: dict[str, str] = {}
    shared: dict[str, None] = {}
    for split, items in content.items():
        for item in items:
            specimen = str(item.get("specimen"))
            if "specimen" in item and home.setdefault(specimen, split) != split:
                raise InputError(
                    f"Specimen {reprlib.repr(specimen)} is in both {home[specimen]!r} and {split!r} of {path}: keep "
                    "all slices of a specimen in one split, else the figures say nothing about new specimens."
                )
            for file in (str(item[key]).replace("\\", "/") for key in (*CT_KEYS, *STAIN_KEYS) if key in item):
                if files.setdefault(os.path.normpath(path.parent / file), split) != split:
                    shared[file] = None
    if shared:
        logger.warning(
            "%s: in two splits are %s. Unless that is meant, the figures will not be those of new specimens.",
            path,
            ", ".join(shared),
        )
    spelt: dict[str, str] = {}
    for specimen in home:
        other = spelt.setdefault(specimen.strip().casefold(), specimen)
        if other != specimen:
            logger.warning(
                "%s: the specimens %r and %r are taken for two. If they are one, spell them alike.",
                path,
                other,
                specimen,
            )


def check_images(item: Mapping[str, Any]) -> None:
    """Check size and colours of an item's files by their headers.

    Raises:
        InputError: CT, section and mask of different sizes; an RGB CT or a grey section.
    """
    headers = {key: read_header(item[key]) for key in FILE_KEYS if key in item}
    ct, section = headers["image"], headers["label"]
    if (ct.channels, section.channels) == (3, 1):
        raise InputError(f"{item['image']} is RGB and {item['label']} is grey: CT and section are exchanged.")
    for key, head in headers.items():
        if (head.height, head.width) != (ct.height, ct.width):
            raise InputError(
                f"{item[key]} has {head.height} x {head.width} pixels (rows x columns), but its CT slice "
                f"{item['image']} has {ct.height} x {ct.width}: resample one onto the other."
            )
    if ct.channels != 1:
        raise InputError(
            f"{item['image']} is an RGB image where a CT slice was expected: convert it to greyscale. A grey image "
            "is often saved as RGB with three equal channels."
        )
    if section.channels != 3 and not section.palette:
        raise InputError(f"{item['label']} is a greyscale image where an RGB section was expected: export it as RGB.")


def _check_keys(raw: Mapping[str, Any], name: str) -> None:
    for key in raw:
        if key in KEYS or key in NOT_READ:
            continue
        meant = difflib.get_close_matches(key.strip().lower(), KEYS, n=1, cutoff=0.85)
        meant = [PIXEL_UM] if key.strip().lower() in MEANT else meant
        if meant:
            raise InputError(f"The key {reprlib.repr(key)} of {name} is unknown: did you mean {meant[0]!r}?")
    for names in (CT_KEYS, STAIN_KEYS, ("specimen",)):
        if all(raw.get(key) in (None, "") for key in names):
            others = [reprlib.repr(key) for key in raw if key not in KEYS]
            instead = f" It has {', '.join(others[:SHOWN])} instead." if others else ""
            what = "the specimen of which the slice is" if names == ("specimen",) else "the path of the file"
            raise InputError(f"The key {names[0]!r} is missing from {name}: give {what}, as in {PAIR}.{instead}")


def _renamed(raw: Mapping[str, Any], name: str) -> Item:
    """The item with MONAI's keys, its values of the right kind."""
    item: Item = {}
    for key, aliases in (("image", CT_KEYS), ("label", STAIN_KEYS), ("mask", ("mask",)), ("labels", ("labels",))):
        given = [alias for alias in aliases if raw.get(alias) not in (None, "")]
        if len(given) > 1:
            raise InputError(f"The keys {given[0]!r} and {given[1]!r} of {name} mean the same: keep one.")
        if given:
            item[key] = _text(raw[given[0]], given[0], name)
    specimen = raw["specimen"]
    whole = isinstance(specimen, int) and not isinstance(specimen, bool)
    item["specimen"] = str(specimen) if whole else _text(specimen, "specimen", name)
    if len(item["specimen"]) > LONGEST:
        raise InputError(f"The specimen of {name} has {len(item['specimen'])} characters: give a short name.")
    if not item["specimen"].strip():
        raise InputError(f"The key 'specimen' of {name} is blank: give the specimen of which the slice is.")
    window = given_or_none(raw.get("ct_window"), name, numbers_as_text=False)
    if window is not None:
        item["ct_window"] = window if isinstance(window, str) else list(window)
    if raw.get(FOUND) is not None:
        item[FOUND] = read_found(raw[FOUND], name)
    if raw.get(PIXEL_UM) is not None:
        item[PIXEL_UM] = check_pixel_um(raw[PIXEL_UM], name)
    return item


def _text(value: object, key: str, name: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"The value of {key!r} of {name} is {reprlib.repr(value)}, not text: write it in quotes.")
    return value


def _warn(raws: Sequence[Mapping[str, Any]], items: Sequence[Item], split: str, path: Path) -> None:
    """Say what is taken as it stands, though it may not be meant."""
    unknown = {key: None for raw in raws for key in raw if key not in KEYS and key not in NOT_READ}
    if unknown:
        logger.warning("%s: the keys %s of %r are unknown and left out.", path, reprlib.repr(list(unknown)), split)
    counts = Counter((item["image"], item["label"]) for item in items)
    doubles = [image for (image, _), count in counts.items() if count > 1]
    if doubles:
        logger.warning("%s lists these several times in %r: %s.", path, split, ", ".join(doubles[:SHOWN]))
