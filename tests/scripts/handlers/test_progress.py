"""The progress bar over a whole run."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from scripts.handlers import Progress


def engine_with(progress: Progress, fail_at: int | None = None) -> Engine:
    def step(engine: Any, batch: int) -> dict[str, torch.Tensor]:
        if batch == fail_at:
            raise KeyError("broken")
        return {"loss": torch.tensor(float(batch)), "pred": torch.zeros(3)}

    engine = Engine(step)
    progress.attach(engine)
    return engine


def test_one_bar_over_all_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("training", show=["loss"])
    engine = engine_with(progress)
    seen: list[tuple[int, int]] = []

    def note() -> None:
        assert progress.bar is not None
        seen.append((int(progress.bar.n), int(progress.bar.total)))

    engine.add_event_handler(Events.ITERATION_COMPLETED, note)
    engine.run([1, 2, 3], max_epochs=2)
    assert seen == [(step, 6) for step in range(1, 7)]
    assert progress.bar is None
    shown = capsys.readouterr().err
    assert "training: 100%" in shown
    assert "6/6" in shown
    assert "step" in shown
    assert "loss=" in shown


def test_resumed_run_starts_where_it_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("training")
    engine = engine_with(progress)

    def resume(engine: Any) -> None:  # attached last, as a checkpoint's handler is
        engine.state.epoch, engine.state.iteration = 2, 6

    engine.add_event_handler(Events.STARTED, resume)
    initial: list[int] = []
    engine.add_event_handler(Events.EPOCH_STARTED, lambda: initial.append(progress.bar.initial if progress.bar else -1))
    engine.run([1, 2, 3], max_epochs=3)
    assert initial == [6]
    assert "9/9" in capsys.readouterr().err


def test_term_that_is_switched_off_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    engine_with(Progress("training", show=["pixel_stain", "loss"])).run([1])
    shown = capsys.readouterr().err
    assert "loss=1.000" in shown
    assert "pixel_stain" not in shown


def test_exception_goes_on_and_the_bar_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("staining", unit="slab")
    with pytest.raises(KeyError, match="broken"):
        engine_with(progress, fail_at=2).run([1, 2, 3])
    assert progress.bar is None
    assert "1/3" in capsys.readouterr().err


def test_second_run_has_a_bar_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    engine = engine_with(Progress("staining"))
    engine.run([1, 2])
    engine.run([1, 2, 3])
    assert "3/3" in capsys.readouterr().err
