from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from bundle.cli import main
from bundle.evidence.tissue.fitting import fit, load_sections, scores
from bundle.synthetic.phantom.generate import make_phantom
from scripts.errors import InputError
from scripts.metrics.tissue_classes import SHORT
from scripts.metrics.tissue_classifier import load_tissue_classifier


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("aligned") / "set"
    make_phantom(out, specimens=3, slices=1, size=160, displacement=0, volumes=0, processes=1)
    return out


def test_command_writes_a_classifier_and_prints_the_dice(
    aligned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tissue", str(aligned), "--out", str(tmp_path / "tissue.pt"), "--steps", "1"]) == 0
    printed = capsys.readouterr().out
    assert "soft" in printed
    assert "tissue.pt" in printed
    classifier = load_tissue_classifier(tmp_path / "tissue.pt")
    expected = scores(classifier, load_sections(aligned, "validation"))
    assert f"{expected['soft']:.3f}" in printed
    assert set(expected) <= set(SHORT)


def test_fitting_learns_and_repeats_itself(aligned: Path) -> None:
    sections = load_sections(aligned, "training")
    first, again = (fit(sections, 2, seed=3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    learned = fit(sections, 10, seed=3)
    mean = [sum(scores(c, sections).values()) for c in (first, learned)]
    assert mean[1] > mean[0]


def test_displaced_sections_and_missing_labels_are_refused(aligned: Path, phantom: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--displacement 0"):
        load_sections(phantom, "training")
    content = json.loads((aligned / "datalist.json").read_text())
    (item,) = content["training"]
    item["ct"], item["histology"] = (str(aligned / item[key]) for key in ("ct", "histology"))
    for labels, message in ((None, "no 'labels'"), (str(aligned / item["labels"]), None)):
        item["labels"] = labels
        (tmp_path / "datalist.json").write_text(json.dumps({"training": [item]}))
        if message:
            with pytest.raises(InputError, match=message):
                load_sections(tmp_path, "training")
        else:
            assert len(load_sections(tmp_path, "training")) == 1


def test_no_steps(aligned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tissue", str(aligned), "--steps", "0"]) == 1
    assert "positive" in capsys.readouterr().err
