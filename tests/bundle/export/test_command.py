"""Tests of exports, and of inference with them."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from bundle.export import exporting
from scripts.errors import InputError, find_input_error
from scripts.networks import StainGenerator
from scripts.networks.exported import load_exported
from scripts.weights.loading import load_stainer
from tests.bundle.export.conftest import OPTIONS, Export


@pytest.mark.parametrize("suffix", ["ts", "onnx"])
def test_an_export_names_the_file_that_it_is_of(suffix: str, export: Export) -> None:
    said = load_exported(export.folder / f"model.{suffix}").trained_on
    assert said.source == hashlib.sha256(export.checkpoint.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["model.ts", "model.onnx"])
def test_an_export_says_of_what_network_it_is(name: str, exported: Path) -> None:
    """Of one that is not the default; a config that contradicts it is refused."""
    loaded: Any = load_stainer(StainGenerator(), exported / name)
    assert loaded.definition == StainGenerator(**OPTIONS).definition
    load_stainer(StainGenerator(**OPTIONS), exported / name)
    with pytest.raises(InputError) as refused:
        load_stainer(StainGenerator(blocks=6), exported / name)
    assert "\n" not in str(refused.value)
    assert f"{name} is of another architecture than network_def: it has blocks 1, not 6" in str(refused.value)


@pytest.mark.parametrize("suffix", ["ts", "onnx"])
def test_the_same_pixels_in_inference(
    suffix: str,
    export: Export,
    phantom: Path,
    tmp_path: Path,
    workflow: Callable[..., ConfigWorkflow],
) -> None:
    """In float32 no voxel is off by more than a grey level, tiles and all; the window is the training's."""
    volumes = []
    for checkpoint in (export.checkpoint, export.folder / f"model.{suffix}"):
        out = tmp_path / checkpoint.suffix
        options = {"checkpoint": checkpoint, "output_dir": out, "output_format": "tif", "amp": False, "tile_size": 64}
        build = workflow("inference", input=phantom / "volumes" / "S03_ct.tif", **options)
        build.run()
        build.finalize()
        volumes.append(tifffile.imread(out / "S03_ct_stain.tif").astype(int))
        assert json.loads((out / "S03_ct_stain.json").read_text())["window"]["lo"] == 5000
    assert np.abs(volumes[0] - volumes[1]).max() <= 1 < np.ptp(volumes[0])


def test_a_difference_is_measured() -> None:
    """Against another network, and against one that gives NaN."""
    torch.manual_seed(0)
    one, other = (StainGenerator(channels=[4, 4], blocks=1).eval() for _ in range(2))
    shape = (1, 1, 16, 16)
    assert exporting._difference(one, one, shape) == 0
    assert exporting._difference(one, other, shape) > exporting.WORST
    assert math.isnan(exporting._difference(one, lambda x: one(x) * math.nan, shape))


@pytest.mark.parametrize("differences", [[0.01, 0, 0], [0, 0, 0.01], [0, math.nan, 0]])
def test_an_export_that_differs_is_not_left_behind(
    differences: list[float],
    export: Export,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = iter(differences)
    monkeypatch.setattr(exporting, "_difference", lambda *_: next(found))
    overlay = ["--overlay", str(export.overlay)]
    words = ["--out", str(tmp_path), "--checkpoint", str(export.checkpoint), "--formats", "ts", *overlay]
    assert main(["export", *words]) == 1
    assert "differs from PyTorch by" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_package_is_missing(
    package: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["export", "--out", str(tmp_path)]) == 1
    assert "pip install '.[onnx]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    if package == "onnxruntime":
        with pytest.raises(InputError, match="ONNX Runtime, which is not installed"):
            load_stainer(StainGenerator(), exported / "model.onnx")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--checkpoint", "model.ts"], "is exported already"),
        (["--overlay", "nothing.yaml"], "nothing.yaml"),
        (["--overlay", "weights.pt"], "is no config file"),
    ],
)
def test_mistakes(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pt").write_bytes(b"x")
    assert main(["export", "--out", "out", "--formats", "ts", *options]) == 1
    assert message in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_onnx_computes_in_float32(
    exported: Path, phantom: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    """Whatever the processor prefers; who asks for bfloat16 is told."""
    options = {"checkpoint": exported / "model.onnx", "output_dir": tmp_path, "input": phantom / "volumes/S03_ct.tif"}
    build = workflow("inference", **options)
    build.run()
    build.finalize()
    assert json.loads((tmp_path / "S03_ct_stain.json").read_text())["bfloat16"] is False
    with pytest.raises(Exception) as caught:
        workflow("inference", amp=True, **options).run()
    assert "is computed in float32" in str(find_input_error(caught.value))


@pytest.mark.parametrize("suffix", ["ts", "onnx"])
def test_damaged_exports(suffix: str, exported: Path, tmp_path: Path) -> None:
    whole = (exported / f"model.{suffix}").read_bytes()
    path = tmp_path / f"model.{suffix}"
    with pytest.raises(InputError, match="There is no exported network"):
        load_stainer(StainGenerator(), path)
    for content in (whole[: len(whole) // 2], b"", b"no network"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"model.{suffix} (cannot be used|is damaged)"):
            load_stainer(StainGenerator(), path)


@pytest.mark.parametrize("suffix", ["ts", "onnx"])
def test_a_flipped_bit_in_an_export(suffix: str, exported: Path, tmp_path: Path) -> None:
    """Anywhere; without it the same file is taken, and `sha256sum` agrees with the note beside the ONNX file."""
    whole = (exported / f"model.{suffix}").read_bytes()
    path, note = tmp_path / f"model.{suffix}", tmp_path / "model.onnx.sha256"
    if suffix == "onnx":
        shutil.copy(exported / note.name, note)
        assert note.read_text() == f"{hashlib.sha256(whole).hexdigest()}  model.onnx\n"
    for place in range(100, len(whole), len(whole) // 9):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(InputError, match=f"model.{suffix} (is damaged|has another digest)"):
            load_stainer(StainGenerator(), path)
    path.write_bytes(whole)
    load_stainer(StainGenerator(), path)


def test_an_onnx_file_that_another_program_wrote_again(exported: Path, tmp_path: Path) -> None:
    """The note of the earlier file is named, and once it is removed the file is taken."""
    import onnx

    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    model = onnx.load(tmp_path / "model.onnx")
    model.producer_name = "another program"
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(InputError, match=r"on purpose, remove model.onnx.sha256"):
        load_stainer(StainGenerator(), tmp_path / "model.onnx")
    (tmp_path / "model.onnx.sha256").unlink()
    load_stainer(StainGenerator(), tmp_path / "model.onnx")


def test_a_script_of_something_else(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Conv2d(1, 3, 3)).save(str(tmp_path / "model.ts"))
    with pytest.raises(InputError, match="not a generator that `python -m bundle export` "):
        load_stainer(StainGenerator(), tmp_path / "model.ts")
