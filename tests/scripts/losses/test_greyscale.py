"""Greyscale consistency: each reading by hand, the correlation by numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from scripts.losses import GreyscaleConsistencyLoss
from scripts.losses.greyscale import luma, squared_local_correlation


def images(size: int = 16) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "ct": torch.rand(2, 1, size, size),
        "section": torch.rand(2, 3, size, size),
        "stain": torch.rand(2, 3, size, size),
        "made_ct": torch.rand(2, 1, size, size),
        "mask": torch.ones(2, 1, size, size),
    }


def grey_rgb(grey: torch.Tensor) -> torch.Tensor:
    return grey.expand(-1, 3, -1, -1)


def test_luma_of_primaries() -> None:
    primaries = torch.eye(3).view(3, 3, 1, 1)
    assert luma(primaries).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114])
    assert luma(torch.ones(1, 3, 1, 1)).item() == pytest.approx(1)


def test_section_by_hand() -> None:
    batch = images(2)
    batch["section"][:] = 0
    batch["stain"][:] = torch.tensor([1.0, 0.0, 0.5]).view(1, 3, 1, 1)  # luma 0.299 + 0.057
    loss = GreyscaleConsistencyLoss("section")
    assert loss(**batch).item() == pytest.approx(0.356)
    batch["section"][:, :, 0] = torch.tensor([1.0, 0.0, 0.5]).view(3, 1)  # the upper half is right
    assert loss(**batch).item() == pytest.approx(0.178)
    batch["mask"][:, :, 0] = 0
    assert loss(**batch).item() == pytest.approx(0.356)
    batch["mask"][:] = 0
    assert loss(**batch).item() == 0


def test_section_asks_for_luma_not_colour() -> None:
    batch = images(4)
    batch["stain"] = grey_rgb(luma(batch["section"]))
    assert GreyscaleConsistencyLoss("section")(**batch).item() == pytest.approx(0, abs=1e-6)  # float32


def test_backward_by_hand() -> None:
    batch = images(2)
    batch["ct"][:], batch["made_ct"][:] = 0.25, 0.75
    batch["made_ct"][0, 0, 0, 0] = 0.25
    loss = GreyscaleConsistencyLoss("backward")
    assert loss(**batch).item() == pytest.approx(0.5 * 7 / 8)
    batch["mask"][0, 0, 0, 0] = 0
    assert loss(**batch).item() == pytest.approx(0.5)
    with pytest.raises(ValueError, match="'backward' needs the CT"):
        loss(**batch | {"made_ct": None})


def test_local_correlation_against_numpy() -> None:
    torch.manual_seed(0)
    a, b = torch.rand(2, 1, 1, 12, 14, dtype=torch.float64)
    r2 = squared_local_correlation(a, b, window=5, floor=0.0)[0, 0]
    for y, x in ((6, 7), (0, 0), (11, 3), (1, 13)):  # inside, and at borders, where the window is cut
        part = (slice(max(0, y - 2), y + 3), slice(max(0, x - 2), x + 3))
        expected = np.corrcoef(a[0, 0][part].ravel(), b[0, 0][part].ravel())[0, 1] ** 2
        assert r2[y, x].item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (-1.0, 1.0), (0.4, 0.3), (-0.5, 0.9)])
def test_structure_is_blind_to_sign_and_contrast(gain: float, offset: float) -> None:
    batch = images(32)
    batch["stain"] = grey_rgb(gain * batch["ct"] + offset)
    # Uniform noise has variance 1/12; at a gain of 0.4 that is 0.013, beside which the floor of 1e-4 is 0.75 per cent.
    assert GreyscaleConsistencyLoss("structure")(**batch).item() == pytest.approx(0, abs=0.02)


def test_structure_tells_other_structure_and_ignores_flat_noise() -> None:
    batch = images(64)
    loss = GreyscaleConsistencyLoss("structure")
    # The squared correlation of 81 independent pixels is 1/80 on average, some more at the borders.
    assert loss(**batch).item() == pytest.approx(1 - 1 / 80, abs=0.01)
    flat = 0.5 + 1e-4 * images(64)["ct"]
    noisy = grey_rgb(0.5 + 1e-4 * flat)
    assert loss(**batch | {"ct": flat, "stain": noisy}).item() == pytest.approx(1, abs=1e-3)


def test_structure_counts_only_where_the_pair_is_valid() -> None:
    batch = images(32)
    batch["stain"] = grey_rgb(1 - batch["ct"])
    batch["stain"] = batch["stain"].clone()
    batch["stain"][..., 16:] = images(32)["section"][..., 16:]
    loss = GreyscaleConsistencyLoss("structure", window=5)
    whole = loss(**batch)
    batch["mask"][..., 14:] = 0  # and two columns more, whose windows reach over
    assert loss(**batch).item() < 0.02 < 0.3 < whole.item()


@pytest.mark.parametrize("reading", ["section", "structure", "backward"])
def test_gradient_is_that_of_finite_differences(reading: str) -> None:
    batch = images(6)
    batch = {name: image[:1].double() for name, image in batch.items()}
    changed = "made_ct" if reading == "backward" else "stain"
    loss = GreyscaleConsistencyLoss(reading, window=3)

    def value(x: torch.Tensor) -> torch.Tensor:
        return loss(**batch | {changed: x}).double()

    # The loss computes in float32: a step of 1e-3 leaves 1e-4 of rounding in the quotient (6e-8 / 1e-3).
    torch.autograd.gradcheck(value, batch[changed].requires_grad_(), eps=1e-3, atol=1e-3, rtol=2e-2)


@pytest.mark.parametrize("options", [{"reading": "histogram"}, {"window": 8}])
def test_bad_arguments(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        GreyscaleConsistencyLoss(**options)
