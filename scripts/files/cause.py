"""The sentence about a file that cannot be read: what is the matter with it, and what helps."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.files.content import content_of, content_of_gzip

#: Endings of names, and what a file of such a name holds.
HOLDS = {
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".svs": "TIFF",
    ".ndpi": "TIFF",
    ".scn": "TIFF",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".nii.gz": "gzip",
    ".gz": "gzip",  # voxels of a detached header
    ".nii": "NIfTI",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".hdf": "HDF5",
    ".he5": "HDF5",
    ".nx": "HDF5",
    ".nxs": "HDF5",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".bmp": "BMP",
}
#: What a name must end in, for what a file holds.
ENDING = {"TIFF": ".tif", "PNG": ".png", "JPEG": ".jpg", "NIfTI": ".nii", "HDF5": ".h5", "NRRD": ".nrrd"}
#: Packages that decode what the required ones do not.
MISSING_CODEC = re.compile(
    r"requires the '(?P<package>[\w-]+)' package|could not import name .* from '(?P<from>[\w-]+)'"
)


def cause(path: Path, error: Exception) -> str:
    """Return one sentence: why a file could not be read, and the remedy.

    Args:
        path: the file.
        error: what was raised while it was read.
    """
    if isinstance(error, PermissionError):
        return f"{path} may not be read (permission denied): change its permissions, or copy it to a folder of yours."
    if isinstance(error, MemoryError):
        return (
            f"{path} does not fit into the memory that is free: cut it into parts, or use a machine with more memory."
        )
    reason = re.sub(r"\s+", " ", str(error)).strip().rstrip(".") or type(error).__name__
    # NotImplementedError is that of decoders, for a way of storing pixels that they do not know
    if isinstance(error, NotImplementedError) or "not supported" in reason or "is not a known COMPRESSION" in reason:
        return _unsupported(path, reason)
    codec = MISSING_CODEC.search(reason)
    if codec:
        package = codec["package"] or codec["from"]
        return f"{path} needs another codec ({reason}): `pip install -U {package}`, or save it without compression."
    return misnamed(path) or (f"{path} cannot be read ({reason}): it is truncated or damaged; copy or export it again.")


def misnamed(path: Path) -> str | None:
    """Return one sentence if a file holds something else than its name says, else None."""
    try:
        content = content_of(path) if path.is_file() else ""
    except OSError:
        return None
    name = path.name.lower()
    ending = next((ending for ending in HOLDS if name.endswith(ending)), "")
    if not content or content == HOLDS.get(ending):
        return None
    plain = path.name[: len(path.name) - len(ending)] if ending else path.stem
    if content == "empty":
        return f"{path} is empty (0 bytes): copy or export it again."
    if content == "Git LFS pointer":
        return f"{path} is a Git LFS pointer and not the file itself: run `git lfs pull` in its repository."
    if content == "web page":
        return f"{path} is a web page and not the file itself: download it again, if need be after a login."
    if content == "gzip" and ending == ".nii" and content_of_gzip(path) == "NIfTI":
        return f"{path} is compressed with gzip: rename it to {plain}.nii.gz."
    if content in ("gzip", "ZIP"):
        return f"{path} is an archive ({content}): unpack it and give the file in it."
    if content in ENDING:
        article = "an" if content in ("HDF5", "NRRD") else "a"
        return f"{path} is {article} {content} file in spite of its name: rename it to {plain}{ENDING[content]}."
    return f"{path} is a {content} file in spite of its name: convert it to what its name says."


def _unsupported(path: Path, reason: str) -> str:
    return (
        f"{path} is stored in a way that is not supported ({reason}): save it again as an ordinary file, uncompressed "
        "and with 8 or 16 bits."
    )
