"""What a config changes in the bundle's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow
from monai.bundle.config_parser import ConfigParser

from scripts.provenance.config import TRAIN, config_in_use, differences


@pytest.fixture
def default() -> ConfigParser:
    """The shipped config, as a workflow reads it."""
    parser = ConfigParser()
    parser.read_config(str(TRAIN))
    return parser


def test_the_shipped_config_differs_in_nothing(default: ConfigParser) -> None:
    default.parse()
    assert differences(default.get()) == {}


def test_values_lists_and_new_entries_are_found(default: ConfigParser) -> None:
    default["seed"] = 3
    default["loss_weights#grey"] = 0.0
    default["network_def#channels"] = [16, 32]
    default["train#handlers#0#print_lr"] = True
    default["pixel_loss#extra"] = None
    default.parse()
    assert differences(default.get()) == {
        "seed": {"default": 0, "value": 3},
        "loss_weights#grey": {"default": 10.0, "value": 0.0},
        "network_def#channels": {"default": [16, 32, 64, 128], "value": [16, 32]},
        "train#handlers#0#print_lr": {"default": False, "value": True},
        "pixel_loss#extra": {"value": None},
    }


def test_what_is_no_json_is_named_by_its_type_and_logins_are_hidden(default: ConfigParser) -> None:
    default["inferer_of_mine"] = Path("x")
    default["lpips_weights"] = "https://me:secret@example.org/weights.pt"
    default.parse()
    found = differences(default.get())
    assert found["inferer_of_mine"]["value"].startswith("<pathlib.")
    assert found["lpips_weights"]["value"] == "https://***@example.org/weights.pt"


def test_the_config_of_a_program_is_found(
    workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path: Path
) -> None:
    training: Any = workflow("train", dataset_dir=phantom, output_dir=tmp_path, seed=7)
    found = training.parser.get_parsed_content("run_record").content["differences"]
    assert found["seed"] == {"default": 0, "value": 7}
    assert found["batch_size"] == {"default": 8, "value": 2}
    assert not [name for name in found if name.split("#")[0] in ("run", "training", "train")]


def test_without_a_parser_nothing_is_found() -> None:
    assert config_in_use() is None
