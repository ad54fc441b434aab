"""The record of a training, and the digest of its run in its weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser, ConfigWorkflow

from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.handlers import BestModel, History, RunRecord
from scripts.networks import KeepsWindowing, StainGenerator
from scripts.networks.trained_on import TrainedOn
from scripts.weights.loading import load_generator
from tests.conftest import ROOT

CONFIG = {"seed": 0}


class Training:
    """A training of a generator that learns nothing: one pair, two epochs, a validation after each."""

    def __init__(self, folder: Path, seed: int = 0, epochs: int = 2, **options: Any) -> None:
        self.folder = folder
        self.network = KeepsWindowing()
        self.network.trained_on = TrainedOn(pairs=1, specimens=1, synthetic=True)
        validator = Engine(lambda _engine, _batch: None)
        history = History(folder / "out", validator)
        best = BestModel(folder / "out", self.network, "ssim")
        items = [{"image": str(folder / "a.tif"), "label": str(folder / "a.png"), "specimen": "a", "ct_window": [0, 9]}]
        self.record = RunRecord(folder / "out", folder, items, [], self.network, history, best, seed, "cpu", **options)
        self.engine = Engine(lambda _engine, _batch: {})
        self.engine.optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])  # type: ignore[attr-defined]
        self.engine.add_event_handler(Events.EPOCH_COMPLETED, self._validate)
        self.epochs, self.history, self.validator = epochs, history, validator

    def _validate(self, engine: Engine) -> None:
        self.validator.state.metrics.update(ssim=engine.state.epoch / 4)

    def run(self, after: int = 0, run: str | None = None, trained: str | None = None) -> dict[str, Any]:
        """Train, from the epoch and with the digest that a checkpoint has; return the newest run of the file."""
        self.history.attach(self.engine)
        self.record.attach(self.engine)
        if after:
            self.engine.state.epoch = after
            self.network.trained_on = TrainedOn(pairs=5, run=run, trained=trained)
        (self.folder / "out").mkdir(exist_ok=True)
        self.engine.state.max_epochs, self.engine.state.epoch_length = self.epochs, 1
        self.engine.state.iteration = after
        self.engine.run([0], max_epochs=self.epochs, epoch_length=1)
        return self.file["runs"][-1]  # type: ignore[no-any-return]

    @property
    def file(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "out" / "run.json").read_text())
        return content


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one pair and its list."""
    (tmp_path / "a.tif").write_bytes(b"ct")
    (tmp_path / "a.png").write_bytes(b"section")
    (tmp_path / "datalist.json").write_text("{}")
    return tmp_path


def test_it_says_what_was_trained_on_what(data: Path) -> None:
    training = Training(data)
    run = training.run()
    assert run["state"] == "finished"
    assert run["started"] <= run["ended"]
    assert run["datalist"] == {"path": f"{data}/datalist.json", "sha256": file_digest(data / "datalist.json")}
    assert run["pairs"] == [
        {
            "split": "training",
            "specimen": "a",
            "ct_window": [0.0, 9.0],
            "pixel_um": None,
            "ct": "a.tif",
            "ct_sha256": file_digest(data / "a.tif"),
            "histology": "a.png",
            "histology_sha256": file_digest(data / "a.png"),
        }
    ]
    assert (run["epochs"], run["best"]) == (2, {"epoch": 2, "ssim": 0.5})
    assert run["versions"]["python"].startswith("3.")
    assert training.record.content == run
    said = training.network.trained_on
    assert said.run == run["run"]
    assert said.trained == f"{run['started'][:10]}, 1 pair of 1 specimen, seed 0, bundle {run['code']['bundle']}"
    assert (said.pairs, said.synthetic) == (1, True)


def test_neither_environment_nor_names_are_written(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "verysecret")
    monkeypatch.setattr("socket.gethostname", lambda: "hostofmine")
    monkeypatch.setattr("platform.node", lambda: "hostofmine")
    text = json.dumps(Training(data).run())
    assert "verysecret" not in text
    assert "hostofmine" not in text


def test_the_same_again_has_the_same_digest_and_another_has_not(data: Path, tmp_path_factory: Any) -> None:
    first = Training(data).run()["run"]
    moved = tmp_path_factory.mktemp("moved") / "data"
    shutil.copytree(data, moved)
    assert Training(moved).run()["run"] == first
    digests = {first, Training(data, seed=1).run()["run"]}
    (data / "weights.pt").write_bytes(b"weights")
    digests.add(Training(data, initial_weights=data / "weights.pt").run()["run"])
    (data / "a.png").write_bytes(b"another")
    digests.add(Training(data).run()["run"])
    assert len(digests) == 4


def test_a_resumed_training_adds_a_run_and_keeps_its_digest(data: Path) -> None:
    first = Training(data, epochs=1)
    run = first.run()
    again = Training(data, epochs=2).run(1, run["run"], "2026-01-01, as it was said")
    assert (again["run"], again["continues"], again["after_epoch"]) == (run["run"], None, 1)
    assert again["trained"] == "2026-01-01, as it was said"
    assert [each["state"] for each in first.file["runs"]] == ["finished", "finished"]


def test_a_resumed_training_that_changes_something_names_what_it_continues(data: Path) -> None:
    before = Training(data, epochs=1).run()["run"]
    (data / "a.png").write_bytes(b"another")
    changed = Training(data).run(1, before)
    assert changed["continues"] == before != changed["run"]
    assert Training(data, epochs=3).run(2, changed["run"])["run"] == changed["run"]  # nothing has changed since


def test_a_checkpoint_without_run(data: Path) -> None:
    run = Training(data).run(1)
    assert run["continues"] == "weights of an earlier version"
    assert run["run"] != Training(data).run()["run"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "runs": []}', '{"format": 1, "runs": [3]}', "\xff"])
def test_a_file_that_cannot_be_read_is_kept(text: str, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / "out").mkdir()
    (data / "out" / "run.json").write_bytes(text.encode("latin-1"))
    training = Training(data)
    training.run(1, "0" * 64)
    assert len(training.file["runs"]) == 1
    assert (data / "out" / "run.json.unreadable").read_bytes() == text.encode("latin-1")
    assert "it is kept as run.json.unreadable, and a new one begins" in caplog.text


def test_a_run_that_was_killed_counts_as_interrupted(data: Path) -> None:
    (data / "out").mkdir()
    (data / "out" / "run.json").write_text(json.dumps({"format": 1, "runs": [{"state": "running"}]}))
    training = Training(data)
    training.run(1)
    assert [run["state"] for run in training.file["runs"]] == ["interrupted", "finished"]


@pytest.mark.parametrize(
    ("error", "state"), [(KeyboardInterrupt(), "interrupted"), (FloatingPointError("diverged"), "failed")]
)
def test_how_it_ended(error: BaseException, state: str, data: Path) -> None:
    def fail() -> None:
        raise error

    training = Training(data)
    training.engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), fail)
    with pytest.raises(type(error)):
        training.run()
    run = training.file["runs"][-1]
    assert (run["state"], run["epochs"]) == (state, 1)
    assert run["error"].startswith(type(error).__name__)


def test_a_full_disk_is_one_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scripts.provenance.run_file.write_text", full)
    with pytest.raises(InputError, match=r"run\.json cannot be written \(No space left"):
        Training(data).run()


@pytest.fixture(scope="module")
def trained(
    workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Output folder of a real training of two steps, whose data list may not be written to."""
    out = tmp_path_factory.mktemp("trained")
    phantom.chmod(0o555)
    training = workflow("train", dataset_dir=phantom, output_dir=out, **{"train#trainer#max_epochs": 1, "seed": 5})
    training.run()
    yield out
    phantom.chmod(0o755)


def test_a_real_training(trained: Path, phantom: Path) -> None:
    [run] = json.loads((trained / "run.json").read_text())["runs"]
    assert run["state"] == "finished"
    assert run["differences"]["seed"] == {"default": 0, "value": 5}
    shipped = ConfigParser.load_config_file(ROOT / "configs" / "train.yaml")["train"]["trainer"]["max_epochs"]
    assert run["differences"]["train#trainer#max_epochs"] == {"default": shipped, "value": 1}
    assert {pair["split"] for pair in run["pairs"]} == {"training", "validation"}
    assert all((phantom / pair["ct"]).is_file() for pair in run["pairs"])
    for name in ("model.pt", "checkpoint.pt"):
        said = load_generator(StainGenerator(), trained / name).trained_on
        assert said.run == run["run"]
        assert said.trained == run["trained"]
        assert said.synthetic
