"""The tutorial of docs/pairs.md, its commands as they stand there, at a small size."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from bundle.pairs.place import search
from bundle.pairs.registration import register
from scripts.volume.read.reader import open_volume
from tests.conftest import ROOT

SIDE, DEPTH = 128, 24
SMALL = {
    ("bundle", "slides"): f"--side {SIDE} --depth {DEPTH} --distortion 4 --undamaged --processes 1",
    ("bundle", "pairs", "register"): "",
    ("bundle", "pairs", "collect"): "--depth 40 --ct_window 5000 35000",
}


def commands() -> list[list[str]]:
    """Words after ``python -m`` of each command of the first block of code."""
    block = re.search(r"```bash\n(.*?)```", (ROOT / "docs" / "pairs.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    return [shlex.split(line.removeprefix("python -m ")) for line in block[1].splitlines()]


def test_from_a_study_folder_to_a_stained_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workflow: Callable[..., ConfigWorkflow]
) -> None:
    stages = ((8, 6, 15, 800, False), (8, 2, 25, 1000, True), (4, 1, 30, 2000, True), (2, 1, 30, 3000, True))
    monkeypatch.setattr(search, "STAGES", stages)
    monkeypatch.setattr(search, "CANDIDATES", 1024)
    monkeypatch.setattr(register, "SURE", 0)  # what fits badly is not searched for again
    made, (registered, collected, training, inference) = commands()[0], commands()[1:]
    monkeypatch.chdir(tmp_path)
    for words in (made, registered, collected):
        known = next(options for start, options in SMALL.items() if tuple(words[: len(start)]) == start)
        assert main([*words[1:], *known.split()]) in (0, 1)  # 1: with so few steps a section may be rejected
    assert (tmp_path / "data/pair/report.html").is_file()
    assert (tmp_path / "data/registered/summary.html").is_file()
    datalist = json.loads((tmp_path / "data/registered/datalist.json").read_text())
    assert all(len(datalist[split]) >= 1 for split in ("training", "validation", "test"))

    for kind, words in (("train", training), ("inference", inference)):
        assert words[0] == "monai.bundle"
        assert words[4] == f"configs/{kind}.yaml"
        options = {name.removeprefix("--"): value for name, value in zip(words[5::2], words[6::2], strict=True)}
        small = {"train#trainer#max_epochs": 2} if kind == "train" else {}
        build = workflow(kind, **options, **small)
        torch.manual_seed(0)
        build.run()
        build.finalize()
    with open_volume(tmp_path / "data/slides/blocks/S03.ome.tif") as scan:
        assert scan.shape == (DEPTH, SIDE, SIDE)
    record = json.loads((tmp_path / "output/stained/S03_stain.json").read_text())
    assert record["input"]["shape_zyx"] == [DEPTH, SIDE, SIDE]
    assert (tmp_path / "output/stained/S03_stain.ome.zarr").is_dir()
