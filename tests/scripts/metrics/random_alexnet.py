"""AlexNet convolutions with random numbers: enough to test how LPIPS is computed, without a download."""

from __future__ import annotations

from pathlib import Path

import torch

from scripts.metrics.lpips_weights import CONVOLUTIONS


def random_features(seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dict ``features.*`` with weights scaled so that the activations stay near 1."""
    generator = torch.Generator().manual_seed(seed)
    features = {}
    for index, (_, shape) in CONVOLUTIONS.items():
        fan_in = shape[1] * shape[2] * shape[3]
        features[f"features.{index}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
        features[f"features.{index}.bias"] = torch.randn(shape[0], generator=generator) * 0.1
    return features


def save_random_features(folder: Path) -> Path:
    """Write them as a weights file."""
    path = folder / "random_alexnet.pth"
    torch.save(random_features(), path)
    return path
