"""Two folders, and perhaps a third of masks, to pairs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from bundle.data.listing.listed import Listed
from bundle.data.listing.matching import Matched, match
from bundle.data.listing.names import Name, name_of
from bundle.data.listing.specimens import specimens_of
from scripts.errors import InputError
from scripts.files.opening import NIFTI_SUFFIXES, PICTURE_SUFFIXES, has_suffix, natural_key
from scripts.words import count

logger = logging.getLogger(__name__)

SHOWN = 10  # names that a message lists
VOLUMES = (".h5", ".hdf5", ".nxs", ".mha", ".mhd", ".nrrd", ".zarr", ".raw", ".vol", ".dcm", ".npy")


def list_folders(ct: Path, section: Path, masks: Path | None = None, pattern: str | None = None) -> list[Listed]:
    """The pairs of a folder of CT slices and one of sections. What stays without partner is told all at once.

    Args:
        ct: folder of the CT slices; folders within it count.
        section: of the sections.
        masks: of the masks, 0 where a pair is not to be used.
        pattern: see `specimens_of`.

    Raises:
        InputError: a folder that is none or holds no images; no name in common.
    """
    slices, sections = _images(ct, "CT slices"), _images(section, "sections")
    matched = match(slices, sections)
    if not matched.pairs:
        raise InputError(
            f"No name of {ct} ({_shown(slices)}) is like one of {section} ({_shown(sections)}): give partners the same "
            "name, or list them in a table with the columns ct, histology, specimen, and give it to --table."
        )
    _tell_left_over(matched, ct, section)
    of_masks = _masks_of([slice_ for slice_, _ in matched.pairs], masks)
    specimens = specimens_of([slice_ for slice_, _ in matched.pairs], pattern)
    return [
        Listed(slice_.label, slice_.path, partner.path, specimen, mask=of_masks.get(slice_))
        for (slice_, partner), specimen in zip(matched.pairs, specimens, strict=True)
    ]


def _masks_of(slices: Sequence[Name], folder: Path | None) -> dict[Name, Path]:
    if folder is None:
        return {}
    matched = match(slices, _images(folder, "masks"))
    if matched.second:
        logger.warning("Masks of no pair, left out: %s.", _shown(matched.second))
    return {slice_: mask.path for slice_, mask in matched.pairs}


def _images(folder: Path, what: str) -> list[Name]:
    if folder.is_file():
        raise InputError(
            f"{folder} is a file where the folder of {what} was expected: give the folder. A volume has to be cut into "
            "the slices that the sections show; `python -m bundle pairs` finds them."
        )
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist: give the folder of {what}.")
    files = [path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder)]
    images = [path for path in files if has_suffix(path, PICTURE_SUFFIXES + NIFTI_SUFFIXES)]
    others = [path for path in files if path not in set(images)]
    volumes = sorted({path.suffix.lower() for path in others if has_suffix(path, VOLUMES)})
    if not images:
        hint = f" It has {', '.join(volumes)}: cut the slices out that the sections show." if volumes else ""
        raise InputError(f"{folder} holds no images, the {what} as TIFF, PNG, JPEG, BMP or NIfTI were expected.{hint}")
    if others:
        logger.warning("%s: left out, as they are no images: %s.", folder, _listed([path.name for path in others]))
    images.sort(key=lambda path: (natural_key(path.parent), natural_key(path)))
    return [name_of(path, folder) for path in images]


def _is_hidden(path: Path, folder: Path) -> bool:
    """Whether a file or a folder above it was left by a viewer or another program."""
    parts = path.relative_to(folder).parts
    return any(part.startswith(".") for part in parts) or parts[-1] in ("Thumbs.db", "desktop.ini")


def _tell_left_over(matched: Matched, ct: Path, section: Path) -> None:
    for names, folder in ((matched.first, ct), (matched.second, section)):
        if names:
            logger.warning("No partner was found for %s of %s: %s.", count(len(names), "file"), folder, _shown(names))


def _shown(names: Sequence[Name]) -> str:
    return _listed([name.path.name for name in names])


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more
