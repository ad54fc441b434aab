"""Which cells a command line asks for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bundle.benchmark.cell import Cell
from bundle.benchmark.command import add_arguments, cells_of
from scripts.errors import InputError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def cells(*words: str) -> list[Cell]:
    return cells_of(parsed(*words))


@pytest.fixture
def overlay(tmp_path: Path) -> str:
    path = tmp_path / "wide.yaml"
    path.write_text("batch_size: 4\n")
    return str(path)


def test_all_combinations_seed_by_seed(overlay: str) -> None:
    asked = cells("default", overlay, "--seeds", "0", "1", "--steps", "50", "100")
    assert [(cell.seed, cell.steps, cell.recipe) for cell in asked] == [
        (seed, steps, recipe) for seed in (0, 1) for steps in (50, 100) for recipe in ("default", "wide")
    ]
    assert {cell.recipe: cell.overlay for cell in asked} == {"default": None, "wide": overlay}


def test_test_specimens_are_not_the_default() -> None:
    assert parsed("default").split == "validation"


def test_options_of_the_training(overlay: str) -> None:
    (cell,) = cells("default", "--seeds", "0", "--set", "batch_size=4", "stain_to_ct#factor=1")
    assert cell.options == {"batch_size": "4", "stain_to_ct#factor": "1"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["default", "--steps", "70"], "multiples of 50"),
        (["default", "--steps", "0"], "multiples of 50"),
        (["absent.yaml"], "absent.yaml does not exist"),
        (["default", "--set", "batch_size"], "NAME=VALUE"),
        (["default", "--set", "seed=7"], "sets seed itself"),
        (["default", "--seeds", "0", "1", "0"], "twice"),
        (["default", "default"], "another recipe is named 'default'"),
        (["elsewhere/default.yaml"], "another recipe is named 'default'"),
    ],
)
def test_mistakes(words: list[str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        cells(*words)
