"""What each way of making a scan worse costs, for the table in `scripts.fit.cost`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.evidence.fit.changes import changes
from bundle.evidence.fit.specimens import Specimen, specimens
from scripts.data.datalist.split import load_datalist
from scripts.data.image.read import read_histology
from scripts.virtual_stainer import VirtualStainer


def print_costs(datasets: Sequence[Path], split: str, checkpoint: Path) -> None:
    """Stain the first slice of each specimen, plain and made worse, and print by how much the PSNR falls.

    Voxel sizes stay as they were: scans are changed on the network's grid.

    Raises:
        InputError: see `VirtualStainer` and `load_datalist`.
    """
    stainer = VirtualStainer(checkpoint, options={"slice_average": [1]})
    plain = []
    for dataset_dir in datasets:
        sections = {item["specimen"]: item["label"] for item in reversed(load_datalist(dataset_dir, split))}
        for scan in specimens(dataset_dir, split):
            section = np.moveaxis(read_histology(sections[scan.name.removeprefix(f"{dataset_dir.name} ")]), 0, -1)
            plain.append((scan, section, _psnr(stainer, scan, section)))
    print(f"plain: {np.mean([psnr for *_, psnr in plain]):.2f} dB over {len(plain)} slices")
    print("| change | PSNR lost / dB |\n| --- | --- |")
    for worse in changes():
        if "enlarged" in worse.name or worse.kinds & {"noisier", "blurred"}:
            lost = [psnr - _psnr(stainer, worse.make(scan), section) for scan, section, psnr in plain]
            print(f"| {worse.name} | {np.mean(lost):.2f} |")


def _psnr(stainer: VirtualStainer, scan: Specimen, section: NDArray[Any]) -> float:
    stain = stainer.stain(scan.slices[0], scan.window).rgb / 255
    rows, columns = stain.shape[:2]  # a binned scan may lack the last ones
    return float(-10 * np.log10(np.mean((stain - section[:rows, :columns]) ** 2)))
