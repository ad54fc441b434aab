"""Checkpoints of a training: resuming continues exactly; the best model is kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.handlers import LrScheduleHandler

from scripts.engines import PairedCycleGANTrainer, constant_then_linear
from scripts.errors import InputError
from scripts.handlers import BestModel, EpochSeed, TrainingCheckpoint, WeightAverage
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.networks import LowerResolution, StainGenerator
from scripts.networks.trained_on import TrainedOn
from scripts.weights.checkpoint import read_checkpoint
from scripts.weights.loading import load_generator
from tests.scripts.engines.tiny_trainer import CHANNELS, networks, pairs, parameters, tiny_trainer

NETWORKS = ("ct_to_stain", "stain_to_ct", "stain_discriminator", "ct_discriminator")


def training(
    folder: Path, max_epochs: int, resume: bool = False, seed: int = 0, interval: int = 1
) -> tuple[PairedCycleGANTrainer, WeightAverage]:
    """All that has a state: random order, schedule, moving average, image pools smaller than what is generated."""
    trainer = tiny_trainer(max_epochs=max_epochs, data=pairs(6), shuffle=True)
    schedule: Any = torch.optim.lr_scheduler.LambdaLR(trainer.generator_optimizer, constant_then_linear(1, 4))
    averaged = WeightAverage(trainer.ct_to_stain, momentum=0.1)
    epoch_seed = EpochSeed(seed, [])
    epoch_seed.attach(trainer)
    LrScheduleHandler(schedule, print_lr=False).attach(trainer)
    averaged.attach(trainer)
    others = {"averaged": averaged.ema_model, "schedule": schedule, "epoch_seed": epoch_seed}
    TrainingCheckpoint(folder, trainer, others, interval, resume).attach(trainer)
    return trainer, averaged


@pytest.mark.parametrize("fused", [True, False])
def test_another_order_in_memory_is_the_same_training(fused: bool, tmp_path: Path) -> None:
    def resumed(memory_format: torch.memory_format) -> torch.Tensor:
        trainer = tiny_trainer(max_epochs=2)
        for name in NETWORKS:
            getattr(trainer, name).to(memory_format=memory_format)
        TrainingCheckpoint(tmp_path, trainer, {}, interval=9, resume=True).attach(trainer)
        trainer.run()
        shutil.copy(tmp_path / "first.pt", tmp_path / CHECKPOINT)
        return torch.cat([weight.detach().flatten() for weight in trainer.ct_to_stain.parameters()])

    first = tiny_trainer(max_epochs=1)
    first.generator_optimizer.param_groups[0]["fused"] = fused
    for name in NETWORKS:
        getattr(first, name).to(memory_format=torch.channels_last)
    TrainingCheckpoint(tmp_path, first, {}).attach(first)
    first.run()
    shutil.copy(tmp_path / CHECKPOINT, tmp_path / "first.pt")
    # convolutions add up in another order, which Adam makes much of where a gradient is nearly 0; moments of other
    # weights would be wrong everywhere
    off = (resumed(torch.contiguous_format) - resumed(torch.channels_last)).abs() > 1e-5
    assert off.float().mean() < 0.02


def test_two_and_two_epochs_are_four(tmp_path: Path) -> None:
    whole, whole_average = training(tmp_path / "whole", 4)
    whole.run()
    training(tmp_path / "parts", 2)[0].run()
    torch.rand(7)  # whatever else draws random numbers in between
    resumed, resumed_average = training(tmp_path / "parts", 4, resume=True, seed=99)  # the checkpoint's seed counts
    epochs: list[int] = []
    resumed.add_event_handler(Events.EPOCH_STARTED, lambda: epochs.append(resumed.state.epoch))
    resumed.run()
    assert epochs == [3, 4]
    assert resumed.state.iteration == whole.state.iteration == 12
    for name in NETWORKS:
        assert torch.equal(parameters(getattr(resumed, name)), parameters(getattr(whole, name))), name
    for a, b in zip(
        whole_average.ema_model.state_dict().values(), resumed_average.ema_model.state_dict().values(), strict=True
    ):
        assert torch.equal(a.nan_to_num(), b.nan_to_num())  # ct_window is NaN
    assert torch.equal(torch.stack(whole.stain_pool.images), torch.stack(resumed.stain_pool.images))
    assert whole.generator_optimizer.param_groups[0]["lr"] == resumed.generator_optimizer.param_groups[0]["lr"]


def test_the_log_says_resuming_only_where_a_training_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        training(tmp_path, 1)[0].run()
        assert "run resuming" not in caplog.text
        assert "goes on" not in caplog.text
        training(tmp_path, 2, resume=True)[0].run()
    assert "run resuming" not in caplog.text
    assert f"{tmp_path / CHECKPOINT}: the training goes on after epoch 1." in caplog.text


def test_interval_and_last_epoch(tmp_path: Path) -> None:
    trainer, _ = training(tmp_path, 3, interval=2)
    written: list[tuple[int, int]] = []

    def note() -> None:
        path = tmp_path / CHECKPOINT
        written.append((trainer.state.epoch, read_checkpoint(path)["trainer"]["iteration"] if path.is_file() else 0))

    trainer.add_event_handler(Events.EPOCH_COMPLETED, note)
    trainer.run()
    assert written == [(1, 0), (2, 6), (3, 6)]
    assert read_checkpoint(tmp_path / CHECKPOINT)["trainer"]["iteration"] == 9  # once more at the very end
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.previous.pt", CHECKPOINT]
    assert read_checkpoint(tmp_path / "checkpoint.previous.pt")["trainer"]["iteration"] == 6


def test_the_checkpoint_can_be_used_as_a_model(tmp_path: Path) -> None:
    trainer, averaged = training(tmp_path, 1)
    trainer.run()
    network = load_generator(StainGenerator(CHANNELS, blocks=1), tmp_path / CHECKPOINT)
    assert torch.equal(parameters(network), parameters(averaged.ema_model))
    assert not torch.equal(parameters(network), parameters(trainer.ct_to_stain))


class TestMistakes:
    def test_nothing_to_resume(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no training to resume in .*empty"):
            training(tmp_path / "empty", 1, resume=True)

    def test_two_trainings_at_once(self, tmp_path: Path) -> None:
        first, second = training(tmp_path, 1)[0], training(tmp_path, 1)[0]

        def start_another(engine: Engine) -> None:
            with pytest.raises(InputError, match="Another training is writing to"):
                second.run()

        first.add_event_handler(Events.EPOCH_STARTED, start_another)
        first.run()
        training(tmp_path, 2, resume=True)[0].run()  # the folder is free again

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda trainer: trainer.stain_to_ct.options.fill_(0), "options .* resume with the skip and upsample"),
            (lambda trainer: trainer.ct_to_stain.set_windowing((0, 9), (0.5, 99.5)), "resume with the ct_window"),
            (lambda trainer: trainer.ct_to_stain.set_windowing(None, (1, 99)), "resume with the --ct_percentiles"),
            (
                lambda trainer: setattr(trainer.ct_to_stain, "trained_on", TrainedOn(pixel_um=7.5)),
                "works at pixels of unknown size, not at pixels of 7.5 um: resume with the --working_um",
            ),
        ],
    )
    def test_another_training_of_the_same_shapes(self, tmp_path: Path, change: Any, message: str) -> None:
        training(tmp_path, 1)[0].run()
        trainer, _ = training(tmp_path, 2, resume=True)
        change(trainer)
        with pytest.raises(InputError, match=message):
            trainer.run()

    @pytest.mark.parametrize(
        ("shrinks_by", "skip", "message"),
        [(3, 1, "factor 2, not 3"), (2, 0, "options .* resume with the skip and upsample")],
    )
    def test_another_way_back_of_the_same_shapes(
        self, shrinks_by: int, skip: int, message: str, tmp_path: Path
    ) -> None:
        def nested(shrinks_by: int, skip: int, resume: bool) -> PairedCycleGANTrainer:
            trainer = tiny_trainer(max_epochs=2 if resume else 1)
            way_back: Any = LowerResolution(trainer.stain_to_ct, shrinks_by)
            way_back.network.options[0] = skip
            trainer.stain_to_ct = way_back
            TrainingCheckpoint(tmp_path, trainer, {}, resume=resume).attach(trainer)
            return trainer

        nested(2, 1, resume=False).run()
        with pytest.raises(InputError, match=message):
            nested(shrinks_by, skip, resume=True).run()

    def test_another_length_of_epochs(self, tmp_path: Path) -> None:
        training(tmp_path, 1)[0].run()
        content = torch.load(tmp_path / CHECKPOINT, weights_only=True)
        content["trainer"]["epoch_length"] = 7
        torch.save(content, tmp_path / CHECKPOINT)
        with pytest.raises(InputError, match="has 7 steps per epoch, not 3: resume with the --iterations_per_epoch"):
            training(tmp_path, 2, resume=True)[0].run()

    def test_folder_of_another_training(self, tmp_path: Path) -> None:
        training(tmp_path, 1)[0].run()
        with pytest.raises(InputError, match="already holds a training: continue it with --resume true"):
            training(tmp_path, 1)

    def test_training_that_has_finished(self, tmp_path: Path) -> None:
        training(tmp_path, 1)[0].run()
        with pytest.raises(InputError, match="has finished epoch 1 of 1"):
            training(tmp_path, 1, resume=True)[0].run()

    def test_other_networks(self, tmp_path: Path) -> None:
        training(tmp_path, 1)[0].run()
        content = read_checkpoint(tmp_path / CHECKPOINT)
        content["stain_to_ct"]["head.weight"] = torch.zeros(1, 99, 3, 3)
        torch.save(content, tmp_path / CHECKPOINT)
        with pytest.raises(InputError, match=r"does not fit this training \('stain_to_ct' differs\)"):
            training(tmp_path, 2, resume=True)[0].run()

    def test_a_model_is_no_training(self, tmp_path: Path) -> None:
        torch.save(networks()["ct_to_stain"].state_dict(), tmp_path / CHECKPOINT)
        with pytest.raises(InputError, match="is not a training's checkpoint: it lacks trainer"):
            training(tmp_path, 1, resume=True)[0].run()


def damage(path: Path) -> bytes:
    """Flip one bit, as a failing disk does; returns what the file holds from then on."""
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    return bytes(damaged)


@pytest.mark.parametrize("how", ["damaged", "empty", "missing"])
def test_a_broken_checkpoint_is_resumed_from_its_predecessor(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And ends with the weights of a training that nothing happened to."""
    whole = training(tmp_path / "whole", 3)[0]
    whole.run()
    training(tmp_path, 2)[0].run()
    path, previous = tmp_path / CHECKPOINT, tmp_path / "checkpoint.previous.pt"
    if how == "damaged":
        damage(path)
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    trainer, _ = training(tmp_path, 3, resume=True)
    trainer.run()
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    state = "missing" if how == "missing" else "damaged"
    assert line == f"{path} is {state}: checkpoint.previous.pt is taken, the checkpoint before it."
    assert trainer.state.epoch == 3
    assert torch.equal(parameters(trainer.ct_to_stain), parameters(whole.ct_to_stain))
    assert read_checkpoint(path)["trainer"]["iteration"] == 9
    assert read_checkpoint(previous)["trainer"]["iteration"] == 9  # the last epoch is saved twice


def test_a_damaged_checkpoint_never_takes_the_place_of_its_predecessor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the disk is full when the next is written."""
    training(tmp_path, 2)[0].run()
    previous = tmp_path / "checkpoint.previous.pt"
    before = previous.read_bytes()
    damage(tmp_path / CHECKPOINT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scripts.handlers.checkpoint.save_atomically", full)
    with pytest.raises(OSError, match="No space"):
        training(tmp_path, 3, resume=True)[0].run()
    assert previous.read_bytes() == before


def test_two_damaged_checkpoints_are_one_sentence(tmp_path: Path) -> None:
    training(tmp_path, 2)[0].run()
    path, previous = tmp_path / CHECKPOINT, tmp_path / "checkpoint.previous.pt"
    damage(path)
    damage(previous)
    sentence = r"checkpoint\.pt is damaged, and checkpoint\.previous\.pt beside it is damaged: start anew in"
    with pytest.raises(InputError, match=sentence):
        training(tmp_path, 3, resume=True)[0].run()
    path.unlink()
    with pytest.raises(InputError, match=r"checkpoint\.pt is missing, and checkpoint\.previous\.pt beside"):
        training(tmp_path, 3, resume=True)[0].run()


def test_a_predecessor_alone_is_a_training(tmp_path: Path) -> None:
    training(tmp_path, 1)[0].run()
    (tmp_path / CHECKPOINT).unlink()
    with pytest.raises(InputError, match="already holds a training"):
        training(tmp_path, 1)


def test_a_checkpoint_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    training(tmp_path, 1)[0].run()
    content = read_checkpoint(tmp_path / CHECKPOINT)
    content["generator_optimizer"]["state"][0]["exp_avg"].flatten()[0] = float("nan")
    torch.save(content, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=r"diverged \(generator_optimizer\.state\.0\.exp_avg is not finite\)"):
        training(tmp_path, 2, resume=True)[0].run()


def validated(values: list[float], folder: Path, first_epoch: int | None = None) -> tuple[BestModel, list[float]]:
    """Validate once per value, a network whose weights are that value; returns what was written after each."""
    network = torch.nn.Linear(1, 1)
    best = BestModel(folder, network, "ssim", first_epoch)
    validator = Engine(lambda engine, batch: None)
    best.attach(validator)
    written: list[float] = []
    for value in values:
        torch.nn.init.constant_(network.weight, value)

        @validator.on(Events.EPOCH_COMPLETED)
        def score(engine: Any, value: float = value) -> None:
            engine.state.metrics["ssim"] = value

        validator.state.epoch, validator.state.max_epochs = len(written), len(written) + 1  # as MONAI's evaluator
        validator.run([0], max_epochs=len(written) + 1)
        written.append(read_checkpoint(folder / "model.pt")["weight"].item())
    return best, written


def test_best_model_is_the_best_so_far(tmp_path: Path) -> None:
    best, written = validated([0.5, 0.25, 0.75, 0.625], tmp_path)
    assert written == [0.5, 0.5, 0.75, 0.75]
    assert best.state_dict() == {"best": 0.75}


def test_early_models_are_written_but_do_not_compete(tmp_path: Path) -> None:
    best, written = validated([0.875, 0.75, 0.25, 0.5, 0.375], tmp_path, first_epoch=3)
    assert written == [0.875, 0.75, 0.25, 0.5, 0.5]
    assert best.state_dict() == {"best": 0.5}


def test_best_model_remembers_after_resuming(tmp_path: Path) -> None:
    network = torch.nn.Linear(1, 1)
    best = BestModel(tmp_path, network, "ssim")
    best.load_state_dict({"best": 0.75})
    validator = Engine(lambda engine, batch: None)
    best.attach(validator)
    validator.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: engine.state.metrics.update(ssim=0.7))
    validator.run([0])
    assert not (tmp_path / "model.pt").exists()
