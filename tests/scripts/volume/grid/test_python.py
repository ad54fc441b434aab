"""What Python gives and what the page shows of a volume of another voxel size, against what inference writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from scripts.errors import InputError
from scripts.networks.trained_on import ENTRY, TrainedOn, encoded
from scripts.virtual_stainer import VirtualStainer
from tests.conftest import TINY_CHANNELS

TINY = {"network_def#channels": TINY_CHANNELS, "network_def#blocks": 1}
VOXEL_UM = [8.0, 3.5, 7.5]  # along z, y and x, of a network of 5


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    weights = torch.load(tiny_checkpoint, weights_only=True)
    weights[ENTRY] = encoded(TrainedOn(pixel_um=5.0))
    torch.save(weights, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def stained(
    phantom: Path, checkpoint: Path, out: Path, workflow: Callable[..., ConfigWorkflow], **options: Any
) -> Path:
    source = phantom / "volumes" / "S03_ct.tif"
    asked = {"checkpoint": checkpoint, "voxel_um": VOXEL_UM, "output_format": "ome.zarr,tif", **options}
    build = workflow("inference", input=source, output_dir=out, **asked)
    build.run()
    build.finalize()
    return out


def test_python_gives_the_inputs_grid(
    phantom: Path, checkpoint: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    out = stained(phantom, checkpoint, tmp_path / "out", workflow, output_grid="input", uncertainty=True)
    source = phantom / "volumes" / "S03_ct.tif"
    ct, written = tifffile.imread(source), tifffile.imread(out / "S03_ct_stain.tif")
    doubt = np.asarray(zarr.open(str(out / "S03_ct_uncertainty.ome.zarr"), mode="r")["0"]).reshape(ct.shape) / 4
    options = {**TINY, "uncertainty": True, "voxel_um": VOXEL_UM}
    for given, more in ((source, {}), (ct, {}), (ct, {"slab_size": 2})):
        made = VirtualStainer(checkpoint, "cpu", options={**options, **more}).stain(given)
        np.testing.assert_array_equal(made.rgb, written)
        np.testing.assert_array_equal(made.uncertainty, doubt)
    assert written.shape == (*ct.shape, 3)
    assert np.ptp(written) > 1
    plain = VirtualStainer(checkpoint, "cpu", options=TINY)(ct)
    assert plain.shape == written.shape  # of unknown size, as it is
    assert not np.array_equal(plain, written)
    one = VirtualStainer(checkpoint, "cpu", options={**TINY, "voxel_um": VOXEL_UM})(ct[1])
    assert one.shape == (*ct.shape[1:], 3)


def test_python_refuses_what_inference_refuses(phantom: Path, checkpoint: Path) -> None:
    stainer = VirtualStainer(checkpoint, "cpu", options={**TINY, "voxel_um": 1.0})
    with pytest.raises(InputError, match=r"S03_ct.tif has voxels of 1 um .* 19 x 19 voxels"):
        stainer(phantom / "volumes" / "S03_ct.tif")


@pytest.mark.parametrize("output_grid", ["network", "input"])
def test_the_page_lays_the_ct_under_the_stain(
    output_grid: str,
    phantom: Path,
    checkpoint: Path,
    tmp_path: Path,
    workflow: Callable[..., ConfigWorkflow],
    caplog: pytest.LogCaptureFixture,
) -> None:
    out = stained(phantom, checkpoint, tmp_path / "out", workflow, output_grid=output_grid)
    shape = {"network": [5, 67, 144], "input": [3, 96, 96]}[output_grid]
    assert main(["view", str(out)]) == 0
    page = (out / "S03_ct_stain.html").read_text()
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page)
    assert found is not None
    content = json.loads(found[1])
    assert content["layers"] == ["stain", "ct"]
    assert content["volume"] == shape
    assert content["doubt"] == ""
    np.testing.assert_allclose(content["spacing"], np.array(VOXEL_UM) / 1000 * [3, 96, 96] / np.array(shape), rtol=1e-6)
    record = json.loads((out / "S03_ct_stain.json").read_text())
    digest = record["grids"]["network"]
    digest["sha256_of_slice_sha256"] = "0" * 64
    (out / "S03_ct_stain.json").write_text(json.dumps(record))
    assert main(["view", str(out)]) == 0
    assert ("is not what was stained" in caplog.text) is (output_grid == "network")


def test_other_formats_keep_the_networks_grid(
    phantom: Path, checkpoint: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    out = stained(phantom, checkpoint, tmp_path / "out", workflow, output_format="ome.zarr,nii.gz")
    assert main(["convert", str(out), "--to", "nii.gz,tif", "--out", str(tmp_path / "converted")]) == 0
    name = "S03_ct_stain.nii.gz"
    assert (tmp_path / "converted" / name).read_bytes() == (out / name).read_bytes()
    assert tifffile.imread(tmp_path / "converted" / "S03_ct_stain.tif").shape == (5, 67, 144, 3)
