"""Tests of what a request may set."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from fire.parser import DefaultParseValue

from bundle.monailabel.app.lib.options import INFERENCE, TRAINING, Option, command_words, refuse_expressions
from bundle.monailabel.app.lib.refusal import Refusal
from bundle.shared.places import ROOT


def test_words_of_the_command_line() -> None:
    """Fire, which reads MONAI's command line, makes of each word the value that was sent."""
    request = {
        "ct_window": [-5, 1.5],
        "nan_value": 0,
        "voxel_um": [0.1, 0.2, 0.3],
        "orientation": "LPS",
        "axis": "all",
        "uncertainty": True,
        "tile_size": 64,
        "amp": None,  # as if it had not been sent
    }
    words = command_words(INFERENCE, request | {"model": "a", "client_id": "$x", "device": "cuda:1"})
    names, values = words[::2], words[1::2]
    assert names == [*(f"--{name}" for name in request if name != "amp"), "--device"]
    read = [DefaultParseValue(value) for value in values]
    assert read == [[-5, 1.5], 0, [0.1, 0.2, 0.3], "LPS", "all", "true", 64, "cuda:1"]
    assert command_words(TRAINING, {"max_epochs": 3, "perceptual": 0}) == [
        *("--train#trainer#max_epochs", "3", "--loss_weights#perceptual", "0")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ct_window", "$[0, 1]"),
        ("ct_window", ["$0", 1]),
        ("ct_window", [2, 1]),
        ("ct_window", [1, 2, 3]),
        ("nan_value", math.nan),
        ("nan_value", True),
        ("voxel_um", [1, 2]),
        ("orientation", "LPS\n"),
        ("axis", "$1"),
        ("axis", ["z"]),
        ("slice_average", []),
        ("uncertainty", 1),
        ("views", 0),
        ("tile_size", 1.5),
        ("amp", "true"),
        ("device", "$print()"),
        ("checkpoint", "other.pt"),
        ("output_dir", "elsewhere"),
    ],
)
def test_what_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Refusal, match=name) as refusal:
        command_words(INFERENCE, {name: value})
    assert refusal.value.status == 400


@pytest.mark.parametrize(("options", "config"), [(INFERENCE, "inference"), (TRAINING, "train")])
def test_the_workflows_have_these_options(options: dict[str, Option], config: str) -> None:
    content = yaml.safe_load((ROOT / "configs" / f"{config}.yaml").read_text())
    for name, option in options.items():
        node = content
        for part in (option.name or name).split("#"):
            assert part in node
            node = node[part]


@pytest.mark.parametrize(
    "value", ["$1", "@device", "%a.json", ["$1"], {"a": [{"b": "$1"}]}, {"_target_": "x"}, " $1", "{a: 1}", {"$a": 1}]
)
def test_expressions(value: Any) -> None:
    with pytest.raises(Refusal):
        refuse_expressions({"a": value})


def test_plain_values_are_no_expressions() -> None:
    refuse_expressions({"price": "5 $", "mail": "a@b", "n": [1, None, True, {"share": "5 %"}]})
