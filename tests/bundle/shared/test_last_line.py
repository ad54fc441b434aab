"""A result of the shipped weights is not taken for another: the last line of each command that uses them."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from bundle.cli import main, parser_of
from bundle.commands import COMMANDS
from bundle.export.exporting import WRITERS
from bundle.shared.last_line import last_line
from bundle.shared.places import SHIPPED
from scripts.files.digest import file_digest
from scripts.networks import StainGenerator
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.weights.caution import caution_of
from scripts.weights.loading import load_generator
from scripts.weights.origin import SHIPPED as DIGESTS
from scripts.weights.origin import converted
from tests.conftest import TINY_CHANNELS

OWN = "These are the bundle's own weights, trained on synthetic data only"
TYPED = f"{OWN}."
FORGOTTEN = f"{OWN}: give --checkpoint for yours."
WORDS = {  # the least that each command needs which takes weights, and those it uses of itself
    "evaluate": "D --out E",
    "stain": "V --out S",
    "window": "V",
    "export": "--out E",
    "fit": "",
    "greyscale": "bone V",
    "limits": "noise",
}


def said(words: str) -> str:
    name, *rest = words.split()
    return last_line(importlib.import_module(COMMANDS[name].module), parser_of(name).parse_args(rest))


def takes_weights(name: str) -> bool:
    parser = argparse.ArgumentParser()
    importlib.import_module(COMMANDS[name].module).add_arguments(parser)
    return "--checkpoint" in parser.format_help() or name == "greyscale"  # bone, a step of it


def test_the_commands_are_all_that_take_weights() -> None:
    assert {name for name in COMMANDS if takes_weights(name)} == set(WORDS)


@pytest.mark.parametrize("name", sorted(set(WORDS) - {"limits"}))
def test_a_forgotten_checkpoint(name: str) -> None:
    assert said(f"{name} {WORDS[name]}") == FORGOTTEN


@pytest.mark.parametrize("name", sorted(WORDS))
def test_shipped_weights_that_were_asked_for(name: str) -> None:
    assert said(f"{name} {WORDS[name]} --checkpoint {SHIPPED}") == TYPED


@pytest.mark.parametrize("name", sorted(WORDS))
def test_other_weights(name: str, tiny_checkpoint: Path) -> None:
    assert said(f"{name} {WORDS[name]} --checkpoint {tiny_checkpoint}") == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("uncertainty", TYPED),
        (f"familiar {SHIPPED} --out F", TYPED),
        (f"ensemble {SHIPPED} other.pt --out F", TYPED),
        ("speed network", TYPED),
        ("speed training", ""),
        ("demo", TYPED),
        ("limits noise", ""),
        ("greyscale metal", ""),
        ("lut --dataset_dir D --out L", ""),
    ],
)
def test_commands_without_that_option(words: str, line: str) -> None:
    assert said(words) == line


@pytest.mark.parametrize("nested", [False, True])
def test_weights_of_synthetic_data_say_so(nested: bool, tmp_path: Path) -> None:
    network = StainGenerator(channels=TINY_CHANNELS, blocks=1)
    network.trained_on = TrainedOn(synthetic=True)
    state = network.state_dict()
    torch.save({"averaged": state, "trainer": {}} if nested else state, tmp_path / "w.pt")
    assert caution_of(tmp_path / "w.pt") == "These weights were trained on synthetic data only."


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two slices."""
    path = tmp_path_factory.mktemp("scan") / "scan.tif"
    values = np.random.default_rng(0).normal(20000, 4000, (2, 64, 64)).clip(0, 65535)
    tifffile.imwrite(path, values.astype(np.uint16))
    return path


def last(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_images_say_which_weights_made_them(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tifffile.imwrite(tmp_path / "slice.tif", tifffile.imread(scan)[0])
    for out in ("stain.png", "stain.tif"):
        assert main(["stain", str(tmp_path / "slice.tif"), "--out", str(tmp_path / out), "--device", "cpu"]) == 0
        assert last(capsys) == FORGOTTEN
    with tifffile.TiffFile(tmp_path / "stain.tif") as tif:
        words = [str(tif.pages[0].description), Image.open(tmp_path / "stain.png").info["Description"]]  # type: ignore[union-attr]
    for each in words:
        assert each.startswith("Virtual stain, computed from the CT")
        assert "the bundle's own weights, trained on synthetic data only" in each


def test_a_volume_and_what_is_made_of_it(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stain", str(scan), "--out", str(tmp_path), "--device", "cpu"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[-1] == FORGOTTEN
    assert (output.out + output.err).count(OWN) == 1  # the workflow's own line is held back
    record = json.loads((tmp_path / "scan_stain.json").read_text())
    assert "the bundle's own weights" in record["checkpoint"]["weights"]
    for words in (["convert", str(tmp_path), "--to", "tif"], ["view", str(tmp_path)]):
        assert main(words) == 0
        assert last(capsys) == "scan was stained with the bundle's own weights, trained on synthetic data only."


def test_monais_own_workflow_ends_with_the_line(
    scan: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow], caplog: pytest.LogCaptureFixture
) -> None:
    staining = workflow("inference", input=scan, output_dir=tmp_path)
    staining.run()
    staining.finalize()
    assert caplog.messages[-1] == FORGOTTEN


def test_an_export_of_them_says_so(
    tiny_checkpoint: Path, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tiny network stands for them, since only the digest of the file that was exported counts."""
    network = load_generator(StainGenerator(channels=TINY_CHANNELS, blocks=1), tiny_checkpoint)
    network.trained_on = replace(network.trained_on, source=DIGESTS[0])
    assert converted(network.trained_on, tiny_checkpoint).source == DIGESTS[0]  # an export of what was converted before
    WRITERS["ts"](network, tmp_path / "m.ts")
    words = ["stain", str(scan), "--out", str(tmp_path / "s.tif"), "--checkpoint", str(tmp_path / "m.ts")]
    assert main([*words, "--device", "cpu"]) == 0
    assert last(capsys) == TYPED


def test_what_is_converted_names_its_source(tiny_checkpoint: Path) -> None:
    assert converted(UNKNOWN, tiny_checkpoint).source == file_digest(tiny_checkpoint)
