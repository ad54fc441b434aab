"""Run in the bundle's folder, by its Python: cuts submitted slices out of their volumes, and looks for LPIPS's weights.

``python prepare.py FOLDER`` reads ``FOLDER/submitted.json``, a list of ``{"id", "ct", "section", "slice"}``, and writes
``FOLDER/prepared.json``: by the id of each pair whose section is RGB the path of its CT slice, the size of its pixels
where the volume says it (micrometres), and whether LPIPS's weights are there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def prepare(folder: Path) -> None:
    """Cut the slices out and write ``prepared.json``.

    Args:
        folder: holds ``submitted.json``.

    Raises:
        InputError: a section or a volume that cannot be read, or a slice that the volume has not.
    """
    import tifffile

    from scripts.data.image.read import read_header
    from scripts.errors import InputError
    from scripts.metrics.lpips_weights import find_lpips_weights
    from scripts.volume.read.reader import open_volume

    slices, sizes = {}, {}
    for number, pair in enumerate(json.loads((folder / "submitted.json").read_text(encoding="utf-8"))):
        header = read_header(pair["section"])
        if header.channels != 3 and not header.palette:
            print(f"left out: the label of {pair['id']} is no RGB section", flush=True)
            continue
        slices[pair["id"]] = pair["ct"]
        if pair["slice"] is not None:
            with open_volume(pair["ct"]) as volume:
                if pair["slice"] >= volume.shape[0]:
                    raise InputError(
                        f"The section of {pair['id']} is said to be of slice {pair['slice']}, but the volume has "
                        f"{volume.shape[0]} slices, counted from 0: correct the label's `slice`."
                    )
                slices[pair["id"]] = str(folder / f"ct_{number}.tif")
                size = pixel_um(volume.spacing)
                if size is not None:
                    sizes[pair["id"]] = size
                tifffile.imwrite(slices[pair["id"]], volume.read(pair["slice"], pair["slice"] + 1)[0])
    prepared = {"slices": slices, "pixel_um": sizes, "lpips": find_lpips_weights() is not None}
    (folder / "prepared.json").write_text(json.dumps(prepared), encoding="utf-8")


def pixel_um(spacing: tuple[float, float, float] | None) -> float | None:
    """Edge of the pixels of a volume's slices in micrometres, None where it is not known, or they are not square.

    Args:
        spacing: voxel size (z, y, x) in mm.
    """
    from scripts.data.image.lengths import is_pixel_size

    if spacing is None or abs(spacing[1] - spacing[2]) > 0.01 * spacing[1]:
        return None
    size = float(f"{1000 * spacing[1]:.6g}")
    return size if is_pixel_size(size) else None


if __name__ == "__main__":
    from scripts.errors import find_input_error

    try:
        prepare(Path(sys.argv[1]))
    except Exception as error:
        mistake = find_input_error(error)
        if mistake is None:
            raise
        sys.exit(f"error: {mistake}")
