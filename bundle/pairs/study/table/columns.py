"""The columns of a study's table."""

from __future__ import annotations

import difflib
import logging
from pathlib import Path

from scripts.errors import InputError

logger = logging.getLogger(__name__)

COLUMNS = (
    "specimen",
    "split",
    "slide",
    "volume",
    "plane",
    "landmarks",
    "ct",
    "histology",
    "pixel_um",
    "voxel_um",
    "ct_window",
    "mask",
)


def check_columns(path: Path, header: list[str]) -> None:
    """Check the header. Columns of a laboratory's own are left out with a line, misspelt ones are not.

    Raises:
        InputError: a misspelt column, or one that is missing.
    """
    unknown = [name for name in header if name not in COLUMNS]
    for name in unknown:
        meant = difflib.get_close_matches(name.replace(" ", "_"), COLUMNS, n=1, cutoff=0.8)
        if meant and meant[0] not in header:
            raise InputError(f"{path} has the column {name!r}, which is not known: did you mean {meant[0]!r}?")
    if "specimen" not in header:
        first = ", ".join(header) or "nothing"
        raise InputError(
            f"{path} has no column 'specimen', its first row holds {first}: name the columns there, such as "
            "specimen,slide,volume."
        )
    if not {"slide", "volume"} <= set(header) and not {"ct", "histology"} <= set(header):
        raise InputError(
            f"{path} has neither the columns slide and volume, nor ct and histology, but {', '.join(header)}: add two."
        )
    if unknown:
        logger.warning("%s: the columns %s are not known and left out.", path, ", ".join(unknown))
