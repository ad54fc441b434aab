"""Tests of networks in 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from bundle.cli import main
from bundle.export import int8 as quantize
from bundle.export.int8 import calibration_slices, loss
from bundle.shared.windowed_pairs import load_pairs
from scripts.networks.exported import load_exported
from scripts.virtual_stainer import VirtualStainer
from tests.bundle.export.conftest import Export


def test_a_network_in_8_bits(export: Export, phantom: Path) -> None:
    """It stains as the other does but for what 8 bits lose, says how much that is, and knows the window."""
    folder, said = export.folder, export.said
    kinds = [node.op_type for node in onnx.load(folder / "model_int8.onnx").graph.node]
    assert "QuantizeLinear" in kinds
    assert "DequantizeLinear" in kinds

    lost = loss(load_exported(folder / "model.onnx"), load_exported(folder / "model_int8.onnx"), phantom)
    assert f"differs by {lost['mean']:.1f} grey levels" in said
    assert f"PSNR of {lost['PSNR']:.2f} dB" in said
    # weights in 7 bits are off by 1/254 of their range at most, and a tiny network has no more than a dozen layers
    assert 0 < lost["mean"] < 255 / 254 * 12
    ct = np.random.default_rng(0).integers(5000, 35000, (64, 72)).astype(np.uint16)
    before, after = (VirtualStainer(folder / name, "cpu").stain(ct) for name in ("model.onnx", "model_int8.onnx"))
    assert before.window == after.window == (5000, 35000)
    assert 0 < np.abs(before.rgb.astype(int) - after.rgb).mean() < 255 / 254 * 12


def test_the_loss(phantom: Path) -> None:
    """By hand: a stain one grey level too dark everywhere, and one two too bright."""
    pairs = load_pairs(phantom, "validation")
    (true,) = (torch.as_tensor(pairs[index]["label"])[None].clone() for index in range(len(pairs)))
    lost = loss(lambda ct: true - 1 / 255, lambda ct: true + 2 / 255, phantom)
    assert lost["mean"] == pytest.approx(3, abs=1e-4)
    assert lost["99 %"] == pytest.approx(3, abs=1e-4)
    assert lost["PSNR"] == pytest.approx(20 * np.log10(255 / 2), abs=1e-3)
    assert lost["PSNR in float32"] == pytest.approx(20 * np.log10(255), abs=1e-3)


def test_slices_to_calibrate_by(phantom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first of the training to the last, never of another split."""
    split: list[str] = []
    items: list[dict[str, NDArray[np.float64]]] = [{"image": np.full((1, 4, 4), place)} for place in range(29)]

    def pairs(folder: Path, name: str, working_um: float | None) -> list[dict[str, NDArray[np.float64]]]:
        split.append(name)
        return items

    monkeypatch.setattr(quantize, "load_pairs", pairs)
    assert [int(image[0, 0, 0, 0]) for image in calibration_slices(phantom)] == [0, 4, 8, 12, 16, 20, 24, 28]
    del items[3:]
    assert [int(image[0, 0, 0, 0]) for image in calibration_slices(phantom)] == [0, 1, 2]
    assert split == ["training", "training"]


def test_mistakes(export: Export, phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["export", "--out", str(tmp_path / "out"), "--checkpoint", str(export.checkpoint), "--formats", "onnx"]
    assert main([*out, "--int8", str(tmp_path)]) == 1
    assert "datalist.json" in capsys.readouterr().err
    assert main([*out[:-1], "ts", "--int8", str(phantom)]) == 1
    assert "give --formats onnx as well" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())
