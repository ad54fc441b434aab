"""A real MONAI Label server on this machine, with this bundle and a foreign one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from bundle.cli import main
from tests.monailabel.serving import Server, run_inference, started

FOREIGN = "threshold"
LIMIT = 20000.0  # grey value in the foreign bundle's weights
AFFINE = np.array([[0, -0.005, 0, 3], [0.004, 0, 0, -2], [0, 0, 0.006, 1], [0, 0, 0, 1]])  # x and y change places
# what MONAI Label asks of a bundle; its package has the name and a module of ours, with other content
FOREIGN_FILES = {
    "scripts/__init__.py": "",
    "scripts/errors.py": "NAME = 'limit'\n",
    "scripts/networks.py": """
import torch
from scripts.errors import NAME

class Threshold(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter(NAME, torch.nn.Parameter(torch.zeros(())))

    def forward(self, image):
        return (image > self.limit).float()
""",
    "configs/metadata.json": json.dumps(
        {
            "name": "Threshold of grey values",  # a title, as many bundles of the zoo have it
            "version": "0.0.1",
            "network_data_format": {
                "inputs": {"image": {"spatial_shape": [16, 16, 16]}},
                "outputs": {"pred": {"channel_def": {"0": "background", "1": "bright"}}},
            },
        }
    ),
    "configs/inference.json": json.dumps(
        {
            "bundle_root": ".",
            "device": "cpu",
            "network_def": {"_target_": "scripts.networks.Threshold"},
            "preprocessing": {
                "_target_": "Compose",
                "transforms": [{"_target_": "LoadImaged", "keys": "image", "ensure_channel_first": True}],
            },
            "inferer": {"_target_": "SimpleInferer"},
            "postprocessing": {
                "_target_": "Compose",
                "transforms": [{"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.5}],
            },
        }
    ),
}


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip of a bundle that is not ours."""
    import torch

    folder = tmp_path_factory.mktemp("foreign")
    for name, text in FOREIGN_FILES.items():
        (folder / FOREIGN / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / FOREIGN / name).write_text(text)
    (folder / FOREIGN / "models").mkdir()
    torch.save({"limit": torch.tensor(LIMIT)}, folder / FOREIGN / "models" / "model.pt")
    return Path(shutil.make_archive(str(folder / FOREIGN), "zip", folder, FOREIGN))


@pytest.fixture(scope="session")
def served(phantom: Path, foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app of both bundles, and one volume among its studies."""
    folder = tmp_path_factory.mktemp("served")
    app, studies = folder / "app", folder / "studies"
    studies.mkdir()
    scan: Any = nibabel.load(phantom / "volumes" / "S03_ct.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.asarray(scan.dataobj), AFFINE), studies / "scan.nii.gz")
    assert main(["monailabel", str(app)]) == 0
    assert main(["monailabel", str(app), "--bundle", str(foreign)]) == 0
    return folder


@pytest.fixture(scope="session")
def server(served: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started as the documentation says."""
    with started(served, tmp_path_factory.mktemp("uploads")) as server:
        yield server
        server.process.terminate()
        assert server.process.wait(30) == 0
        assert not list(server.temporary.glob("monailabel_*"))


@pytest.fixture(scope="session")
def expected(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_inference(server.studies / "scan.nii.gz", tmp_path_factory.mktemp("expected"))
