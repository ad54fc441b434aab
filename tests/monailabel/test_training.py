"""Training on the real server: from what is served, and into its place only if it is better."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import time
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import psutil
import pytest
import tifffile
import torch

pytest.importorskip("monailabel", reason="it has an environment of its own: make label-test")

from monailabel.client import MONAILabelClient

from tests.monailabel.serving import run_inference, started

pytestmark = pytest.mark.timeout(600)
WINDOW = [5000, 35000]
QUICK = {"iterations_per_epoch": 1, "batch_size": 1, "patch_size": 32, "perceptual": 0}


@pytest.fixture(scope="module")
def submitted(server: Any, phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> MONAILabelClient:
    """Two pairs, one of a slice and one of a volume, whose section is the stain of the weights as they are shipped."""
    client = MONAILabelClient(server.address)
    few = server.request("POST", f"/train/{server.name}", params={"run_sync": True})
    assert few.status_code == 400
    assert "at least 2 are needed" in few.text
    client.upload_image(str(phantom / "ct" / "S01_00.tif"), "slice", {"ct_window": WINDOW})
    client.save_label("slice", str(phantom / "histology" / "S01_00.png"), params={"split": "training"})
    folder = tmp_path_factory.mktemp("cube")
    scan: Any = nibabel.load(server.studies / "scan.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.asarray(scan.dataobj), np.diag([0.005] * 3 + [1])), folder / "cube.nii.gz")
    client.upload_image(str(folder / "cube.nii.gz"), "cube")
    stain = run_inference(folder / "cube.nii.gz", folder, "--ct_window", str(WINDOW), "--slice_average", "[1]")
    section = np.asarray(stain.dataobj)[:, :, 1].T
    path = folder / "section.tif"
    tifffile.imwrite(path, np.stack([section[name] for name in "RGB"], axis=-1), photometric="rgb")
    told = {"slice": 1, "specimen": "S03", "ct_window": WINDOW}
    client.save_label("cube", str(path), params={**told, "split": "training"})
    unjudged = server.request("POST", f"/train/{server.name}", params={"run_sync": True})
    assert unjudged.status_code == 400
    assert "There is no pair for validation" in unjudged.text
    client.save_label("cube", str(path), params={**told, "split": "validation"})
    return client


def train(client: MONAILabelClient, server: Any, options: dict) -> str:
    """Train to the end; return what the server's log says of it, the last lines of which the status shows as well."""
    log = server.studies.parent / "server.log"
    begun = len(log.read_text())
    client.train_start(server.name, options)
    status = {"status": "SUBMITTED"}
    while status["status"] in ("SUBMITTED", "RUNNING"):
        time.sleep(2)
        status = client.train_status()
    shown = "\n".join(status["details"])
    assert status["status"] == "DONE", shown
    assert "On the held-out pairs the new weights have SSIM" in shown
    return str(log.read_text()[begun:])


def workflow_of(server: Any) -> psutil.Process:
    """The process that trains, once it is there."""
    for _ in range(300):
        for process in psutil.Process(server.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "configs/train.yaml" in process.cmdline():
                    return process
        time.sleep(0.5)
    raise AssertionError("no training has begun")


def test_nothing_is_better_than_weights_whose_stain_is_the_section(server: Any, submitted: MONAILabelClient) -> None:
    before = server.weights.read_bytes()
    said = train(submitted, server, {"max_epochs": 1, **QUICK})
    assert "begins with the weights of" in said
    assert "Trained on 1 pairs, validated with 1" in said
    assert "the served ones SSIM 1.000" in said
    assert "the served ones stay" in said
    assert server.weights.read_bytes() == before


def test_better_weights_take_the_place_of_those_that_they_began_with(server: Any, submitted: MONAILabelClient) -> None:
    """Those that are served stain in the complementary colours, from which every step of a training leads away."""
    shipped = server.weights.read_bytes()
    content = torch.load(io.BytesIO(shipped), weights_only=True)
    for name in ("head.weight", "head.bias"):
        content[name] = -content[name]
    torch.save(content, server.weights)
    negative = server.weights.read_bytes()
    try:
        said = train(submitted, server, {"max_epochs": 1, **QUICK, "iterations_per_epoch": 10})
        new, old = re.search(r"new weights have SSIM ([-.\d]+) .* the served ones SSIM ([-.\d]+)", said).groups()  # type: ignore[union-attr]
        assert float(new) > float(old)
        assert "the new weights are in place" in said
        (trained,) = [
            path
            for path in server.app.glob("training/*/*/model.pt")
            if path.read_bytes() == server.weights.read_bytes()
        ]
        assert trained.is_file()
        assert server.weights.with_name("model_previous.pt").read_bytes() == negative
        assert server.infer(server.name, "scan").status_code == 200
    finally:
        server.weights.write_bytes(shipped)


def test_a_training_that_is_stopped_changes_nothing(server: Any, submitted: MONAILabelClient) -> None:
    """Another one of the same model is refused as long as it runs, and may begin afterwards."""
    before = server.weights.read_bytes()
    submitted.train_start(server.name, {"max_epochs": 1000, **QUICK})
    workflow = workflow_of(server)
    again = server.request("POST", f"/train/{server.name}", params={"run_sync": True, "enqueue": True})
    assert (again.status_code, "is being trained" in again.text) == (409, True)
    submitted.train_stop()
    assert psutil.wait_procs([workflow], timeout=60)[1] == []
    assert submitted.train_status()["status"] == "STOPPED"
    assert server.weights.read_bytes() == before
    assert not list(server.weights.parent.glob("*.partial"))
    assert server.request("GET", "/info/").status_code == 200
    train(submitted, server, {"max_epochs": 1, **QUICK})


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_takes_its_training_along(
    sign: signal.Signals, server: Any, submitted: Any, tmp_path: Path
) -> None:
    """It does not wait for the training's end, and leaves none behind that replaces weights later."""
    before = server.weights.read_bytes()
    with started(server.studies.parent, tmp_path) as other:
        client = MONAILabelClient(other.address)
        client.train_start(other.name, {"max_epochs": 1000, **QUICK})
        workflow_of(other)
        family = psutil.Process(other.process.pid).children(recursive=True)
        other.process.send_signal(sign)
        assert other.process.wait(60) == (0 if sign == signal.SIGTERM else -sign)
        assert psutil.wait_procs(family, timeout=60)[1] == []
    assert server.weights.read_bytes() == before
    assert not list(server.weights.parent.glob("*.partial"))
