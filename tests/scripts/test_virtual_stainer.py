"""The stain from Python, against what inference writes to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.bundle import ConfigWorkflow

from scripts.errors import InputError
from scripts.networks.trained_on import ENTRY, TrainedOn, encoded
from scripts.virtual_stainer import VirtualStainer
from scripts.volume.read import in_memory
from tests.conftest import TINY_CHANNELS

TINY = {"network_def#channels": TINY_CHANNELS, "network_def#blocks": 1}


@pytest.fixture(scope="module")
def ct(phantom: Path) -> np.ndarray:
    return tifffile.imread(phantom / "volumes" / "S03_ct.tif")


@pytest.fixture(scope="module")
def stainer(tiny_checkpoint: Path) -> VirtualStainer:
    return VirtualStainer(tiny_checkpoint, "cpu", options=TINY)


def test_the_voxels_that_inference_writes(
    phantom: Path, ct: np.ndarray, tiny_checkpoint: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    """From a file, from an array, and slab by slab; with the uncertainty, which files keep in quarters of a level."""
    options: dict[str, Any] = {"checkpoint": tiny_checkpoint, "uncertainty": True}
    source = phantom / "volumes" / "S03_ct.tif"
    build = workflow("inference", input=source, output_dir=tmp_path, output_format="ome.zarr,tif", **options)
    build.run()
    build.finalize()
    written = tifffile.imread(tmp_path / "S03_ct_stain.tif")
    doubt = np.asarray(zarr.open(str(tmp_path / "S03_ct_uncertainty.ome.zarr"), mode="r")["0"]).reshape(ct.shape) / 4
    asked = {**TINY, "uncertainty": True}
    for given, more in ((source, {}), (str(source), {}), (ct, {}), (torch.from_numpy(ct), {}), (ct, {"slab_size": 2})):
        stained = VirtualStainer(tiny_checkpoint, "cpu", options={**asked, **more}).stain(given)
        assert stained.rgb.dtype == np.uint8
        np.testing.assert_array_equal(stained.rgb, written)
        np.testing.assert_array_equal(stained.uncertainty, doubt)
        assert stained.window == (5000, 35000)  # the training's
    assert np.ptp(written) > 1
    assert doubt.max() > 0


def test_one_slice(stainer: VirtualStainer, ct: np.ndarray) -> None:
    """An image is stained as a volume of one slice is."""
    image = stainer(ct[1])
    assert image.shape == (*ct.shape[1:], 3)
    np.testing.assert_array_equal(image, stainer(ct[1:2])[0])
    assert stainer.stain(ct[1]).uncertainty is None


def test_other_arrays(stainer: VirtualStainer, ct: np.ndarray) -> None:
    """Byte order, memory layout and type of the same grey values make no difference; nor do lists."""
    image = stainer(ct[1])
    for same in (ct[1].astype(">u2"), np.asfortranarray(ct[1]), ct[1].astype(float), ct[1].tolist()):
        np.testing.assert_array_equal(stainer(same), image)
    np.testing.assert_array_equal(stainer(ct[1][::-1])[::-1].shape, image.shape)


def test_the_window(tiny_checkpoint: Path, stainer: VirtualStainer, ct: np.ndarray) -> None:
    """A window that is given wins over the option, which wins over the training's; and scales as it says."""
    bright = VirtualStainer(tiny_checkpoint, "cpu", options={**TINY, "ct_window": [0, 20000]})
    assert bright.stain(ct).window == (0, 20000)
    assert bright.stain(ct, (5000, 35000)).window == (5000, 35000)
    np.testing.assert_array_equal(bright(ct, (5000, 35000)), stainer(ct))
    scaled = np.clip((ct[1].astype(np.float32) - 5000) / 30000, 0, 1)
    differences = stainer(scaled, (0, 1)).astype(int) - stainer(ct[1])
    assert np.abs(differences).max() <= 1  # float32 rounds the grey values otherwise


def test_nan_becomes_the_dark_end(stainer: VirtualStainer, ct: np.ndarray) -> None:
    holed = ct[1].astype(np.float32)
    holed[10:20, 10:20] = np.nan
    filled = np.where(np.isnan(holed), 5000, holed)
    np.testing.assert_array_equal(stainer(holed), stainer(filled))
    masked: Any = np.ma.masked_array(ct[1], np.isnan(holed))
    np.testing.assert_array_equal(stainer(masked), stainer(filled))
    np.testing.assert_array_equal(stainer(np.ma.masked_array(ct[1])), stainer(ct[1]))


def test_tensors(stainer: VirtualStainer, ct: np.ndarray) -> None:
    values = torch.from_numpy(ct[1].astype(np.float32))
    np.testing.assert_array_equal(stainer(values.requires_grad_()), stainer(ct[1]))
    half = values.detach().bfloat16()
    np.testing.assert_array_equal(stainer(half), stainer(half.float().numpy()))


def test_an_empty_slice(stainer: VirtualStainer) -> None:
    """Of air, in a stack that is stained with a window that is given."""
    assert stainer(np.full((40, 50), 5000, np.uint16), window=(5000, 35000)).shape == (40, 50, 3)


def test_a_checkpoint_whose_path_MONAI_would_misread(tiny_checkpoint: Path, tmp_path: Path, ct: np.ndarray) -> None:
    (tmp_path / "run #2").mkdir()
    copy = tmp_path / "run #2" / "model.pt"
    copy.write_bytes(tiny_checkpoint.read_bytes())
    assert VirtualStainer(copy, "cpu", options=TINY)(ct[1]).shape == (*ct.shape[1:], 3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.ones((4, 5, 3), np.uint8), "looks like channels"),
        (np.ones((4, 5, 1), np.uint8), "looks like channels"),
        (np.ones(7, np.uint8), "has the shape"),
        (np.ones((2, 3, 4, 5), np.uint8), "has the shape"),
        (np.ones((0, 4, 5), np.uint8), "has the shape"),
        (np.ones((4, 5), np.complex64), "pixels of type complex64"),
        (np.full((40, 50), 7, np.uint8), "constant"),
        (np.full((40, 50), np.nan), "nothing but NaN"),
        ("nowhere.tif", "does not exist"),
    ],
)
def test_what_cannot_be_stained(given: Any, words: str, stainer: VirtualStainer) -> None:
    with pytest.raises(InputError, match=words):
        stainer(given)


def test_what_cannot_stain(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for words, arguments in {
        "There is no checkpoint": {"checkpoint": tmp_path / "model.pt", "options": TINY},
        "has blocks 1, not 2": {"checkpoint": tiny_checkpoint, "options": {"network_def#blocks": 2}},
        "did you mean --uncertainty": {"options": {"uncertainti": True}},
        "views is 99": {"options": {"views": 99}},
        "axis has no effect here": {"options": {"axis": "y"}},
        "inferer#as_uint8 has no effect here": {"options": {"inferer#as_uint8": False}},
        "slab_size is -3": {"options": {"slab_size": -3}},
        "nan_value is 'x'": {"options": {"nan_value": "x"}},
        "device 'meta'": {"device": "meta"},
        "device 'abacus'": {"device": "abacus"},
        "no.yaml does not exist": {"overlay": tmp_path / "no.yaml"},
    }.items():
        with pytest.raises(InputError, match=words):
            VirtualStainer(**arguments)  # type: ignore[arg-type]


def test_more_than_memory(stainer: VirtualStainer, ct: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "free_memory", lambda: 3 * ct.size - 1)
    with pytest.raises(InputError, match="run inference"):
        stainer(ct)
    monkeypatch.setattr(in_memory, "free_memory", lambda: 3 * ct.size)
    stainer(ct)


def test_the_shipped_weights_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stain = VirtualStainer(device="cpu")(np.full((64, 64), 9000, np.uint16), window=(5000, 35000))
    assert stain.shape == (64, 64, 3)


def test_which_weights_and_how_the_scan_differs(
    tiny_checkpoint: Path, tmp_path: Path, ct: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.load(tiny_checkpoint, weights_only=True)
    state[ENTRY] = encoded(TrainedOn(pixel_um=5.0, noise=(0.0001, 0.0002), synthetic=True))
    torch.save(state, tmp_path / "model.pt")
    stainer = VirtualStainer(tmp_path / "model.pt", "cpu", options=TINY)
    for _ in range(2):
        stained = stainer.stain(ct)
        assert [finding["kind"] for finding in stained.fit["differs"]] == ["noisier", "voxel size unknown"]
        assert stained.warnings[0].startswith("Noisier than the training's scans")
        assert stained.weights.endswith("; trained on synthetic data only)")
    assert caplog.text.count("Noisier") == 1  # said once, though stained twice
    old = VirtualStainer(tiny_checkpoint, "cpu", options=TINY).stain(ct)
    assert old.fit["differs"] == []
    assert len(old.warnings) == 1
