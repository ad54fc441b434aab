"""How many slices a slab has, by the free memory."""

from __future__ import annotations

import pytest
import torch

from scripts.networks import StainGenerator
from scripts.volume.stain import slab_size
from scripts.volume.stain.slab_size import default_slab_size

NETWORK = StainGenerator((2, 2, 2), 0)  # whose features take 4 bytes for each pixel of a slice
FIXED = 30_000_000
SLICE = 1000 * 1000


def have(monkeypatch: pytest.MonkeyPatch, machine: int, gpu: int = 0) -> None:
    monkeypatch.setattr(
        slab_size, "free_memory", lambda device="cpu": machine if torch.device(device).type == "cpu" else gpu
    )


@pytest.mark.parametrize(
    ("free", "size"),
    [
        (2 * (FIXED + (32 * 11 + 4) * SLICE), 32),  # the slab and one slice in half of it
        (2 * (FIXED + (32 * 11 + 4) * SLICE) - 2, 16),
        (2 * (FIXED + (16 * 11 + 4) * SLICE), 16),
        (2 * (FIXED + (2 * 11 + 4) * SLICE), 2),
        (2 * (FIXED + (1 * 11 + 4) * SLICE), 1),
        (0, 1),
    ],
)
def test_by_hand(free: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, free)
    assert default_slab_size((2000, 1000, 1000), ["z"], NETWORK) == size


def test_is_that_of_the_largest_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, 2 * (FIXED + (32 * 11 + 4 + 32 * 4) * 50 * 1000))
    assert default_slab_size((50, 1000, 1000), ["y"], NETWORK) == 32  # slices of 50 x 1000
    assert default_slab_size((50, 1000, 1000), ["z", "y", "x"], NETWORK) == 1


@pytest.mark.parametrize(("dtype", "size"), [("uint16", 32), ("float32", 16)])
def test_a_layer_of_32_slices_of_the_copy_counts(dtype: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, 2 * (FIXED + (32 * 11 + 4 + 32 * 2) * SLICE))
    assert default_slab_size((1000, 1000, 1000), ["x"], NETWORK, dtype=dtype) == size


def test_processes_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, 4 * 2 * (FIXED + (8 * 11 + 4) * SLICE))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert default_slab_size((2000, 1000, 1000), ["z"], NETWORK) == 8


@pytest.mark.parametrize(
    ("machine", "gpu", "size"),
    [
        (2 * (FIXED + 16 * 14 * SLICE), 10**12, 16),  # the features are on the GPU
        (10**12, 2 * (FIXED + (8 * 7 + 4) * SLICE), 8),
    ],
)
def test_fits_machine_and_gpu(machine: int, gpu: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, machine, gpu)
    assert default_slab_size((2000, 1000, 1000), ["z"], NETWORK, "cuda") == size
