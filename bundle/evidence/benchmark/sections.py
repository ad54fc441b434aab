"""What recipes make of the same slices, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.defaults import LOOKUP_TABLE
from bundle.evidence.shared.lookup_table.recipe import colour
from bundle.evidence.shared.section_rows import draw_sections
from bundle.shared.trained_network import read_network
from bundle.shared.windowed_pairs import load_pairs
from scripts.data.resample import resize_section
from scripts.inferers import TileInferer


def draw_stains(path: Path, cells: Sequence[Cell], with_table: bool, evaluation: Evaluation, out: Path) -> None:
    """Draw the first slice of each specimen: CT, the stain of each cell, the true section; and magnified.

    Args:
        path: PNG to write.
        cells: trained ones, one for each recipe.
        with_table: the lookup table as well, before them.
        evaluation: whose slices.
        out: folder of all results.
    """
    dataset_dir = Path(evaluation.dataset_dir or cells[0].dataset_dir)
    networks = {cell.recipe: network_of(cell, out) for cell in cells}
    sizes = {name: network.trained_on.pixel_um for name, network in networks.items()}  # a recipe may have its own
    pairs_at = {size: load_pairs(dataset_dir, evaluation.split, working_um=size) for size in set(sizes.values())}
    pairs = pairs_at[sizes[cells[0].recipe]]
    specimens = [item["specimen"] for item in pairs.data]
    chosen = [specimens.index(specimen) for specimen in dict.fromkeys(specimens)]
    rows = []
    for index in chosen:
        item = pairs[index]
        ct = np.asarray(item["image"])
        row = {"micro-CT": ct[0]}
        if with_table:
            row["lookup table"] = np.moveaxis(colour(ct, out / LOOKUP_TABLE), 0, -1)
        for name, network in networks.items():
            own = torch.from_numpy(np.asarray(pairs_at[sizes[name]][index]["image"]))
            with torch.no_grad():
                stain = TileInferer()(own[None], network)[0]
            row[name] = resize_section(np.moveaxis(stain.numpy(), 0, -1), (ct.shape[1], ct.shape[2]))
        row["true section"] = np.moveaxis(np.asarray(item["label"]), 0, -1)
        rows.append(row)
    draw_sections(path, rows, [specimens[index] for index in chosen])


def network_of(cell: Cell, out: Path) -> Any:
    """The generator that a cell trained."""
    folder = cell.folder(out)
    return read_network(folder / "training" / "model.pt")
