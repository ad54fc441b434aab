"""Peak memory against the size of a slab and the length of the volume."""

from __future__ import annotations

from typing import Any

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume.peak import peak_in_another_process
from bundle.evidence.speed.volume.scan import write_folder, write_nifti

BYTES_PER_VOXEL = 7  # of a slab: grey values as float32, stain as three times uint8
SLAB = 32  # what inference takes where memory is not short
KINDS = {"TIFF folder": write_folder, "nii.gz": write_nifti}


def measure(conditions: Conditions) -> dict[str, Any]:
    """Stain a short and a long volume of each kind and type.

    Returns:
        Rows with the peak in bytes and in slabs, and the growth from the short to the long one.
    """
    side, lengths = (384, (64, 128)) if conditions.quick else (768, (64, 512))
    slab_bytes = SLAB * side * side * BYTES_PER_VOXEL
    rows: list[dict[str, Any]] = []
    for kind, write in KINDS.items():
        for dtype in ("float32", "uint16"):
            peaks = []
            for length in lengths:
                folder = conditions.work / f"{kind.replace(' ', '_')}_{dtype}_{length}"
                folder.mkdir()
                suffix = "" if kind == "TIFF folder" else ".nii.gz"
                source = write(folder / f"scan{suffix}", (length, side, side), dtype)
                tiny = write(folder / f"tiny{suffix}", (4, 96, 96), dtype)
                options = {"device": "cpu", "slab_size": SLAB}
                first = {"input": tiny, "output_dir": folder / "first"} | options
                second = {"input": source, "output_dir": folder / "out"} | options
                peaks.append(peak_in_another_process(first, second))
            rows.append(
                {
                    "volume": f"{kind}, {dtype}, {side} x {side}",
                    **{
                        f"{length} slices / MB": round(peak / 1e6, 1)
                        for length, peak in zip(lengths, peaks, strict=True)
                    },
                    "slabs": round(max(peaks) / slab_bytes, 2),
                    "growth": round(peaks[1] / peaks[0] - 1, 3),
                }
            )
    return {
        "title": "Peak memory beyond libraries and model",
        "note": f"A slab is {SLAB} slices of float32 grey values and their uint8 RGB stain, {slab_bytes / 1e6:.1f} MB.",
        "floor": "at most 2.5 slabs, and 5 % more for the long volume",
        "rows": rows,
        "met": all(row["slabs"] <= 2.5 and row["growth"] <= 0.05 for row in rows),
    }
