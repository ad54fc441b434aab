"""Alignment of a virtual section with a displaced true one."""

from __future__ import annotations

from typing import Any

import torch
from monai.losses import DiffusionLoss
from monai.networks.nets import RegUNet
from torch import nn

from scripts.engines.alignment import Alignment
from scripts.networks import LowerResolution
from tests.scripts.engines.tiny_trainer import tiny_trainer


class Shift(nn.Module):
    """Always answers with the same displacement, in rows and columns."""

    def __init__(self, rows: float, columns: float) -> None:
        super().__init__()
        self.displacement = nn.Parameter(torch.tensor([float(rows), float(columns)]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.displacement.view(1, 2, 1, 1).expand(len(x), 2, *x.shape[2:])


def test_moves_section_ct_and_mask_by_whole_pixels() -> None:
    torch.manual_seed(0)
    virtual, ct = torch.rand(2, 3, 8, 8), torch.rand(2, 1, 8, 8)
    mask = torch.ones(2, 1, 8, 8)
    mask[:, :, 3, 3] = 0
    moved, moved_ct, where, displacement = Alignment(Shift(1, -2))(virtual, ct, torch.rand(2, 3, 8, 8), mask)
    assert torch.equal(displacement, torch.tensor([1.0, -2]).view(1, 2, 1, 1).expand(2, 2, 8, 8))
    torch.testing.assert_close(moved[..., :7, 2:], virtual[..., 1:, :6])
    torch.testing.assert_close(moved_ct[..., :7, 2:], ct[..., 1:, :6])
    expected = mask.clone()  # the true section's, which does not move, less what came from outside
    expected[..., 7, :] = expected[..., :2] = 0
    assert torch.equal(where, expected)
    assert moved.requires_grad
    assert not moved_ct.requires_grad


def test_the_network_finds_a_displacement_of_the_sections() -> None:
    """The generator's target is 3 pixels off; a network that may displace learns this and nothing else is left."""
    torch.manual_seed(0)
    coarse = torch.rand(4, 3, 8, 8)
    true = nn.functional.interpolate(coarse, size=(32, 32), mode="bicubic").clamp(0, 1)
    virtual = true.roll(3, dims=2)
    alignment = Alignment(Shift(0, 0))
    optimizer = torch.optim.Adam(alignment.parameters(), lr=0.1)
    for _ in range(100):
        moved, _, where, _ = alignment(virtual, virtual[:, :1], true, torch.ones(4, 1, 32, 32))
        loss = ((moved - true).abs() * where).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found: Any = alignment.network.displacement
    torch.testing.assert_close(found.detach(), torch.tensor([3.0, 0.0]), atol=0.2, rtol=0)  # the last steps are of 0.1


def test_pixel_term_compares_what_is_aligned() -> None:
    """With a network that answers 1 row, the pixel loss is that of the stain moved by one row."""
    seen: list[tuple[torch.Tensor, ...]] = []

    def pixel_loss(*images: torch.Tensor) -> torch.Tensor:
        seen.append(images)
        return images[0].mean()

    options: dict[str, Any] = {
        "registration": Shift(1, 0),
        "pixel_loss": pixel_loss,
        "smoothness_loss": DiffusionLoss(),
    }
    trainer = tiny_trainer({"pixel_stain": 1.0, "smooth": 1.0}, **options)
    trainer.run()
    output: Any = trainer.state.output
    moved, true, where = seen[0]
    torch.testing.assert_close(moved[..., :-1, :].detach(), output["pred"][..., 1:, :])
    assert torch.equal(true, output["label"])
    assert where[..., -1, :].max() == 0
    assert where[..., :-1, :].min() == 1
    assert output["smooth"] == 0  # the same everywhere


def test_the_configured_network_starts_without_displacement() -> None:
    network = LowerResolution(
        RegUNet(2, 6, num_channel_initial=8, depth=3, out_channels=2, out_kernel_initializer="zeros"), factor=2
    )
    for side in (96, 90):  # the latter is no multiple of what the network halves
        virtual, mask = torch.rand(2, 3, side, side), torch.ones(2, 1, side, side)
        moved, _, where, found = Alignment(network)(virtual, mask, torch.rand(2, 3, side, side), mask)
        assert found.shape == (2, 2, side, side)
        assert found.abs().max() == 0
        torch.testing.assert_close(moved, virtual)
        assert where.min() == 1
