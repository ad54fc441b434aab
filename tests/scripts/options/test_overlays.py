"""Further config files: misspelt entries and unreadable files are refused, the bundle's own pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.errors import InputError
from scripts.options.arguments import read_arguments
from scripts.options.command_line import refuse_mistakes
from scripts.options.overlays import merge_overlays, read_entries
from tests.conftest import ROOT

CONFIGS = ROOT / "configs"
WORKFLOWS = ("train.yaml", "evaluate.yaml", "inference.yaml")
BENCHMARK = ROOT / "bundle" / "evidence" / "benchmark"
OVERLAYS = [
    *(path for path in sorted(CONFIGS.rglob("*.yaml")) if path.name not in WORKFLOWS),
    *sorted(BENCHMARK.glob("ablations/*.yaml")),
    *sorted(BENCHMARK.glob("generators/*.yaml")),
    *sorted(BENCHMARK.glob("fine_tuning/*.yaml")),
]
OF_NETWORKS = [path for path in OVERLAYS if path.parent.name == "generators"]


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_those_of_the_bundle(overlay: Path) -> None:
    merge_overlays(CONFIGS / "train.yaml", [overlay])
    files = f"['{CONFIGS}/train.yaml','{overlay}']"
    refuse_mistakes(read_arguments(["run", "training", "--config_file", files]))


@pytest.mark.parametrize("workflow", ["evaluate.yaml", "inference.yaml"])
@pytest.mark.parametrize("overlay", OF_NETWORKS, ids=lambda path: path.stem)
def test_those_of_networks_behind_the_other_workflows(overlay: Path, workflow: str) -> None:
    assert merge_overlays(CONFIGS / workflow, [overlay])["network_def"]["channels"]


def refusal(text: str, tmp_path: Path, workflow: str = "inference.yaml", name: str = "F.yaml") -> str:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        merge_overlays(CONFIGS / workflow, [file])
    assert str(file) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ct_windov: [1, 9]", "has an entry ct_windov, which the config has not: did you mean ct_window?"),
        ("foo: 1", "has an entry foo, which the config has not: nothing would use it; remove it."),
        ("+ct_windov: [1, 9]", "an entry ct_windov"),
        ("foo: '@foo'", "an entry foo"),  # a reference to itself is no use
        ("+network_def: {chanels: [4, 4, 8]}", "an entry network_def#chanels.*did you mean network_def#channels?"),
        ("network_def: {_target_: scripts.networks.StainUNet, dropuot: 0.1}", "network_def#dropuot"),
        ("network_def#blokcs: 2", "did you mean network_def#blocks?"),
        ("network_def::blokcs: 2", "did you mean network_def#blocks?"),
        ("writer#details: {devise: 1}", "did you mean writer#details#device?"),
        ("inferer#tile#size: 2", "has an entry inferer#tile, which"),
        ("inference: text", "leaves no steps in inference"),
        ("inference: []", "leaves no steps in inference"),
        ("inference: [text]", "leaves no steps in inference"),
    ],
)
def test_misspelt(text: str, sentence: str, tmp_path: Path) -> None:
    assert re.search(sentence.replace("?", r"\?"), refusal(text, tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "ct_window: [1, 9]",
        "low: 5\nct_window: ['@low', 9]",
        "helper: {low: 5, high: 9}\nct_window: '$[@helper#low, @helper#high]'",
        "helper: {low: 5}\nct_window: ['@helper#low', 9]",
        "helper: {window: [5, 9]}\nct_window: '%helper#window'",
        "+network_def: {channels: [4, 4, 8]}",
        "dataloader#pin_memory: true",  # a further argument of something built
        "finalize: ['$print()']",
        "+inference: ['$print()']",
    ],
)
def test_right(text: str, tmp_path: Path) -> None:
    (tmp_path / "F.yaml").write_text(text)
    merge_overlays(CONFIGS / "inference.yaml", [tmp_path / "F.yaml"])


def test_an_overlay_may_change_what_an_earlier_one_adds(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("low: 5\nct_window: ['@low', 9]")
    (tmp_path / "b.yaml").write_text("low: 6")
    merged = merge_overlays(CONFIGS / "inference.yaml", [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert merged["low"] == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no entries of a config"),
        ("- 1\n- 2", "holds no entries of a config"),
        ("just words", "holds no entries of a config"),
        ("1: 2", "holds no entries of a config"),
        ("a: [1", "is no config file (while parsing a flow sequence"),
        ("? [a]\n: 1", "is no config file ("),
        ("ct_window: !!python/object:os.x 1", "is no config file ("),
        ("+views: [2]", "cannot be merged into"),
    ],
)
def test_no_config_file(text: str, sentence: str, tmp_path: Path) -> None:
    message = refusal(text, tmp_path)
    assert sentence in message
    assert "\\n" not in message


def test_other_kinds_of_files(tmp_path: Path) -> None:
    assert "holds no entries" in refusal("[1]", tmp_path, name="F.json")
    assert "is no config file" in refusal("{", tmp_path, name="F.json")
    assert "is no config file" in refusal("a: 1", tmp_path, name="F.txt")
    with pytest.raises(InputError, match="does not exist"):
        read_entries(tmp_path / "none.yaml")


def test_the_list_of_config_files(tmp_path: Path) -> None:
    overlay = tmp_path / "F.yaml"
    overlay.write_text("ct_windov: [1, 9]")
    for files in (f"['{CONFIGS}/inference.yaml','{overlay}']", f"{CONFIGS}/inference.yaml,{overlay}"):
        with pytest.raises(InputError, match="did you mean ct_window"):
            refuse_mistakes(read_arguments(["run", "inference", "--config_file", files]))
    overlay.write_text("mine: ['$print()']")  # a list of steps of the user's
    refuse_mistakes(read_arguments(["run", "mine", "--config_file", files]))
