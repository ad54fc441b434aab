"""What a worker process does: write one pair, render one slice of a volume.

Started afresh, a worker imports this module, and so it must not reach `scripts`, which takes seconds to import.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bundle.synthetic.phantom.defaults import DYE, PLAIN_LOOK
from bundle.synthetic.phantom.displacement import displace, draw_displacement
from bundle.synthetic.phantom.files import PIXEL_MM, write_ct, write_displacement, write_png
from bundle.synthetic.phantom.plan import Plan
from bundle.synthetic.phantom.render import Rendering, render_slice, render_volume_slice
from bundle.synthetic.phantom.tomography import CT_WINDOW
from bundle.synthetic.phantom.varied.render import render_varied_layer, render_varied_slice

DISPLACEMENT = 3
"""Stream of random numbers of the displacement fields, beside those of `render`."""


@dataclass(frozen=True)
class Options:
    """What decides a phantom's content, see `make_phantom`."""

    seed: int
    specimens: int | list[int]
    slices: int
    size: int
    displacement: float
    volumes: int
    depth: int
    varied: list[int] | None = None
    dye: float = DYE
    look: str = PLAIN_LOOK

    def given(self) -> dict[str, Any]:
        """The arguments of `make_phantom`, those of varied specimens and of another look only where there are some."""
        left_out = (() if self.varied else ("varied", "dye")) + (("look",) if self.look == PLAIN_LOOK else ())
        return {k: v for k, v in asdict(self).items() if k not in left_out}

    @property
    def side(self) -> int:
        """Side in pixels of a volume's slices."""
        return self.size * 3 // 4

    @property
    def half_depth(self) -> float:
        """Greatest height at which a slice may be asked for."""
        return max(60.0 * self.size / 512, self.depth / 2)


def pixel_of(plan: Plan) -> float:
    """Edge of a specimen's pixels and voxels in micrometres."""
    return 1000 * PIXEL_MM if plan.variety is None else plan.variety.pixel_um


def write_pair(root: Path, options: Options, task: tuple[Plan, int, float]) -> tuple[str, dict[str, Any]]:
    """Write one pair with its labels and displacement; return its split and its item of the datalist.

    Args:
        root: folder of the data set.
        options: the phantom's.
        task: specimen, number of the slice and its height in pixels.
    """
    plan, index, z = task
    render = render_slice if plan.variety is None else render_varied_slice
    rendering = render(options.seed, plan, options.size, options.half_depth, index, z)
    rng = np.random.default_rng([options.seed, plan.index, DISPLACEMENT, index])
    pixel_um = pixel_of(plan)
    moved = draw_displacement(rng, len(rendering.ct), options.displacement * 1000 * PIXEL_MM / pixel_um)
    displaced = displace(rendering.stain, moved) if options.displacement > 0 else rendering.stain
    stem = f"{plan.name}_{index:02d}"
    item: dict[str, Any] = {
        "ct": f"ct/{stem}.tif",
        "histology": f"histology/{stem}.png",
        "specimen": plan.name,
        "material": plan.material,
        "pixel_um": pixel_um,
        "labels": f"labels/{stem}.png",
        "displacement": f"displacement/{stem}.npz",
    }
    if plan.variety is None:
        item["ct_window"] = list(CT_WINDOW)
    if rendering.mask is not None:
        item["mask"] = f"mask/{stem}.png"
        write_png(root / item["mask"], rendering.mask)
    if plan.split == "test":
        item["histology_displaced"] = f"histology_displaced/{stem}.png"
        write_png(root / item["histology_displaced"], displaced)
    write_ct(root / item["ct"], rendering.ct, pixel_um / 1000)
    write_png(root / item["histology"], rendering.stain if plan.split == "test" else displaced)
    write_png(root / item["labels"], rendering.labels)
    write_displacement(root / item["displacement"], moved)
    return plan.split, item


def render_layer(options: Options, task: tuple[Plan, int, float]) -> Rendering:
    """Render one slice of a volume; ``task`` is specimen, number of the slice and its height in pixels."""
    plan, index, z = task
    render = render_volume_slice if plan.variety is None else render_varied_layer
    return render(options.seed, plan, options.size, options.half_depth, index, z, options.side)
