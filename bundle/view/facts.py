"""What a page says about a stained volume, from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nibabel.orientations import aff2axcodes

from bundle.shared.places import SHIPPED
from bundle.shared.stained import Stained
from bundle.view.grid import Grid
from scripts.files.digest import file_digest
from scripts.files.opening import NIFTI_SUFFIXES, has_suffix
from scripts.inferers.uncertainty import STEPS
from scripts.networks.exported import SUFFIXES
from scripts.volume.read.stream.itk import ITK_SUFFIXES
from scripts.weights.origin import SYNTHETIC as OWN

SYNTHETIC = (
    "Virtual stain by the shipped weights, which were trained on synthetic data only. It shows that the software runs, "
    "not what the tissue is. Not for diagnosis."
)
ON_SYNTHETIC = (
    "Virtual stain by weights that were trained on synthetic data only. It shows that the software runs, not what the "
    "tissue is. Not for diagnosis."
)
PERHAPS_SYNTHETIC = (
    "Virtual stain, computed from the CT. It is not a section. If its network is a shipped one, of any version or "
    "exported, it was trained on synthetic data only, and shows that the software runs, not what the tissue is. Not "
    "for diagnosis."
)
VIRTUAL = "Virtual stain, computed from the CT. It is not a section. Not for diagnosis."


def facts_of(stained: Stained, grid: Grid, doubt: str = "") -> dict[str, Any]:
    """What the page's header, captions and script need.

    Args:
        stained: the volume's outputs.
        grid: of the page.
        doubt: why the CT on the page may not be what was stained, empty where it is.

    Returns:
        ``name``; ``notice``, what the stain is not; ``doubt``; ``scan``, the file name of the CT that was stained;
        ``weights``, which; ``differs``, sentences on how the scan differs from those of the training;
        ``finished``, when; ``window`` and ``window_source``; ``volume`` and ``shape``, voxels (z, y, x) of the volume
        and of the page; ``block``, voxels of the volume in one of the page; ``spacing``, size (z, y, x) of the volume's
        in mm or None; ``directions``, the letters in which x, y and z increase, or None; ``views`` and
        ``levels_per_step`` of the uncertainty.
    """
    record = stained.record
    return {
        "name": stained.name,
        "notice": _notice(record),
        "doubt": doubt,
        "scan": Path(stained.source).name,
        "weights": stained.weights,
        "differs": stained.differs,
        "finished": str(record.get("finished", ""))[:10],
        "window": list(stained.window),
        "window_source": str(record["window"].get("source", "")),
        "volume": list(stained.shape),
        "shape": list(grid.shape),
        "block": [min(pair) for pair in zip(grid.block, grid.volume, strict=True)],
        "spacing": None if stained.spacing is None else list(stained.spacing),
        "directions": _directions(stained),
        "views": (record.get("uncertainty") or {}).get("views"),
        "levels_per_step": 1 / STEPS,
    }


def _notice(record: dict[str, Any]) -> str:
    """What the stain is not; where the weights may be the shipped ones, it says what these were trained on."""
    shipped = file_digest(SHIPPED) if SHIPPED.is_file() else None
    checkpoint = record["checkpoint"]
    if checkpoint["sha256"] == shipped or OWN in str(checkpoint.get("weights", "")):  # also what was exported of them
        return SYNTHETIC
    of_synthetic = ((record.get("fit") or {}).get("trained_on") or {}).get("synthetic")
    if of_synthetic is not None:
        return ON_SYNTHETIC if of_synthetic else VIRTUAL
    # no digest tells what an exported file was made of, nor that weights were shipped by another version
    path = record.get("checkpoint_path")
    if shipped is None or path is None:
        return PERHAPS_SYNTHETIC
    exported, of_a_bundle = has_suffix(Path(path), SUFFIXES), Path(path).parts[-2:] == SHIPPED.parts[-2:]
    return PERHAPS_SYNTHETIC if exported or of_a_bundle else VIRTUAL


def _directions(stained: Stained) -> str | None:
    """Letters in which x, y and z increase; only where the scan's file or the user said how it lies.

    A voxel size alone gives an affine too, which says nothing about the directions.
    """
    asked = (stained.record.get("made_of") or {}).get("request", {}).get("orientation")
    affine = stained.affine
    if affine is None or not (asked or has_suffix(Path(stained.source), NIFTI_SUFFIXES + ITK_SUFFIXES)):
        return None
    codes = aff2axcodes(affine)
    return "".join(codes) if None not in codes else None
