"""docs/reference.md, and whether what it says of the options is so."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fire.parser import DefaultParseValue
from monai.bundle import ConfigParser

from bundle.cli import main
from bundle.release.reference.entries import ConfigFile, Entry
from bundle.release.reference.page import WORKFLOWS, comments_of, meaning, read_configs, typed, write_reference
from tests.conftest import ROOT

CONFIGS = ROOT / "configs"
FILES = read_configs(CONFIGS)
SHOWN = [(file, entry) for file in FILES for entry in file.entries if entry.is_hyper_parameter]
TYPED = [(file, entry) for file, entry in SHOWN if not entry.is_built]


def name(value: Any) -> str:
    return value.path.stem if isinstance(value, ConfigFile) else value.option


@cache
def config(path: Path) -> dict[str, Any]:
    """A workflow's config, or training's with an overlay behind it, as MONAI reads it."""
    workflow = path.relative_to(CONFIGS).as_posix() in WORKFLOWS
    return ConfigParser.load_config_files([str(path)] if workflow else [str(CONFIGS / "train.yaml"), str(path)])


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "--check"]) == 0, "run python -m bundle reference"
    assert capsys.readouterr() == ("", "")


def test_write_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "reference.md"
    assert main(["reference", "--out", str(page), "--check"]) == 1
    assert main(["reference", "--out", str(page)]) == 0
    assert page.read_bytes() == (ROOT / "docs" / "reference.md").read_bytes()
    assert main(["reference", "--out", str(page), "--check"]) == 0
    page.write_text(page.read_text().replace("`96`", "`64`"))
    capsys.readouterr()
    assert main(["reference", "--out", str(page), "--check"]) == 1
    assert capsys.readouterr().err == (
        f"error: {page} is not what the configs' comments say: run python -m bundle reference.\n"
    )


@pytest.mark.parametrize(("file", "entry"), SHOWN, ids=name)
def test_every_hyper_parameter_is_explained(file: ConfigFile, entry: Entry) -> None:
    assert meaning(entry, comments_of(FILES[0])), f"{file.path}: {entry.option} needs a comment"


@pytest.mark.parametrize(("file", "entry"), TYPED, ids=name)
def test_defaults_work_as_typed(file: ConfigFile, entry: Entry) -> None:
    """As MONAI's command line reads it (with fire), an option's own default changes nothing; another value does."""
    before = config(file.path)
    parser = ConfigParser(copy.deepcopy(before))
    parser.update({entry.option: DefaultParseValue(typed(entry.value))})
    assert parser.get() == before
    parser.update({entry.option: "another"})
    assert parser.get() != before


def test_all_options_are_on_the_page() -> None:
    """The ten weights of the loss, and some rows as they are to be read."""
    page = write_reference(CONFIGS)
    training = page[page.index("## train.yaml") : page.index("## evaluate.yaml")]
    assert training.count("| `--loss_weights#") == 10
    for row in (
        "| `--network_def#blocks` | `6` | residual blocks at the lowest resolution |",
        "| `--ct_percentiles` | `[0.5, 99.5]` | window of a specimen whose datalist entries give no ct_window, "
        "per cent of its grey values |",
        "| `--train#augmentation#transforms#0` | [RandWarpBatchd](../scripts/data/augment.py) | all in one resampling, "
        "cut to the patch |",
        "| `--lpips_weights` | `None` | file with torchvision's AlexNet weights; null: torch's cache "
        "(`python -m bundle lpips-weights` of the source repository) |",
    ):
        assert row in training.splitlines()
    assert "| `--handlers#2#images` | `12` | slices on the page: CT \\| stain \\| section |" in page
    assert "`--train#sampler#num_samples`" not in page  # wiring
