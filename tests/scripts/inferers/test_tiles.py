"""Tiles and the whole slice give the same pixels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from monai.engines import SupervisedEvaluator
from torch import nn

from scripts.errors import InputError
from scripts.inferers import TileInferer
from scripts.inferers.tiles import tiles
from scripts.networks import StainGenerator


def trained(**options: Any) -> StainGenerator:
    """A generator with weights and statistics at least as varied as training leaves them."""
    torch.manual_seed(0)
    defaults: dict[str, Any] = {"channels": (4, 6, 8), "blocks": 2, "dark_end": 0.0}
    network = StainGenerator(**defaults | options)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        if isinstance(layer, nn.BatchNorm2d):
            state = layer.state_dict()
            for name in ("running_mean", "bias"):
                nn.init.normal_(state[name], 0, 0.3)
            for name in ("running_var", "weight"):
                nn.init.uniform_(state[name], 0.5, 2)
    return network.eval()


@pytest.fixture(autouse=True)
def no_gradient() -> Any:
    with torch.no_grad():
        yield


@pytest.mark.parametrize(
    ("tile_size", "options"),
    [
        (64, {}),
        (128, {}),
        (12, {"blocks": 0}),  # tiles smaller than their halo
        (64, {"blocks": 0, "upsample": "bilinear", "kernel_size": 7}),
        (100, {"kernel_size": 7, "channels": (4, 4, 6, 8)}),
        (65, {"upsample": "transposed", "channels": (3, 4, 4, 6, 8)}),
        (64, {"upsample": "bilinear", "channels": (4, 4, 6, 8)}),
        (64, {"channels": (4, 4, 6, 8)}),
        (64, {"upsample": "bilinear"}),
        (64, {"upsample": "transposed", "kernel_size": 7}),
        (64, {"norm": "none", "skip": False}),
    ],
)
def test_tiles_equal_the_whole(tile_size: int, options: dict[str, Any]) -> None:
    network = trained(**options)
    image = torch.rand(1, 1, 300, 217)
    whole = network(image)
    tiled = TileInferer(tile_size)(image, network)
    # Not bit by bit: convolutions of another size may add in another order. 1e-5 is far below a grey level (4e-3).
    assert (tiled - whole).abs().max() < 1e-5
    levels = (tiled * 255).round() - (whole * 255).round()
    assert levels.abs().max() <= 1
    assert whole.std() > 0.01  # there is something that could differ


def test_instance_normalisation_shows_the_tiles() -> None:
    """The contrast: its statistics are those of the tile."""
    network = trained(norm="instance")
    image = torch.rand(1, 1, 300, 217)
    image[..., 100:] *= 0.3
    difference = (TileInferer(64)(image, network) - network(image)).abs() * 255
    assert difference.max() > 5  # grey levels


def test_a_tile_as_large_as_the_image() -> None:
    network = trained()
    image = torch.rand(2, 1, 50, 61)
    assert (TileInferer(64)(image, network) - network(image)).abs().max() < 1e-5  # as above: batches add up otherwise


def test_tiles_of_a_batch_in_bfloat16_come_as_float32() -> None:
    network = trained()
    image = torch.rand(2, 1, 40, 50)
    tiled = TileInferer(16, amp=True)(image, network)
    assert tiled.shape == (2, 3, 40, 50)
    assert tiled.dtype == torch.float32
    assert (tiled - network(image)).abs().max() < 0.1  # bfloat16 has 8 bits, a dozen layers add up


def test_in_an_evaluator() -> None:
    network = trained()
    image = torch.rand(1, 1, 40, 50)
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=[{"image": image}],
        network=network,
        inferer=TileInferer(16),
        decollate=False,
    )
    evaluator.run()
    output: Any = evaluator.state.output
    assert (output["pred"] - network(image)).abs().max() < 1e-5  # as above


def test_tiles_are_nearly_equal_and_start_at_multiples_of_the_stride() -> None:
    rows = [rows for rows, _ in tiles((1000, 8), 384, 8)]
    assert rows == [slice(0, 336), slice(336, 672), slice(672, 1000)]  # not 384, 384, 232
    assert tiles((5, 9), 3, 4) == [  # 3 is rounded up to the stride
        (slice(0, 4), slice(0, 4)),
        (slice(0, 4), slice(4, 8)),
        (slice(0, 4), slice(8, 9)),
        (slice(4, 5), slice(0, 4)),
        (slice(4, 5), slice(4, 8)),
        (slice(4, 5), slice(8, 9)),
    ]


@pytest.mark.parametrize("tile_size", [64, 100])
def test_levels_are_rounded_tile_by_tile(tile_size: int) -> None:
    network = trained()
    image = torch.rand(2, 1, 150, 90)
    levels = TileInferer(tile_size, as_uint8=True)(image, network)
    assert levels.dtype == torch.uint8
    exact = network(image) * 255
    assert (levels - exact).abs().max() <= 0.501  # half a level, and the rounding of float32


def test_a_network_that_is_no_resnet_is_run_as_a_whole() -> None:
    class Blur(nn.Module):
        stride, halo = 2, 2

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.avg_pool2d(x, 5, 1, 2, count_include_pad=False)

    image = torch.rand(1, 1, 50, 61)
    assert (TileInferer(16)(image, Blur()) - Blur()(image)).abs().max() < 1e-6


def test_constant_in_constant_out() -> None:
    stained = TileInferer(64)(torch.full((1, 1, 150, 90), 0.3), trained())
    assert (stained.amax((-1, -2)) - stained.amin((-1, -2))).max() < 1e-5


def test_bad_tile_size() -> None:
    for tile_size in (0, -4, 1.5, True):
        with pytest.raises(InputError, match="positive"):
            TileInferer(tile_size)  # type: ignore[arg-type]


def test_nothing_to_stain() -> None:
    with pytest.raises(ValueError, match="nothing to stain"):
        TileInferer(64)(torch.zeros(1, 1, 0, 10), trained())
