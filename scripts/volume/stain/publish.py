"""Moving finished outputs to their place: whatever ends that, they lie there or in the staining's folder."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.errors import InputError
from scripts.volume.stain.request import OME_ZARR
from scripts.volume.stain.staining import Staining
from scripts.volume.stain.unfinished import delete
from scripts.whole import sync_folder


def publish(staining: Staining) -> list[Path]:
    """Move all outputs to their place, the record last; what they replace goes once all of them are there.

    Returns:
        The outputs, the record last.

    Raises:
        InputError: something that no staining has made lies at a place.
    """
    require_own_outputs(staining)
    *volumes, record = staining.outputs
    # an OME-Zarr after the files that can be made of it again
    for name in (*sorted(volumes, key=lambda name: name.endswith(OME_ZARR)), record):
        if (staining.folder / name).exists():
            _put_aside(staining, name)
            os.replace(staining.folder / name, staining.output_dir / name)
            sync_folder(staining.output_dir)
    for name in staining.obsolete:  # of the stain that is replaced
        _put_aside(staining, name)
        (staining.output_dir / name).unlink(missing_ok=True)
    sync_folder(staining.output_dir)
    staining.discard()
    return [staining.output_dir / name for name in staining.outputs]


def _put_aside(staining: Staining, name: str) -> None:
    """Move an earlier OME-Zarr into the folder, which is removed in the end; a file is simply replaced."""
    path, aside = staining.output_dir / name, staining.folder / "replaced"
    if path.is_dir():
        aside.mkdir(exist_ok=True)
        delete(aside / name)  # of a try that was cut off
        path.rename(aside / name)


def require_own_outputs(staining: Staining) -> None:
    """Refuse to replace what no staining has made: links, folders called like a file, other folders.

    Raises:
        InputError: there is one at the place of an output.
    """
    for name in (*staining.outputs, *staining.obsolete):
        path = staining.output_dir / name
        what = None
        if path.is_symlink():
            what = "is a link, which is not followed"
        elif name.endswith(OME_ZARR):
            if path.exists() and not (path / ".zgroup").is_file():
                what = "is no OME-Zarr of a staining"
        elif path.exists() and not path.is_file():
            what = "is no file"
        if what:
            raise InputError(f"{path} {what}, but an output has this name: move it or give another --output_dir.")
