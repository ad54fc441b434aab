"""A training step against the textbook's, with the same networks and with the ones that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundle.bench.textbook import BLOCKS, CHANNELS, TextbookCycleGAN
from bundle.bench.timing import median_ratio, time_in_turn
from bundle.bench.training.workflow import QUICK, training

FLOOR = 2.5
FULL_CYCLE = {"loss_weights#adversarial_ct": 1.0, "loss_weights#cycle_stain": 10.0}
TEXTBOOK = "textbook: ResNet-9, 64 channels, float32, eager"
SAME = "ours, the same networks"
#: What is taken away from, or changed in, our training; by what it is called in the table.
WITHOUT: dict[str, dict[str, Any]] = {
    "ours, default": {},
    "... way back at full resolution": {"stain_to_ct#factor": 1},
    "... contiguous_format": {"memory_format": "$torch.contiguous_format"},
    "... Adam not fused": {"generator_optimizer#fused": False, "discriminator_optimizer#fused": False},
    "... full cycle": FULL_CYCLE,
}


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Time steps on one batch of the phantom's patches, in turn, after a first one that does not count."""
    channels, blocks, repeats = (4, 1, 2) if quick else (CHANNELS, BLOCKS, 5)
    options: dict[str, Any] = QUICK if quick else {}
    same = {
        f"{network}#{name}": value
        for network in ("network_def", "stain_to_ct#network")
        for name, value in {
            "channels": [channels, 2 * channels, 4 * channels],
            "blocks": blocks,
            "upsample": "transposed",
            "skip": False,
            "kernel_size": 7,
        }.items()
    } | {"stain_discriminator#channels": channels, "ct_discriminator#channels": channels}
    instance = {"network_def#norm": "instance", "stain_to_ct#network#norm": "instance"}

    batch = next(iter(training(work, **options).parser.get_parsed_content("train#dataloader")))
    textbook = TextbookCycleGAN(channels, blocks)
    ways: dict[str, Callable[[], object]] = {
        TEXTBOOK: lambda: textbook.step(batch["image"], batch["label"]),
        SAME: _step(work, batch, options | same),
        "... InstanceNorm": _step(work, batch, options | same | instance),
        "... InstanceNorm, full cycle, way back at full resolution": _step(
            work, batch, options | same | instance | FULL_CYCLE | {"stain_to_ct#factor": 1}
        ),
    }
    ways |= {name: _step(work, batch, options | changes) for name, changes in WITHOUT.items()}
    for way in ways.values():
        way()
    timings = time_in_turn(ways, repeats)
    ratios = {name: median_ratio(timings[TEXTBOOK], timing) for name, timing in timings.items()}
    count, _, height, width = batch["image"].shape
    return {
        "title": f"A training step on {count} patches of {height} x {width}",
        "note": f"Medians of {repeats} rounds in turn. The textbook's step has the full cycle and no pixel loss.",
        "floor": f"the same networks at least {FLOOR} times as fast",
        "rows": [
            {"way": name, "step": str(timing), "times as fast": f"{ratios[name]:.2f}"}
            for name, timing in timings.items()
        ],
        "met": ratios[SAME] >= FLOOR,
    }


def _step(work: Path, batch: dict[str, Any], options: dict[str, Any]) -> Callable[[], object]:
    """A step of a trainer of its own, as its engine takes it in the first epoch."""
    trainer = training(work, **options).parser.get_parsed_content("train#trainer")
    trainer.state.epoch = 1
    return lambda: trainer._iteration(trainer, batch)
