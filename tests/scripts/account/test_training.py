"""The account of a training, on a tiny phantom with tiny networks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigWorkflow

from scripts.account import TrainingAccount
from scripts.account.saying import INTERRUPTED, NEXT, logger
from scripts.handlers import BestModel
from scripts.handlers.metrics import LPIPS, PSNR
from scripts.lookup_table.choice import score_lut
from scripts.lookup_table.quick import quick_table
from scripts.metrics.lpips_weights import find_lpips_weights

Build = Callable[..., ConfigWorkflow]


@pytest.fixture
def said() -> Iterator[list[logging.LogRecord]]:
    """What is logged by the account."""
    records: list[logging.LogRecord] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    keeper, level = Keeper(), logger.level
    logger.addHandler(keeper)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(keeper)
    logger.setLevel(level)


def bare(rows: list[dict[str, float]], first_epoch: int | None, folder: Path) -> TrainingAccount:
    """An account of rows of a history, without data or network."""
    nothing: Any = SimpleNamespace(data=[], rows=rows)
    best = BestModel(folder, torch.nn.Linear(1, 1), "ssim", first_epoch)
    engine = Engine(lambda *_: None)
    return TrainingAccount(folder, folder, nothing, best, engine, 1, nothing, nothing, best.network, nothing)


@pytest.mark.parametrize(("first_epoch", "epoch"), [(None, 1), (2, 3), (9, 4)])
def test_best_epoch_is_of_the_validations_that_compete(first_epoch: int | None, epoch: int, tmp_path: Path) -> None:
    """Where none competes, ``model.pt`` is of the last."""
    scores = {1: 0.9, 3: 0.8, 4: 0.8}
    rows = [{"epoch": float(n)} | ({"validation_ssim": scores[n]} if n in scores else {}) for n in range(1, 5)]
    found = bare(rows, first_epoch, tmp_path)
    assert found.best_epoch == epoch
    assert found.scores == {"ssim": scores[epoch]}


def test_without_a_validation_there_is_no_best(tmp_path: Path, said: list[logging.LogRecord]) -> None:
    found = bare([{"epoch": 1.0, "learning_rate": 1.0}], None, tmp_path)
    assert found.best_epoch is None
    assert found.scores == {}
    engine: Any = Engine(lambda *_: None)
    found.attach(engine)
    engine.run([0])
    assert found.verdict.startswith("No pair was validated")
    assert "lacks a part (begin)" in said[0].getMessage()  # there is nothing to tell of, and the training goes on
    assert said[-1].msg == NEXT


def test_from_beginning_to_end(workflow: Build, phantom: Path, tmp_path: Path, said: list[logging.LogRecord]) -> None:
    """Scores are those of the metrics themselves."""
    options = {"dataset_dir": phantom, "output_dir": tmp_path, "realign#epochs": [], "val_interval": 1}
    run = workflow("train", **options, **{"train#trainer#max_epochs": 2, "iterations_per_epoch": 8})
    run.run()
    account: TrainingAccount = run.parser.get_parsed_content("account")
    assert account.facts["training"] == "1 pair of 1 specimen"
    assert account.facts["window"] == "5000 to 35000, given by the data list"
    assert account.facts["start"] == "random weights"
    assert account.facts["length"] == "2 epochs of 8 steps, a validation every epoch"
    assert re.fullmatch(r"about \d+ s on this machine, validations included", account.facts["time"])

    texts = [record.getMessage() for record in said]
    table = quick_table(account.training, account.validation)
    psnr = np.mean(score_lut(account.validation, table.table, table.sigma, {"psnr": PSNR()})["psnr"])
    assert account.lookup_table["psnr"] == pytest.approx(psnr)
    rows = account.history.rows
    assert texts[2].startswith(f"Epoch 1: PSNR {rows[0]['validation_psnr']:.2f} (lookup table {psnr:.2f}), SSIM ")
    assert account.best_epoch in (1, 2)
    assert account.scores["ssim"] == rows[account.best_epoch - 1]["validation_ssim"]
    assert f"  best epoch  {account.best_epoch}\n" in texts[-2]
    assert account.verdict in texts[-2]
    assert "o better than a lookup table in PSNR" in account.verdict  # after 16 steps
    assert str(tmp_path / "checkpoint.pt") in texts[-2]
    assert said[-1].msg == NEXT
    assert "bundle evaluate" not in texts[-1]


@pytest.mark.skipif(find_lpips_weights(None) is None, reason="AlexNet's weights are not on this machine")
def test_lpips_is_that_of_the_best_weights(workflow: Build, phantom: Path, tmp_path: Path) -> None:
    run = workflow("train", dataset_dir=phantom, output_dir=tmp_path, **{"train#trainer#max_epochs": 1})
    run.run()
    account: TrainingAccount = run.parser.get_parsed_content("account")
    network = run.parser.get_parsed_content("averaged").ema_model.eval()  # of the only validation
    pair = account.validation[0]
    with torch.no_grad():
        pred = network(torch.as_tensor(pair["image"])[None])[0]
    expected = LPIPS().measure(pred, torch.as_tensor(pair["label"]), torch.as_tensor(pair["mask"]))
    # tiles and the whole slice differ by rounding
    assert account.scores["lpips"] == pytest.approx(expected.item(), abs=1e-4)
    assert 0 < account.lookup_table["lpips"] < 1


def test_a_failing_table_ends_no_training(
    workflow: Build, phantom: Path, tmp_path: Path, said: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no pixel")

    monkeypatch.setattr("scripts.account.training.quick_table", broken)
    run = workflow("train", dataset_dir=phantom, output_dir=tmp_path, **{"train#trainer#max_epochs": 1})
    run.run()
    assert (tmp_path / "checkpoint.pt").is_file()
    assert any("lacks a part (fit table): no pixel" in record.getMessage() for record in said)
    assert run.parser.get_parsed_content("account").lookup_table == {} or find_lpips_weights(None)


def test_ctrl_c_says_how_to_go_on(
    workflow: Build, phantom: Path, tmp_path: Path, said: list[logging.LogRecord]
) -> None:
    run = workflow("train", dataset_dir=phantom, output_dir=tmp_path)
    trainer = run.parser.get_parsed_content("train#trainer")
    update = trainer._process_function

    def stopped(engine: Any, batch: Any) -> Any:
        if engine.state.epoch == 2:
            raise KeyboardInterrupt
        return update(engine, batch)

    trainer._process_function = stopped
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert said[-1].msg == INTERRUPTED
    assert "the same command with --resume true goes on after" in said[-1].getMessage()


def test_stopping_early_is_said(workflow: Build, phantom: Path, tmp_path: Path) -> None:
    """In the third epoch: a validation that cannot be better than an impossible one."""
    options = {"dataset_dir": phantom, "output_dir": tmp_path, "patience": 1, "val_interval": 1, "realign#epochs": []}
    run = workflow("train", **options, **{"best_model#first_epoch": 2, "train#trainer#max_epochs": 9})
    trainer, history = (run.parser.get_parsed_content(name) for name in ("train#trainer", "history"))

    @trainer.on(Events.EPOCH_STARTED(once=3))
    def outdo() -> None:
        history.rows[-1]["validation_ssim"] = 2.0

    run.run()
    account: TrainingAccount = run.parser.get_parsed_content("account")
    assert trainer.state.epoch == 3
    assert account.verdict.endswith("Stopped early, since the last validation brought no better SSIM (--patience).")
    assert (tmp_path / "checkpoint.pt").is_file()
