"""The tissue metrics, with a classifier that reads the class from the red channel."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine

from scripts.errors import InputError
from scripts.handlers import Tissue
from scripts.metrics.tissue_classes import METAL, NEW_BONE, OLD_BONE, SOFT
from scripts.metrics.tissue_classifier import TissueClassifier


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tissue:
    torch.save(TissueClassifier().state_dict(), tmp_path / "tissue.pt")
    monkeypatch.setattr(TissueClassifier, "classify", lambda self, stain: (stain[0] * 10).round().long())
    return Tissue(tmp_path / "tissue.pt")


def stained(classes: torch.Tensor) -> torch.Tensor:
    """A section (3, H, W) whose red says the class."""
    return torch.stack([classes / 10, torch.zeros(classes.shape), torch.zeros(classes.shape)])


TRUTH = torch.full((8, 8), SOFT)
TRUTH[:4] = NEW_BONE
FOUND = TRUTH.clone()
FOUND[2:4] = OLD_BONE  # half of the new bone is mistaken


def evaluated(handler: Tissue, items: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> Engine:
    engine = Engine(lambda _, batch: [outputs[batch[0]["number"]]])
    handler.attach(engine, "tissue")
    engine.run([[item | {"number": number}] for number, item in enumerate(items)])
    return engine


def test_values_by_hand(handler: Tissue) -> None:
    item = {"labels": TRUTH[None], "mask": torch.ones(1, 8, 8)}
    state: Any = evaluated(handler, [item], [{"pred": stained(FOUND), "label": stained(TRUTH)}]).state
    assert state.metrics["dice_new_bone"] == pytest.approx(2 * 16 / (16 + 32))
    assert state.metrics["dice_new_bone_true"] == 1
    assert math.isnan(state.metrics["dice_old_bone"])  # found, and nowhere true
    assert math.isnan(state.metrics["dice_metal"])  # neither found nor true
    assert state.metrics["colour_soft"] == 0
    assert state.metrics["colour_new_bone"] > 1
    assert state.metrics["bv_tv"] == state.metrics["bv_tv_true"] == 50
    assert (state.metrics["new_bone_fraction"], state.metrics["new_bone_fraction_true"]) == (50, 100)
    assert state.metric_details["dice_new_bone"].shape == (1, 1)


def test_means_are_of_the_images_that_have_the_class(handler: Tissue) -> None:
    metal = torch.full((8, 8), METAL)
    items = [{"labels": labels[None]} for labels in (TRUTH, metal)]
    outputs = [{"pred": stained(found), "label": stained(t)} for found, t in ((FOUND, TRUTH), (metal, metal))]
    state: Any = evaluated(handler, items, outputs).state
    assert state.metrics["dice_metal"] == 1
    assert state.metrics["dice_new_bone"] == pytest.approx(2 * 16 / 48)
    assert state.metric_details["dice_new_bone"].shape == (2, 1)
    again: Any = evaluated(handler, items[:1], outputs[:1]).state
    assert again.metric_details["dice_new_bone"].shape == (1, 1)  # nothing is left of the evaluation before


def test_without_labels_the_true_section_is_the_truth_and_masked_pixels_do_not_count(handler: Tissue) -> None:
    mask = torch.ones(1, 8, 8)
    mask[:, 2:4] = 0
    state: Any = evaluated(handler, [{"mask": mask}], [{"pred": stained(FOUND), "label": stained(TRUTH)}]).state
    assert state.metrics["dice_new_bone"] == 1
    assert math.isnan(state.metrics["dice_new_bone_true"])


def test_without_a_classifier_nothing_is_attached() -> None:
    engine = evaluated(Tissue(None), [{}], [{"pred": stained(FOUND), "label": stained(TRUTH)}])
    assert not engine.state.metrics
    assert not hasattr(engine.state, "metric_details")


def test_labels_that_are_no_classes_are_refused(handler: Tissue) -> None:
    with pytest.raises(InputError, match="class 200"):
        evaluated(
            handler,
            [{"labels": torch.full((1, 8, 8), 200)}],
            [{"pred": stained(FOUND), "label": stained(TRUTH)}],
        )
