"""Peak memory against the length of a volume that is resampled while it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume.memory import SLAB
from bundle.evidence.speed.volume.peak import peak_in_another_process
from bundle.evidence.speed.volume.scan import write_nifti
from bundle.shared.places import SHIPPED
from bundle.shared.workflow import make_workflow
from scripts.networks.trained_on import TrainedOn
from scripts.weights.checkpoint import save_atomically

NETWORK_UM = 5.0
#: Voxel size (z, y, x) in micrometres, and the grid of the outputs.
CASES: tuple[tuple[tuple[float, float, float], str], ...] = (
    ((6.0, 6.0, 6.0), "network"),
    ((3.5, 3.5, 3.5), "network"),
    ((10.0, 5.0, 5.0), "network"),
    ((3.5, 3.5, 3.5), "input"),
)


def measure(conditions: Conditions) -> dict[str, Any]:
    """Stain a short and a long volume of other voxel sizes than the network's.

    Returns:
        Rows with the peaks in bytes, and the growth from the short to the long volume.
    """
    side, lengths = (192, (64, 128)) if conditions.quick else (512, (64, 512))
    checkpoint = sized_weights(conditions.work / "sized.pt")
    rows: list[dict[str, Any]] = []
    for number, (voxel_um, grid) in enumerate(CASES[: 1 if conditions.quick else None]):
        peaks = []
        for length in lengths:
            folder = conditions.work / f"{number}_{length}"
            folder.mkdir()
            source = write_nifti(folder / "scan.nii.gz", (length, side, side), "uint16")
            tiny = write_nifti(folder / "tiny.nii.gz", (4, 96, 96), "uint16")
            options = {"device": "cpu", "slab_size": SLAB, "checkpoint": checkpoint}
            first = {"input": tiny, "output_dir": folder / "first"} | options
            second = {"input": source, "output_dir": folder / "out", "voxel_um": list(voxel_um), "output_grid": grid}
            peaks.append(peak_in_another_process(first, second | options))
        rows.append(
            {
                "voxels": f"{' x '.join(f'{size:g}' for size in voxel_um)} um, {side} x {side}",
                "outputs on the grid of the": grid,
                **{f"{length} slices / MB": round(peak / 1e6, 1) for length, peak in zip(lengths, peaks, strict=True)},
                "growth": round(peaks[1] / peaks[0] - 1, 3),
            }
        )
    return {
        "title": "Peak memory beyond libraries and model, of volumes that are resampled",
        "note": f"Weights that work at {NETWORK_UM:g} um, slabs of {SLAB} slices on their grid.",
        "floor": "at most 5 % more for the long volume",
        "rows": rows,
        "met": all(row["growth"] <= 0.05 for row in rows),
    }


def sized_weights(path: Path) -> Path:
    """The shipped weights, told at which voxel size they work, for those of older versions do not know."""
    network = make_workflow("inference", {"checkpoint": SHIPPED, "device": "cpu"}).parser.get_parsed_content("network")
    network.trained_on = TrainedOn(pixel_um=NETWORK_UM)
    save_atomically(network.state_dict(), path)
    return path
