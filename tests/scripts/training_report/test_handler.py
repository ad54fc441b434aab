"""The page while a training goes: what is written when, and what happens where it cannot be."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import Dataset, MetaTensor
from monai.inferers import SimpleInferer

from scripts.data import Displacementd
from scripts.errors import InputError
from scripts.handlers import History, RealignPairs
from scripts.training_report import TrainingReport
from scripts.training_report import handler as module
from scripts.training_report.pictures import as_jpeg
from scripts.training_report.validation import Pictures, Validation
from scripts.training_report.watch import short_name
from tests.scripts.training_report.made import Parsed, slices

SSIM = [0.5, 0.3, float("nan"), 0.9]
NAMES = ["a.tif", "b.tif", "c.h5::/entry/data", "d.tif"]


def item(name: str) -> dict[str, Any]:
    image = MetaTensor(torch.full((1, 20, 30), 0.4), meta={"filename_or_obj": f"folder/{name}"})
    return {"image": image, "label": torch.full((3, 20, 30), 0.8), "specimen": f"of {name}"}


def make_validator() -> Engine:
    """Stains that are the darker the earlier the epoch, as MONAI's evaluator hands them on, with scores of each."""

    def step(engine: Any, batch: Any) -> Any:
        return [{"pred": torch.full((3, 20, 30), engine.state.epoch / 20)}]

    validator = Engine(step)

    @validator.on(Events.EPOCH_COMPLETED)
    def score(engine: Any) -> None:
        engine.state.metric_details = {"ssim": torch.tensor(SSIM)[:, None], "psnr": torch.arange(4.0)[:, None]}
        engine.state.metrics = {"ssim": 0.5 + engine.state.epoch / 100}

    return validator


class Account:
    """Of which the last validation is the best."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.facts: dict[str, str] = {}
        self.lookup_table = {"ssim": 0.5}
        self.verdict = ""
        self.best_model = SimpleNamespace(key_metric="ssim", first_epoch=None)

    @property
    def best_epoch(self) -> int | None:
        return max((int(row["epoch"]) for row in self.history.rows if "validation_ssim" in row), default=None)

    @property
    def scores(self) -> dict[str, float]:
        return {} if self.best_epoch is None else {"ssim": 0.6}


class Training:
    """A trainer that learns nothing, and validates after every second epoch."""

    def __init__(self, folder: Path, validator: Engine | None = None) -> None:
        self.trainer = cast("Any", Engine(lambda engine, batch: {"loss": torch.tensor(1.0)}))
        self.trainer.optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        self.validator: Any = validator or make_validator()
        self.trainer.add_event_handler(Events.EPOCH_COMPLETED(every=2), self.validate)
        self.history = History(folder, self.validator)
        self.displacement = Displacementd()
        items = [{"image": "folder/x.tif", "specimen": "X"}, {"image": "folder/y.tif", "specimen": "Y"}]
        realign = RealignPairs(self.displacement, Dataset(items), torch.nn.Identity(), SimpleInferer(), [])
        account: Any = Account(self.history)
        network: Any = torch.nn.Identity()
        network.trained_on = SimpleNamespace(synthetic=True)
        record: Any = SimpleNamespace(content={"seed": 7})
        parts = (self.history, self.validator, realign, account, record, network)
        self.report = TrainingReport(folder, *parts, working_um=5.0)
        for part in (self.history, self.report):
            part.attach(self.trainer)
        self.path = folder / "report.html"

    def validate(self) -> None:
        epoch = self.trainer.state.epoch
        self.validator.state.epoch, self.validator.state.max_epochs = epoch - 1, epoch  # as MONAI's handler does
        self.validator.run([[item(name)] for name in NAMES], max_epochs=epoch)

    def run(self, epochs: int, after: int = 0) -> Parsed:
        """Train up to an epoch; `after`: resumed after that one."""
        if after:  # as `TrainingCheckpoint` does
            self.trainer.add_event_handler(Events.STARTED, lambda: setattr(self.trainer.state, "epoch", after))
            self.trainer.add_event_handler(Events.STARTED, lambda: setattr(self.trainer.state, "iteration", after))
        self.trainer.run([0], max_epochs=epochs, epoch_length=1)
        return self.page()

    def page(self) -> Parsed:
        return Parsed(self.path.read_text(encoding="utf-8"))


def epochs_of(page: Parsed) -> list[int]:
    return json.loads(page.script())["epochs"]


def test_a_training(tmp_path: Path) -> None:
    training = Training(tmp_path / "übung")
    training.displacement.points["folder/y.tif"] = torch.tensor([3.0, 4.0])[:, None, None].expand(2, 2, 2)
    page = training.run(4)
    assert "übung" in page.text
    assert "All 4 epochs are complete" in page.text
    assert "Synthetic data." in page.text
    assert epochs_of(page) == [2, 4]
    assert json.loads(page.script())["best"] == 4
    assert [img["alt"] for img in page.of("img") if img.get("data-slice")] == [
        f"virtual stain of {name}" for name in ("a.tif", "c.h5::/entry/data", "d.tif")
    ]
    assert "y.tif Y 5.0 px, 25 µm" in page.text  # 3, 4, 5
    assert "x.tif" not in page.text


def test_the_worst_come_first_and_what_has_no_score_last(tmp_path: Path) -> None:
    page = Training(tmp_path).run(2)
    names = [img["alt"] for img in page.of("img")][9::3]
    assert names == ["CT of b.tif", "CT of a.tif", "CT of d.tif"]
    assert "b.tif specimen of b.tif · SSIM 0.300, PSNR 1.00 dB" in page.text
    assert "c.h5::/entry/data of c.h5::/entry/data 2.00" in page.text  # NaN is no score


def test_it_is_written_at_the_start_and_at_each_validation(tmp_path: Path) -> None:
    training = Training(tmp_path)
    seen: list[tuple[int, str, list[int]]] = []

    @training.trainer.on(Events.EPOCH_COMPLETED)
    def look(engine: Engine) -> None:
        state = next(text for tag, text in training.page().texts if tag == "span")
        seen.append((engine.state.epoch, state, epochs_of(training.page())))

    training.run(5)
    expected = [(1, []), (2, [2]), (3, [2]), (4, [2, 4]), (5, [2, 4])]
    assert seen == [(epoch, "running", shown) for epoch, shown in expected]
    assert not list(tmp_path.glob("*.partial"))


def test_a_resumed_training_still_has_its_first_pictures(tmp_path: Path) -> None:
    first = Training(tmp_path)
    first.run(4)
    stored = json.loads((tmp_path / "report" / "epoch_0004.json").read_text())
    (tmp_path / "report" / "epoch_0004.json").write_text(json.dumps(stored | {"seconds": 7200.0}))
    resumed = Training(tmp_path)
    resumed.history.load_state_dict(first.history.state_dict())
    page = resumed.run(6, after=4)
    assert epochs_of(page) == [2, 4, 6]
    assert "All 6 epochs are complete, after 2 h" in page.text


def test_pictures_of_a_training_that_is_gone_are_not_shown(tmp_path: Path) -> None:
    Training(tmp_path).run(6)
    assert epochs_of(Training(tmp_path).run(2)) == [2]


def test_checkpoints_do_not_grow(tmp_path: Path) -> None:
    assert not hasattr(Training(tmp_path).report, "state_dict")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "Interrupted after epoch 2 of 4"),
        (InputError("It diverged."), "Ended by an error after epoch 2 of 4, 1 s: It diverged. Written"),
    ],
)
def test_how_it_ended(error: BaseException, words: str, tmp_path: Path) -> None:
    training = Training(tmp_path)

    @training.trainer.on(Events.ITERATION_COMPLETED(once=3))
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        training.run(4)
    page = training.page()
    assert words in page.text
    assert epochs_of(page) == [2]


def test_pictures_of_a_validation_are_kept_where_ctrl_c_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    add = training.report.album.add
    pressed: list[bool] = []

    def once_interrupted(*words: Any) -> None:
        if training.trainer.state.epoch == 4 and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        add(*words)

    monkeypatch.setattr(training.report.album, "add", once_interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.run(6)
    assert epochs_of(training.page()) == [2, 4]


def test_a_training_that_cannot_begin_leaves_the_page_of_another(tmp_path: Path) -> None:
    """As one that cannot be resumed: nothing is known of it yet, and the folder may be another one's."""
    Training(tmp_path).run(2)
    before = (tmp_path / "report.html").read_bytes()
    training = Training(tmp_path)

    @training.trainer.on(Events.STARTED)
    def refuse() -> None:
        raise InputError("There is no such checkpoint.")

    with pytest.raises(InputError):
        training.run(4)
    assert (tmp_path / "report.html").read_bytes() == before


def test_stopped_early(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=3), lambda: training.trainer.terminate())
    assert "Stopped early after epoch 3 of 9" in training.run(9).text


def test_a_full_disk_is_told_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    training = Training(tmp_path)
    monkeypatch.setattr(module, "write_text", full)
    with caplog.at_level(logging.WARNING):
        training.trainer.run([0], max_epochs=6, epoch_length=1)
    assert training.trainer.state.epoch == 6
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "report.html cannot be written" in warnings[0]
    assert "the training goes on without it" in warnings[0]
    assert not training.path.exists()


def test_our_own_mistake_ends_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "build_page", lambda report: 1 / 0)
    training = Training(tmp_path)
    training.trainer.run([0], max_epochs=2, epoch_length=1)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("blocked", ["file", "closed"])
def test_a_folder_that_cannot_be_written_is_named_at_the_start(
    blocked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    if blocked == "file":
        folder.write_text("")
    else:  # root may write to any folder

        def refuse(dir: Path) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(dir))

        monkeypatch.setattr("scripts.files.output_folder.tempfile.TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"report cannot be written \(.*\): give another --output_dir"):
        Training(tmp_path)


def test_other_processes_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.training_report.handler.idist.get_rank", lambda: 1)
    training = Training(tmp_path)
    training.trainer.run([0], max_epochs=2, epoch_length=1)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_sixty_validations_stay_below_five_megabytes(tmp_path: Path) -> None:
    """With stains of noise, which JPEG packs worst: about four times the size of a real one."""
    jpeg = as_jpeg(torch.rand(3, 400, 400, generator=torch.Generator().manual_seed(0)), 400)
    seen = [Pictures(one, jpeg, jpeg, jpeg) for one in slices(("a.tif", "b.tif", "c.tif"))]
    training = Training(tmp_path)
    for epoch in range(1, 61):
        training.report.album.add(Validation(epoch, tuple(p.slice for p in seen), tuple(seen), tuple(seen)), 0.0)
        training.history.rows.append({"epoch": float(epoch), "validation_ssim": epoch / 100})
    training.report.write(training.trainer)
    shown = epochs_of(training.page())
    assert 2.5e6 < training.path.stat().st_size < 5e6
    assert {1, 60} <= {*shown}
    assert 3 < len(shown) < 30
    assert f"{len(shown)} of 60 validations are shown" in training.page().text


@pytest.mark.parametrize(
    ("source", "name"), [("a/b/c.tif", "c.tif"), ("a/b.h5::/entry/data", "b.h5::/entry/data"), ("", "")]
)
def test_short_names(source: str, name: str) -> None:
    assert short_name(source) == name
