"""An ensemble through what takes weights: evaluation, inference, `VirtualStainer`; and a run that was cut off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from ignite.engine import Events
from monai.bundle import ConfigWorkflow

from scripts.networks import StainGenerator
from scripts.virtual_stainer import VirtualStainer
from scripts.weights.checkpoint import save_atomically
from scripts.weights.ensemble import ensemble_of
from tests.conftest import TINY_CHANNELS

Build = Callable[..., ConfigWorkflow]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("members")
    paths = []
    for seed in range(2):
        torch.manual_seed(seed)
        network = StainGenerator(channels=TINY_CHANNELS, blocks=1)
        network.set_windowing((5000, 35000), (0.5, 99.5))
        paths.append(folder / f"{seed}.pt")
        save_atomically(network.state_dict(), paths[-1])
    return paths


@pytest.fixture(scope="module")
def ensemble(members: list[Path]) -> Path:
    path = members[0].parent / "ensemble.pt"
    save_atomically(ensemble_of(members).state_dict(), path)
    return path


def run(built: ConfigWorkflow) -> None:
    built.run()
    built.finalize()


@pytest.fixture(scope="module")
def stains(members: list[Path], ensemble: Path, phantom: Path) -> list[np.ndarray[Any, Any]]:
    """Of both members and of the ensemble, without averaging of slices, which would round twice."""
    options = {"slice_average": [1], "amp": False}
    return [
        VirtualStainer(path, "cpu", options=options)(phantom / "volumes" / "S03_ct.tif").astype(int)
        for path in (*members, ensemble)
    ]


def test_from_python(stains: list[np.ndarray[Any, Any]]) -> None:
    """Each member's levels are rounded to half a level, so the mean of theirs is at most one off its own rounding."""
    one, other, both = stains
    assert np.abs(one - other).max() > 3
    assert np.abs((one + other) / 2 - both).max() <= 1


def test_a_run_that_was_cut_off_goes_on(
    workflow: Build,
    phantom: Path,
    ensemble: Path,
    members: list[Path],
    stains: list[np.ndarray[Any, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options: dict[str, Any] = {
        "checkpoint": ensemble,
        "input": phantom / "volumes" / "S03_ct.tif",
        "output_dir": tmp_path,
    }
    options |= {"output_format": "tif", "slab_size": 1, "slice_average": [1], "amp": False, "uncertainty": True}
    cut = workflow("inference", **options)
    evaluator = cut.parser.get_parsed_content("evaluator")

    def stop(engine: Any) -> None:
        if engine.state.iteration == 2:
            raise KeyboardInterrupt

    evaluator.add_event_handler(Events.ITERATION_COMPLETED, stop)
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        cut.run()
    assert not (tmp_path / "S03_ct_stain.json").exists()
    assert list((tmp_path / "S03_ct_stain.partial" / "slabs").iterdir())
    run(workflow("inference", **options))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "S03_ct_stain.tif"), stains[-1])
    assert tifffile.imread(tmp_path / "S03_ct_uncertainty.tif").any()
    record = json.loads((tmp_path / "S03_ct_stain.json").read_text())["checkpoint"]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in members]
    assert record["members_sha256"] == digests
    assert f"mean of 2: {digests[0][:12]}, {digests[1][:12]}" in record["weights"]


def test_evaluation(workflow: Build, phantom: Path, ensemble: Path, tmp_path: Path) -> None:
    run(workflow("evaluate", checkpoint=ensemble, dataset_dir=phantom, output_dir=tmp_path))
    assert "mean of 2: " in json.loads((tmp_path / "metrics_of.json").read_text())["weights"]
    assert (tmp_path / "metrics_summary.csv").is_file()
