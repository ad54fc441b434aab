"""The generators in `configs/generators` and `bundle/evidence/benchmark/generators` by their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from monai.bundle.config_parser import ConfigParser
from torch import nn

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.limit import multiplications
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images, way
from bundle.evidence.speed.textbook import TextbookGenerator
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from bundle.shared.places import CONFIGS, ROOT, TRAIN
from scripts.networks import Stainer
from scripts.precision import bfloat16_pays

FOLDERS = (CONFIGS / "generators", ROOT / "bundle" / "evidence" / "benchmark" / "generators")
TEXTBOOK = "textbook"
DEFAULT = "default"


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time one image through each generator as inference runs it, in turn; random weights take as long as others."""
    side, repeats = (64, 2) if conditions.quick else (512, 9)
    networks: dict[str, nn.Module] = {TEXTBOOK: TextbookGenerator(1, 3).eval().to(DEVICE)}
    networks |= {name: for_inference(network) for name, network in generators().items()}
    amp = bfloat16_pays(DEVICE)
    image = images(1, side)
    ways = {(name, False): way(network, image) for name, network in networks.items()}
    ways |= {(name, True): way(network, image, amp) for name, network in networks.items() if name != TEXTBOOK and amp}
    time_in_turn(ways, 2)
    timings = time_in_turn(ways, repeats)
    reference = timings[TEXTBOOK, False]
    return {
        "title": f"One image of {side} x {side} through the generators of the benchmark on {DEVICE.type}",
        "note": f"Medians of {repeats} rounds in turn; ours folded and channels_last, as in "
        "inference; in the U-Net there is nothing to fold.",
        "rows": [
            {
                "recipe": name,
                "precision": "bfloat16" if bfloat16 else "float32",
                "weights": str(sum(p.numel() for p in networks[name].parameters())),
                "GMAC": f"{multiplications(networks[name], image) / 1e9:.2f}",
                "time": timing.milliseconds(),
                "times as fast": f"{median_ratio(reference, timing):.2f}",
            }
            for (name, bfloat16), timing in timings.items()
        ],
    }


def generators() -> dict[str, Stainer]:
    """The default generator and that of each overlay, with random weights, by the overlay's name."""
    overlays: dict[str, list[Path]] = {DEFAULT: []}
    overlays |= {path.stem: [path] for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))}
    found = {}
    for name, files in overlays.items():
        parser = ConfigParser()
        parser.read_config([str(path) for path in (TRAIN, *files)])
        torch.manual_seed(0)
        found[name] = parser.get_parsed_content("network_def").eval()
    return found
