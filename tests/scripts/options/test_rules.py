"""What each option may be: anything else is one sentence that names the option."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError, find_input_error
from scripts.options.rules import RULES, check_options

GOOD: dict[str, list[Any]] = {
    "seed": [0, 2**32 - 1],
    "patch_size": [24, 96],
    "learning_rate": [0.002, 1],
    "discriminator_learning_rate": [0, 0.0002],
    "decay_start": [0, 60],
    "decay_epochs": [0, 60],
    "num_workers": [0, 4],
    "minutes": [None, 0.5, 1.5, 60],
    "patience": [None, 1, 5],
    "ct_percentiles": [[0.5, 99.5], (0, 100)],
    "train__trainer__pool_size": [0, 50],
    "train__trainer__max_gradient_norm": [100.0, 1, 1.5, 1e30],
    "memory_format": [torch.channels_last, torch.contiguous_format],
    "split": ["training", "validation", "test"],
    "ct_window": [None, [5000, 35000], (-1000.5, 0)],
    "voxel_um": [None, 1.5, 5, [10, 5.0, 5]],
    "force_voxel_um": [True, False, "true"],
    "output_grid": ["network", "input"],
    "slab_size": [None, 1, 32],
    "views": [2, 8],
    "working_um": [None, 0.05, 1.5, 5, 500],
}
SWITCHES = ("amp", "compile", "resume", "overwrite", "uncertainty", "novelty")
BAD = ["text", -1, 1e30, math.nan, math.inf, [], "", [1], [2, 1], {}, "0.5"]


@pytest.mark.parametrize("name", RULES)
def test_good_and_bad_values(name: str) -> None:
    good = GOOD.get(name, [True, False, "true", "False"] if name in SWITCHES else [1, 120])
    for value in good:
        check_options(**{name: value})
    for value in (*BAD, None, True, 1.5, 0):
        if value in good:
            continue
        with pytest.raises(InputError, match=rf"option --{name.replace('__', '#')} is .*, it must be "):
            check_options(**{name: value})


@pytest.mark.parametrize(
    "options",
    [
        {"seed": "text"},
        {"device": "gpu"},
        {"train#trainer#max_epochs": "many"},
        {"decay_start": 200, "train#trainer#max_epochs": 2},  # the decay would have a negative length
        {"amp": "maybe"},
    ],
)
def test_training_checks_before_it_builds(
    options: dict[str, Any], workflow: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(Exception) as refused:
        workflow("train", dataset_dir=tmp_path / "nowhere", output_dir=tmp_path / "out", **options)
    assert find_input_error(refused.value) is not None
    assert not (tmp_path / "out").exists()
