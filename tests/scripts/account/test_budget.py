"""As many epochs as fit, and a schedule that fits them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigWorkflow

from scripts.account import budget, rehearsal
from scripts.account.budget import ONCE, REALIGNED, VALIDATIONS, epochs_within, most_epochs, refuse_two_lengths
from scripts.account.rehearsal import Costs
from scripts.errors import InputError, find_input_error
from scripts.weights.checkpoint import read_checkpoint

Build = Callable[..., ConfigWorkflow]


@pytest.mark.parametrize("seconds", [1.0, 40.0, 100.0, 333.0, 1000.0])
@pytest.mark.parametrize("costs", [Costs(0.1, 0.2, 3.0, 2.0), Costs(0.01, 0.0, 20.0, 0.0)])
@pytest.mark.parametrize("interval", [1, 5])
def test_the_most_epochs_that_fit(seconds: float, costs: Costs, interval: int) -> None:
    """Against a sum over each epoch."""

    def takes(epochs: int) -> float:
        spent = REALIGNED * costs.realign + VALIDATIONS * costs.validation + ONCE
        for epoch in range(1, epochs + 1):
            spent += 10 * costs.step + costs.epoch
            spent += costs.validation if epoch % interval == 0 or epoch == epochs else 0
        return spent

    found = most_epochs(seconds, costs, 10, interval)
    assert found == 1 or takes(found) <= seconds
    # an epoch more may leave a validation out of turn, so look a whole interval further
    assert all(takes(more) > seconds for more in range(found + interval, found + 2 * interval))


def test_without_minutes_nothing_is_timed(tmp_path: Path) -> None:
    assert epochs_within(None, lambda: pytest.fail("timed"), 50, 5, tmp_path) is None


def test_both_lengths_are_refused() -> None:
    refuse_two_lengths(None, None, 120)
    refuse_two_lengths(5, 40, 40)
    with pytest.raises(InputError, match="--minutes and --train#trainer#max_epochs both say how long"):
        refuse_two_lengths(5, 40, 120)


def test_timing_leaves_nothing_behind_and_all_follows_the_epochs(
    workflow: Build, phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are those of a training that nobody timed."""
    monkeypatch.setattr(budget, "most_epochs", lambda *_: 5)
    monkeypatch.setattr(rehearsal, "EPOCHS", 3)
    options: dict[str, Any] = {"dataset_dir": phantom, "iterations_per_epoch": 1, "val_interval": 5}

    def train(folder: str, **more: Any) -> ConfigWorkflow:
        run = workflow("train", output_dir=tmp_path / folder, **options, **more)
        run.run()
        return run

    run = train("minutes", minutes=1.5)
    with monkeypatch.context() as patch:
        patch.setattr(rehearsal.Rehearsal, "__call__", lambda _: Costs(1.0, 1.0, 1.0, 1.0))
        train("untimed", minutes=1.5)
    expected, got = (torch.load(tmp_path / name / "model.pt", weights_only=True) for name in ("untimed", "minutes"))
    for name in expected:
        if expected[name].is_floating_point():
            torch.testing.assert_close(got[name], expected[name], rtol=0, atol=0, equal_nan=True)  # the same bits
    assert not list((tmp_path / "minutes").glob("timed*"))

    def value(name: str) -> Any:
        return run.parser.get_parsed_content(name)

    assert (value("decay_start"), value("decay_epochs")) == (2, 3)
    assert value("realign").epochs == {1, 2, 3}
    assert value("train#trainer").fix_statistics_from == value("best_model").first_epoch == 5
    assert read_checkpoint(tmp_path / "minutes" / "checkpoint.pt")["trainer"]["max_epochs"] == 5

    monkeypatch.setattr(budget, "most_epochs", lambda *_: 99)
    with pytest.raises(RuntimeError) as caught:  # as MONAI wraps it
        train("minutes", minutes=1.5, resume=True)
    assert "has finished epoch 5 of 5" in str(find_input_error(caught.value))  # the epochs of its start
