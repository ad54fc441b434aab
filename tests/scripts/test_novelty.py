"""From the features of a training to a map beside the stain, by the workflow and from Python."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from bundle.shared.windowed_pairs import load_pairs
from scripts.fit.familiar import find_familiar
from scripts.networks import StainGenerator
from scripts.virtual_stainer import VirtualStainer
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator
from tests.scripts.test_workflows import Build, mistake, run, smooth_scan, stain_in


def test_novelty_lies_beside_a_stain_that_is_the_same(
    workflow: Build, tiny_checkpoint: Path, phantom: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scan = smooth_scan(tmp_path / "scan.tif", (5, 24, 16))
    options: dict[str, Any] = {"input": scan, "slab_size": 2, "views": 2}
    words = mistake(
        lambda: run(
            workflow("inference", **options, checkpoint=tiny_checkpoint, output_dir=tmp_path / "no", novelty=True)
        )
    )
    assert "novelty is not known" in words
    network = load_generator(StainGenerator(), tiny_checkpoint)
    assert isinstance(network, StainGenerator)
    network.known_features = find_familiar(network, load_pairs(phantom, "training"), load_pairs(phantom, "validation"))
    save_atomically(network.state_dict(), tmp_path / "model.pt")

    options["checkpoint"] = tmp_path / "model.pt"
    run(workflow("inference", **options, output_dir=tmp_path / "plain"))
    with caplog.at_level(logging.INFO, logger="scripts"):
        run(
            workflow(
                "inference", **options, output_dir=tmp_path / "new", novelty=True, output_format=["ome.zarr", "tif"]
            )
        )
    run(workflow("inference", **options, output_dir=tmp_path / "both", novelty="true", uncertainty=True))
    np.testing.assert_array_equal(stain_in(tmp_path / "new"), stain_in(tmp_path / "plain"))
    np.testing.assert_array_equal(stain_in(tmp_path / "both"), stain_in(tmp_path / "plain"))
    novelty = zarr.open(str(tmp_path / "new" / "scan_novelty.ome.zarr"), mode="r")["0"][:]
    assert novelty.shape == (1, 5, 24, 16)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "new" / "scan_novelty.tif"), novelty[0])
    both = zarr.open(str(tmp_path / "both" / "scan_novelty.ome.zarr"), mode="r")["0"][:]
    np.testing.assert_array_equal(both, novelty)
    assert not (tmp_path / "new" / "scan_uncertainty.ome.zarr").exists()

    record = json.loads((tmp_path / "new" / "scan_stain.json").read_text())
    assert record["uncertainty"] is None
    assert record["novelty"]["mean"] == pytest.approx(novelty.mean() / 128, abs=1e-3)
    assert record["novelty"]["share_above_1"] == pytest.approx((novelty > 128).mean(), abs=1e-4)
    assert f"scan: {record['novelty']['verdict']}" in caplog.messages
    assert len(record["novelty"]["sha256_of_slice_sha256"]) == 1

    run(workflow("inference", **options, output_dir=tmp_path / "all", novelty=True, axis="all"))
    of_all = zarr.open(str(tmp_path / "all" / "scan_novelty.ome.zarr"), mode="r")["0"][:]
    share = json.loads((tmp_path / "all" / "scan_stain.json").read_text())["novelty"]["share_above_1"]
    assert share == pytest.approx((of_all > 128).mean(), abs=1e-4)
    stained = VirtualStainer(tmp_path / "model.pt", options={"novelty": True, "slice_average": [1]}).stain(scan)
    assert stained.novelty is not None
    assert stained.novelty.shape == (5, 24, 16)
    assert stained.uncertainty is None
