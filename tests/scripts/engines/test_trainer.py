"""The training step: which network works for which term, who learns when, and what happens to broken gradients."""

from __future__ import annotations

import copy
import dataclasses
import functools
import logging
from collections import Counter
from typing import Any

import pytest
import torch
from ignite.engine import Events
from monai.networks.nets import PatchDiscriminator
from torch import nn

from scripts.engines import PairedCycleGANTrainer
from scripts.errors import InputError
from scripts.losses import GreyscaleConsistencyLoss
from scripts.weights.finite import first_not_finite
from tests.scripts.engines.tiny_trainer import EVERY_TERM, TERMS, networks, pairs, parameters, tiny_trainer

NETWORKS = ("ct_to_stain", "stain_to_ct", "stain_discriminator", "ct_discriminator")
BATCH_CT = torch.stack([item["image"] for item in pairs()])
BATCH_STAIN = torch.stack([item["label"] for item in pairs()])


def forward_calls(trainer: PairedCycleGANTrainer) -> Counter[str]:
    """Run the trainer and count its networks' forward passes."""
    calls: Counter[str] = Counter()

    def count(name: str) -> Any:
        return lambda *_: calls.update([name])

    for name in NETWORKS:
        getattr(trainer, name).register_forward_hook(count(name))
    trainer.run()
    return calls


def output_of(trainer: PairedCycleGANTrainer) -> dict[str, torch.Tensor]:
    output: Any = trainer.state.output
    return output


def masked_pair(valid: float) -> dict[str, torch.Tensor]:
    item = pairs(1)[0]
    return {**item, "mask": torch.full_like(item["mask"], valid)}


def running_statistics(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: buffer.clone() for name, buffer in network.named_buffers() if "running" in name}


@pytest.mark.parametrize("term", TERMS)
def test_term_of_weight_zero_is_not_computed(term: str) -> None:
    trainer = tiny_trainer(EVERY_TERM | {term: 0.0})
    trainer.run()
    assert set(output_of(trainer)) == {*TERMS, "discriminator", "image", "label", "pred", "loss"} - {term}


@pytest.mark.parametrize(
    ("terms", "reading", "expected"),
    [
        # discriminators: once for the generators, once for real and generated images of their own step
        (TERMS, "section", (2, 2, 3, 2)),
        (["pixel_stain"], "section", (1, 0, 0, 0)),
        (["pixel_ct"], "section", (1, 1, 0, 0)),
        (["adversarial_stain"], "section", (1, 0, 2, 0)),
        (["adversarial_ct"], "section", (1, 1, 0, 2)),
        (["cycle_ct"], "section", (1, 1, 0, 0)),
        (["cycle_stain"], "section", (2, 1, 0, 0)),
        (["grey"], "section", (1, 0, 0, 0)),
        (["grey"], "structure", (1, 0, 0, 0)),
        (["grey"], "backward", (1, 1, 0, 0)),
        (["contrast"], "section", (1, 0, 2, 0)),  # of the virtual and of the true section, and it does not learn
        (["perceptual"], "section", (1, 0, 0, 0)),
        (["smooth"], "section", (1, 0, 0, 0)),
    ],
)
def test_networks_work_only_for_terms_that_count(
    terms: list[str], reading: str, expected: tuple[int, int, int, int]
) -> None:
    trainer = tiny_trainer(dict.fromkeys(terms, 1.0), grey_loss=GreyscaleConsistencyLoss(reading))
    calls = forward_calls(trainer)
    assert tuple(calls[name] for name in NETWORKS) == expected
    unused = [name for name, count in zip(NETWORKS, expected, strict=True) if count == 0]
    for name in unused:
        assert torch.equal(parameters(getattr(trainer, name)), parameters(networks()[name]))


@pytest.mark.parametrize(
    ("term", "missing"),
    [
        ("contrast", "contrast_loss"),
        ("perceptual", "perceptual_loss"),
        ("smooth", "registration"),
        ("smooth", "smoothness_loss"),
    ],
)
def test_a_term_that_lacks_its_means_is_refused(term: str, missing: str) -> None:
    with pytest.raises(ValueError, match=f"{term} has a weight"):
        tiny_trainer({term: 1.0}, **dict.fromkeys([missing]))  # type: ignore[arg-type]


@pytest.mark.parametrize("term", ["contrast", "perceptual", "smooth"])
def test_new_terms_in_bfloat16_are_close_to_float32(term: str) -> None:
    values = []
    for amp in (False, True):
        trainer = tiny_trainer({term: 1.0, "pixel_stain": 1.0}, amp=amp)
        trainer.run()
        values.append(output_of(trainer)[term])
        assert values[-1].dtype == torch.float32
    torch.testing.assert_close(*values, rtol=0.05, atol=0.01)  # the networks before the term round to 8 bits


def test_a_cycle_alone_gives_the_way_back_its_statistics() -> None:
    """Without a real section through it, fixed statistics would else be those of initialisation."""
    trainer = tiny_trainer({"cycle_ct": 1.0})
    trainer.run()
    assert running_statistics(trainer.stain_to_ct)["stem.1.running_mean"].abs().max() > 0
    both = tiny_trainer({"cycle_ct": 1.0, "pixel_ct": 1.0})
    both.run()
    expected = networks()["stain_to_ct"].train()
    expected(BATCH_STAIN)  # one real batch and nothing else
    for name, statistics in running_statistics(expected).items():
        assert torch.equal(running_statistics(both.stain_to_ct)[name], statistics), name


def test_discriminators_do_not_see_what_the_mask_leaves_out() -> None:
    trainer = tiny_trainer({"adversarial_stain": 1.0}, data=[masked_pair(0.0), masked_pair(1.0)])
    seen: list[torch.Tensor] = []
    trainer.stain_discriminator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    trainer.run()
    of_generator, of_discriminator = seen  # the latter real and virtual
    assert len(of_generator) == 2
    assert len(of_discriminator) == 4
    for images in (of_generator, *of_discriminator.chunk(2)):
        assert images[0].abs().max() == 0
        assert images[1].abs().max() > 0


def test_a_conditional_discriminator_judges_the_stain_beside_its_ct() -> None:
    judge = PatchDiscriminator(2, 4, 4, num_layers_d=1, norm="INSTANCE")
    data = [masked_pair(1.0), masked_pair(0.0)]
    trainer = tiny_trainer(
        {"adversarial_stain": 1.0}, data=data, conditional=True, stain_discriminator=judge, pool_size=0
    )
    seen: list[torch.Tensor] = []
    judge.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    trainer.run()
    of_generator, of_discriminator = seen
    virtual = output_of(trainer)["pred"]
    assert torch.equal(of_generator[0], torch.cat([data[0]["image"], virtual[0]]))
    assert torch.equal(of_discriminator[0], torch.cat([data[0]["image"], data[0]["label"]]))
    assert of_generator[1].abs().max() == of_discriminator[1].abs().max() == 0  # neither CT nor stain where masked
    assert torch.equal(of_discriminator[2:], of_generator)


def test_total_is_the_weighted_sum() -> None:
    weights = {name: 0.5 + index for index, name in enumerate(TERMS)}
    trainer = tiny_trainer(weights)
    trainer.run()
    output = output_of(trainer)
    assert output["loss"].item() == pytest.approx(sum(w * output[name].item() for name, w in weights.items()))
    assert not any(value.requires_grad for value in output.values())


def test_terms_by_hand() -> None:
    """The pixel terms and cycles of the first step, from networks built alike."""
    trainer = tiny_trainer(EVERY_TERM | {"smooth": 0.0})
    trainer.run()
    output = output_of(trainer)
    nets = networks()
    fake_stain, fake_ct = nets["ct_to_stain"](BATCH_CT), nets["stain_to_ct"](BATCH_STAIN)
    torch.testing.assert_close(output["pred"], fake_stain)
    mask = torch.ones_like(BATCH_CT)
    expected = {
        "pixel_stain": trainer.losses.pixel_loss(fake_stain, BATCH_STAIN, mask),
        "pixel_ct": trainer.losses.pixel_loss(fake_ct, BATCH_CT, mask),
        "cycle_ct": (nets["stain_to_ct"](fake_stain) - BATCH_CT).abs().mean(),
        "cycle_stain": (nets["ct_to_stain"](fake_ct) - BATCH_STAIN).abs().mean(),
        # least squares: a discriminator that is taken in says 1
        "adversarial_stain": (nets["stain_discriminator"](fake_stain)[-1] - 1).square().mean(),
        "adversarial_ct": (nets["ct_discriminator"](fake_ct)[-1] - 1).square().mean(),
    }
    for name, value in expected.items():
        assert output[name].item() == pytest.approx(value.item(), rel=1e-5), name
    # the discriminators have not learned yet, and no older images are in their pools; half of each
    judged = (("stain_discriminator", BATCH_STAIN, fake_stain), ("ct_discriminator", BATCH_CT, fake_ct))
    loss: Any = sum(
        (nets[name](real)[-1] - 1).square().mean() + nets[name](fake)[-1].square().mean() for name, real, fake in judged
    )
    assert output["discriminator"].item() == pytest.approx(loss.item() / 2, rel=1e-5)


def test_compiled_networks_compute_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # without code generation, which would need a C++ compiler
    monkeypatch.setattr(nn.Module, "compile", functools.partialmethod(nn.Module.compile, backend="eager"))
    weights = EVERY_TERM | {"smooth": 0.0, "contrast": 0.0}  # their gradients change much with the last digits
    trainer, compiled = tiny_trainer(weights), tiny_trainer(weights, compile=True)
    for one in (trainer, compiled):
        one.run()
    for name in NETWORKS:
        network = getattr(compiled, name)
        assert network._compiled_call_impl is not None, name
        assert list(network.state_dict()) == list(getattr(trainer, name).state_dict())
        # gradients of the border add up in another order, which Adam makes much of where a gradient is nearly 0
        off = (parameters(network) - parameters(getattr(trainer, name))).abs() > 1e-5  # steps are of 1e-3
        assert off.float().mean() < 0.02, name
    for name, value in output_of(trainer).items():
        torch.testing.assert_close(output_of(compiled)[name], value, rtol=1e-4, atol=1e-5)


def test_all_networks_learn() -> None:
    trainer = tiny_trainer()
    trainer.run()
    for name in NETWORKS:
        assert not torch.equal(parameters(getattr(trainer, name)), parameters(networks()[name])), name


def test_each_step_has_gradients_of_its_own_networks_only() -> None:
    trainer = tiny_trainer()
    generators = nn.ModuleList([trainer.ct_to_stain, trainer.stain_to_ct])
    discriminators = nn.ModuleList([trainer.stain_discriminator, trainer.ct_discriminator])
    seen: dict[str, list[torch.Tensor]] = {}

    def generator_step(*_: Any) -> None:
        assert all(parameter.grad is None for parameter in discriminators.parameters())
        seen["generators"] = [
            parameter.grad.clone() for parameter in generators.parameters() if parameter.grad is not None
        ]

    def discriminator_step(*_: Any) -> None:
        assert all(parameter.grad is not None for parameter in discriminators.parameters())
        now = [parameter.grad for parameter in generators.parameters() if parameter.grad is not None]
        assert all(torch.equal(a, b) for a, b in zip(seen["generators"], now, strict=True))
        seen["discriminators"] = []

    trainer.generator_optimizer.register_step_pre_hook(generator_step)
    trainer.discriminator_optimizer.register_step_pre_hook(discriminator_step)
    trainer.run()
    assert set(seen) == {"generators", "discriminators"}
    assert seen["generators"]
    assert all(parameter.requires_grad for parameter in discriminators.parameters())


def test_gradient_is_shortened_to_the_norm() -> None:
    norms = []
    for limit in (1e9, 1e-3):
        trainer = tiny_trainer(max_gradient_norm=limit)
        trainer.run()
        gradients = [
            p.grad for g in trainer.generator_optimizer.param_groups for p in g["params"] if p.grad is not None
        ]
        norms.append(torch.cat([gradient.flatten() for gradient in gradients]).norm().item())
    assert norms[0] > 0.01
    assert norms[1] == pytest.approx(1e-3, rel=1e-3)


def not_a_number(pred: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (pred * float("nan")).mean()


def test_step_with_broken_gradient_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    trainer = tiny_trainer(pixel_loss=not_a_number)
    with caplog.at_level(logging.WARNING):
        trainer.run()
    assert "Gradient not finite in iteration 1" in caplog.text
    for name in ("ct_to_stain", "stain_to_ct"):
        assert torch.equal(parameters(getattr(trainer, name)), parameters(networks()[name]))
    for name in ("stain_discriminator", "ct_discriminator"):  # theirs was sound
        assert not torch.equal(parameters(getattr(trainer, name)), parameters(networks()[name]))


@pytest.mark.parametrize("key", ["image", "label"])
def test_a_broken_step_leaves_no_trace(key: str) -> None:
    """After one sound step, and one with a NaN in a patch, all that a checkpoint stores is as after the first."""
    trainer = tiny_trainer(data=pairs(4))
    states: list[dict[str, Any]] = []

    def note() -> None:
        state = trainer.training_state()
        states.append(copy.deepcopy({name: state[name].state_dict() for name in state if name != "trainer"}))

    def spoil(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if trainer.state.iteration == 2:
            batch[key][0, 0, 3, 4] = float("nan")
        return batch

    trainer.augmentation = spoil
    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run()
    before, after = states
    assert first_not_finite(after) is None
    assert len(before["stain_pool"]["images"]) == len(after["stain_pool"]["images"]) == 2
    for name in (*NETWORKS, "stain_pool", "ct_pool"):
        for part, value in before[name].items():
            assert torch.equal(value.nan_to_num(), after[name][part].nan_to_num()), f"{name}.{part}"


def test_too_little_memory_is_a_sentence() -> None:
    def greedy(pred: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.empty(1 << 60).mean()

    with pytest.raises(InputError, match="needs more memory than cpu has free: give a smaller --batch_size"):
        tiny_trainer(pixel_loss=greedy).run()


@pytest.mark.parametrize("weights", [{"pixel_stain": 1.0}, {"pixel_stain": 1.0, "adversarial_stain": 1.0}])
def test_ten_broken_steps_running_end_the_training(weights: dict[str, float]) -> None:
    """Sound steps of the discriminators in between do not hide that the generators stand still."""
    trainer = tiny_trainer(weights, max_epochs=50, pixel_loss=not_a_number)
    with pytest.raises(FloatingPointError, match=r"10 steps running \(iteration 10\)"):
        trainer.run()


def test_a_sound_step_starts_the_count_again() -> None:
    trainer = tiny_trainer({"pixel_stain": 1.0}, max_epochs=30)
    sound = trainer.losses.pixel_loss

    def every_tenth_is_sound(*images: torch.Tensor) -> torch.Tensor:
        return sound(*images) if trainer.state.iteration % 10 == 0 else not_a_number(*images)

    trainer.losses = dataclasses.replace(trainer.losses, pixel_loss=every_tenth_is_sound)
    trainer.run()
    assert trainer.state.iteration == 30


def test_running_statistics_are_those_of_real_images() -> None:
    trainer = tiny_trainer()
    trainer.run()
    for name, real in (("ct_to_stain", BATCH_CT), ("stain_to_ct", BATCH_STAIN)):
        reference = networks()[name].train()
        reference(real)
        expected = running_statistics(reference)
        found = running_statistics(getattr(trainer, name))
        for statistic, value in expected.items():
            torch.testing.assert_close(found[statistic], value)


def test_statistics_are_fixed_from_an_epoch_on() -> None:
    trainer = tiny_trainer(max_epochs=3, fix_statistics_from=2)
    by_epoch: list[dict[str, dict[str, torch.Tensor]]] = [
        {name: running_statistics(getattr(trainer, name)) for name in NETWORKS[:2]}
    ]

    def note() -> None:
        by_epoch.append({name: running_statistics(getattr(trainer, name)) for name in NETWORKS[:2]})

    trainer.add_event_handler(Events.EPOCH_COMPLETED, note)
    trainer.run()
    for name in NETWORKS[:2]:
        start, first, second, third = (epoch[name] for epoch in by_epoch)
        assert all(not torch.equal(start[key], first[key]) for key in start)
        assert all(torch.equal(first[key], second[key]) and torch.equal(first[key], third[key]) for key in start)


def test_one_batch_can_be_learned_by_heart() -> None:
    losses = []
    trainer = tiny_trainer({"pixel_stain": 1.0, "pixel_ct": 1.0}, max_epochs=60, learning_rate=1e-2)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: losses.append(output_of(trainer)["loss"].item()))
    trainer.run()
    assert losses[-1] < 0.3 * losses[0]


def test_bfloat16() -> None:
    trainer = tiny_trainer(amp=True)
    trainer.run()
    output = output_of(trainer)
    assert all(output[name].dtype == torch.float32 and output[name].isfinite() for name in (*TERMS, "loss"))
    assert output["pred"].dtype == torch.bfloat16
    assert all(parameter.dtype == torch.float32 for parameter in trainer.ct_to_stain.parameters())


def test_two_trainings_are_alike() -> None:
    weights = []
    for _ in range(2):
        trainer = tiny_trainer(max_epochs=3, data=pairs(4))
        torch.manual_seed(3)
        trainer.run()
        weights.append(parameters(trainer.ct_to_stain))
    assert torch.equal(*weights)


def test_training_state_is_everything() -> None:
    trainer = tiny_trainer()
    trainer.run()
    state = trainer.training_state()
    assert {*NETWORKS, "generator_optimizer", "discriminator_optimizer", "stain_pool", "ct_pool"} <= set(state)
    for part in state.values():
        part.load_state_dict(copy.deepcopy(part.state_dict()))
    assert state["trainer"].state_dict()["iteration"] == 1
    assert len(trainer.stain_pool.images) == len(trainer.ct_pool.images) == 2
