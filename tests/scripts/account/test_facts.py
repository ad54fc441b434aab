"""What a training begins with, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from scripts.account.facts import (
    device_in_words,
    length_in_words,
    network_in_words,
    pairs_in_words,
    size_in_words,
    start_in_words,
    window_in_words,
)
from scripts.files.digest import file_digest


def item(specimen: str, window: list[float], source: str) -> dict[str, Any]:
    return {
        "specimen": specimen,
        "ct_window": window,
        "window_source": source,
        "window_given": source == "given",
    }


def test_pairs_and_windows() -> None:
    given = [item("a", [0, 9], "given"), item("a", [0, 9], "given"), item("b", [0, 9], "given")]
    assert pairs_in_words(given) == "3 pairs of 2 specimens"
    assert window_in_words(given) == "0 to 9, given by the data list"
    assert window_in_words([*given, item("c", [1, 9], "given")]) == "given by the data list, for each specimen"
    found = [item("d", [1, 5], "landmarks"), item("d", [1, 5], "landmarks"), item("e", [1, 5], "percentiles")]
    assert window_in_words(found[:1]) == "found by landmarks, for each specimen"
    assert window_in_words([*found, item("f", [1, 5], "landmarks")]) == (
        "found by landmarks for 2 specimens and found by percentiles for 1 specimen"
    )


def test_network_length_and_device() -> None:
    assert network_in_words(torch.nn.Linear(3, 2)) == "Linear, 8 weights"
    assert length_in_words(1, 50, 1) == "1 epoch of 50 steps, a validation every epoch"
    assert length_in_words(120, 50, 5) == "120 epochs of 50 steps, a validation every 5 epochs"
    assert device_in_words(torch.device("cpu"), bfloat16=True).endswith(", bfloat16")
    assert (size_in_words(2.5), size_in_words(None)) == ("pixels of 2.5 um", "pixels of unknown size")


def test_start(tiny_checkpoint: Path) -> None:
    assert start_in_words(0, None) == "random weights"
    assert start_in_words(7, tiny_checkpoint) == "resumed after epoch 7"
    said = start_in_words(0, tiny_checkpoint)
    assert said == f"fine-tuned from {tiny_checkpoint} (SHA-256 {file_digest(tiny_checkpoint)[:12]})"
