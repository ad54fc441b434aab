"""A training step against the textbook's, with the same networks and with the ones that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.textbook import BLOCKS, CHANNELS, TextbookCycleGAN
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from bundle.evidence.speed.training.workflow import QUICK, training
from bundle.shared.places import CONFIGS

FLOORS = {"cpu": 2.5, "cuda": 2.0}
INSTANCE = {"network_def#norm": "instance", "stain_to_ct#network#norm": "instance"}
FULL_CYCLE = {"loss_weights#adversarial_ct": 1.0, "loss_weights#cycle_stain": 10.0}
HALF_RESOLUTION = {"stain_to_ct#factor": 2}
TEXTBOOK = "textbook: ResNet-9, 64 channels, float32, eager"
SAME = "ours, the same networks, our terms of the loss"
DEFAULT = "ours, default"
#: What is changed in our training with the textbook's networks, by what it is called in the table.
OF_SAME: dict[str, dict[str, Any]] = {
    SAME: {},
    "... float32": {"amp": False},
    "... InstanceNorm": INSTANCE,
    "... InstanceNorm, full cycle": INSTANCE | FULL_CYCLE,
    "... InstanceNorm, full cycle, float32": INSTANCE | FULL_CYCLE | {"amp": False},
    "... way back at half the resolution": HALF_RESOLUTION,
    "... way back at half the resolution, float32": HALF_RESOLUTION | {"amp": False},
}
#: The same for our training as it is.
OF_DEFAULT: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "... float32": {"amp": False},
    "... way back at half the resolution": HALF_RESOLUTION,
    "... contiguous_format": {"memory_format": "$torch.contiguous_format"},
    "... Adam not fused": {"generator_optimizer#fused": False, "discriminator_optimizer#fused": False},
    "... full cycle": FULL_CYCLE,
    "... torch.compile": {"compile": True},
}


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time steps on one batch of the phantom's patches, in turn, after two that do not count; ours augment it first."""
    channels, blocks, repeats = (4, 1, 2) if conditions.quick else (CHANNELS, BLOCKS, 5)
    options: dict[str, Any] = QUICK if conditions.quick else {}
    workflow = training(conditions.work, **options)
    device = workflow.parser.get_parsed_content("device")
    batch = {
        key: value.to(device)
        for key, value in next(iter(workflow.parser.get_parsed_content("train#dataloader"))).items()
    }
    patches = workflow.parser.get_parsed_content("train#augmentation")(batch)
    textbook = TextbookCycleGAN(channels, blocks, device)
    same = options | _textbook_networks(channels, blocks)
    # by the table it belongs to and its name in it
    ways: dict[tuple[str, str], Callable[[], object]] = {
        (TEXTBOOK, TEXTBOOK): lambda: textbook.step(patches["image"], patches["label"])
    }
    ways |= {(SAME, name): _step(conditions.work, batch, same | changes) for name, changes in OF_SAME.items()}
    ways |= {
        (DEFAULT, name): _step(conditions.work, batch, options | changes)
        for name, changes in OF_DEFAULT.items()
        if not (conditions.quick and "compile" in changes)
    }
    time_in_turn(ways, 2)  # a compiled network is compiled for good in the second
    timings = time_in_turn(ways, repeats)
    ratios = {key: median_ratio(timings[TEXTBOOK, TEXTBOOK], timing) for key, timing in timings.items()}
    count, _, height, width = patches["image"].shape
    floor = FLOORS[device.type]
    return {
        "title": f"A training step on {count} patches of {height} x {width} on {device.type}",
        "note": f"Medians of {repeats} rounds in turn, bfloat16 where this device is faster with it: here it is"
        f"{'' if workflow.parser.get_parsed_content('amp') else ' not'}. The textbook's step has the full cycle and no "
        "pixel loss; ours augments its batch and averages its weights besides. cuDNN is deterministic in all.",
        "floor": f"the same networks, our terms of the loss, at least {floor} times as fast",
        "rows": [
            {"way": name, "step": str(timings[table, name]), "times as fast": f"{ratios[table, name]:.2f}"}
            for table, name in ways
        ],
        "met": ratios[SAME, SAME] >= floor,
    }


def _textbook_networks(channels: int, blocks: int) -> dict[str, Any]:
    """Entries of the config that give both generators and both discriminators the textbook's shape."""
    overlay = yaml.safe_load((CONFIGS / "generators" / "resnet9_64.yaml").read_text(encoding="utf-8"))
    shape = {"channels": [channels, 2 * channels, 4 * channels], "blocks": blocks}
    generator = overlay["+network_def"] | shape
    generators = {
        f"{network}#{name}": value
        for network in ("network_def", "stain_to_ct#network")
        for name, value in generator.items()
        if (network, name) != ("stain_to_ct#network", "dark_end")  # sections have none
    }
    return generators | {"stain_discriminator#channels": channels, "ct_discriminator#channels": channels}


def _step(work: Path, batch: dict[str, torch.Tensor], options: dict[str, Any]) -> Callable[[], object]:
    """A step of a trainer of its own in its first epoch, with the averaging of weights after it."""
    parser = training(work, **options).parser
    trainer, averaged = parser.get_parsed_content("train#trainer"), parser.get_parsed_content("averaged")
    trainer.state.epoch = 1

    def step() -> None:
        trainer.state.iteration += 1
        trainer._iteration(trainer, batch)
        averaged._update_ema_model(trainer, "momentum")

    return step
