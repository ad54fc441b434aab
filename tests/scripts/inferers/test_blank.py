"""Slices that are blank in places: the same bits, with less work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from scripts.inferers import TileInferer, UncertaintyInferer
from scripts.inferers import sparse as module
from scripts.inferers.blank import bands, blank_value, filled_blocks, grown, rectangles
from scripts.inferers.sparse import Sparsity, answer_to
from scripts.networks import ResNetGenerator, StainGenerator, StainUNet, fold_layers
from tests.scripts.inferers.test_tiles import trained

SIDE = 448
CHANNELS = (8, 8, 16, 32)


@pytest.fixture(autouse=True)
def no_gradient() -> Any:
    with torch.no_grad():
        yield


def field(side: int = SIDE, radius: float = 0.3, width: int | None = None, value: float = 0.0) -> torch.Tensor:
    """A disc of noise off the centre, (1, 1, side, width)."""
    torch.manual_seed(1)
    image = torch.rand(1, 1, side, width or side)
    y, x = np.mgrid[:side, : width or side]
    return torch.where(torch.from_numpy(np.hypot(y - 0.4 * side, x - 0.45 * side) < radius * side), image, value)


class TestWhere:
    def test_a_corner_that_is_blank(self) -> None:
        image = torch.rand(1, 1, 40, 40)
        assert blank_value(image, 8) is None
        image[..., 32:, :8] = 0.25
        assert blank_value(image, 8) == 0.25
        assert blank_value(torch.full((1, 1, 3, 5), torch.nan), 8) is None
        assert blank_value(torch.full((1, 1, 3, 5), 0.5), 8) == 0.5

    def test_blocks_that_are_filled(self) -> None:
        image = torch.zeros(1, 1, 20, 17)  # 3 x 3 blocks of 8, the last of 4 rows and of a single column
        image[0, 0, 9, 16] = 1
        image[0, 0, 0, 0] = torch.nan
        assert np.argwhere(filled_blocks(image, 0.0, 8)).tolist() == [[0, 0], [1, 2]]

    def test_neighbours(self) -> None:
        blocks = np.zeros((7, 9), bool)
        blocks[3, 0] = True
        assert np.argwhere(grown(blocks, 1)).tolist() == [[r, c] for r in (2, 3, 4) for c in (0, 1)]

    def test_rectangles_cover_what_is_needed(self) -> None:
        rng = np.random.default_rng(0)
        for _ in range(50):
            needed = grown(rng.random((32, 29)) > 0.995, 2)
            covered = np.zeros_like(needed)
            for top, bottom, left, right in rectangles(needed, 1):
                assert bottom - top >= 8
                assert right - left >= 8
                covered[top:bottom, left:right] = True
            assert covered[needed].all()
            strips = bands(needed, (8, 4, 1))
            assert [strips[0][0], strips[-1][1]] == [0, 32]
            for top, bottom, left, right in strips:
                assert not needed[top:bottom, :left].any()
                assert not needed[top:bottom, right:].any()

    def test_rectangles_by_hand(self) -> None:
        needed = np.zeros((32, 32), bool)
        assert rectangles(needed, 1) == []
        needed[:16, :8] = needed[16:, 24:] = True
        assert rectangles(needed, 1) == [(0, 16, 0, 8), (16, 32, 24, 32)]
        assert rectangles(~needed, 1) == [(0, 16, 8, 32), (16, 32, 0, 24)]
        needed[:] = True
        needed[0, 0] = False
        assert rectangles(needed, 1) == [(0, 32, 0, 32)]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pixels that the encoder is given."""
    pixels: list[int] = []
    encode = ResNetGenerator.encode

    def counting(self: Any, x: torch.Tensor, levels: int | None = None) -> list[torch.Tensor]:
        pixels.append(x.shape[-2] * x.shape[-1])
        return encode(self, x, levels)

    monkeypatch.setattr(ResNetGenerator, "encode", counting)
    return pixels


class TestSameBits:
    @pytest.mark.parametrize("amp", [False, True])
    @pytest.mark.parametrize("tile_size", [64, 200, 1000])
    @pytest.mark.parametrize(("width", "value"), [(SIDE, 0.0), (SIDE - 77, 0.3)])
    def test_of_a_disc(self, amp: bool, tile_size: int, width: int, value: float, computed: list[int]) -> None:
        """The second slice is stained the short way, if the first one's bits were the same; else as ever."""
        network: Any = fold_layers(trained(channels=CHANNELS, blocks=2)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        image = field(width=width, value=value)
        slab = torch.cat([image, image * 0.5 + 0.5 * value, image.flip(3)])
        sparse, plain = (TileInferer(tile_size, amp, skip_blank=skip) for skip in (True, False))
        expected = plain(slab, network)
        of_all = sum(computed)
        assert torch.equal(sparse(slab, network), expected)
        trust = sparse._sparsity.trust(network)  # type: ignore[union-attr]
        computed.clear()
        assert torch.equal(sparse(slab, network), expected)
        if trust.shapes is not None and trust.trials < module.TRIALS:
            assert sum(computed) < 0.8 * of_all

    def test_of_a_slice_that_is_all_blank(self, computed: list[int]) -> None:
        network = trained(channels=CHANNELS, blocks=2)
        slab = torch.zeros(4, 1, 256, 260)
        slab[0] = field(256, width=260)
        expected = TileInferer(64, skip_blank=False)(slab, network)
        inferer = TileInferer(64)
        assert torch.equal(inferer(slab, network), expected)
        computed.clear()
        assert torch.equal(inferer(slab[1:], network), expected[1:])
        if inferer._sparsity.trust(network).shapes is not None:  # type: ignore[union-attr]
            assert sum(computed) <= (module.SIDE * network.stride) ** 2  # the answer to a constant alone

    def test_of_nothing_blank_no_trial(self, computed: list[int]) -> None:
        network = trained(channels=CHANNELS, blocks=2)
        image = torch.rand(1, 1, 200, 200)
        inferer = TileInferer(64)
        inferer(image, network)
        once = sum(computed)
        TileInferer(64, skip_blank=False)(image, network)
        assert sum(computed) == 2 * once
        assert inferer._sparsity.trust(network).trials == 0  # type: ignore[union-attr]

    def test_on_the_trunk(self) -> None:
        network = trained(channels=CHANNELS, blocks=2)
        ends: dict[bool, list[torch.Tensor]] = {True: [], False: []}
        for skip, found in ends.items():
            inferer = TileInferer(64, skip_blank=skip)

            def keep(end: torch.Tensor, found: list[torch.Tensor] = found) -> None:
                found.append(end.clone())

            for _ in range(2):
                inferer(field(), network, on_trunk=keep)
        assert len(ends[True]) == 2
        for one, other in zip(ends[True], ends[False], strict=True):
            assert torch.equal(one, other)

    def test_of_the_views(self) -> None:
        network = trained(channels=CHANNELS, blocks=2)
        inferer, plain = UncertaintyInferer(tile_size=64), UncertaintyInferer(tile_size=64)
        plain._plain = TileInferer(64, skip_blank=False)
        slab = torch.cat([field(), field()])
        assert torch.equal(inferer(slab, network), plain(slab, network))

    def test_of_a_network_that_is_run_as_a_whole(self) -> None:
        torch.manual_seed(0)
        network, seen = StainUNet((4, 8, 8)).eval(), []
        network.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].shape))
        image = torch.zeros(1, 1, 256, 256)
        image[..., 64:96, 64:96] = torch.rand(32, 32)
        tiled = TileInferer(32)(image, network)
        count = len(seen)
        expected = torch.empty_like(tiled)
        for row in range(0, 256, 32):
            for column in range(0, 256, 32):
                part = [slice(max(0, start - network.halo), start + 32 + network.halo) for start in (row, column)]
                inner = [start - span.start for start, span in zip((row, column), part, strict=True)]
                stained = network(image[..., part[0], part[1]])
                expected[..., row : row + 32, column : column + 32] = stained[
                    ..., inner[0] : inner[0] + 32, inner[1] : inner[1] + 32
                ]
        assert torch.equal(tiled, expected)
        assert count < 40 < 64  # shapes of tiles at corners and borders, and what lies near the square


class TestTrust:
    def test_kernels_that_round_otherwise_are_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All is computed as ever from then on, and the trial gives the bytes of the whole way."""
        network, image = trained(channels=CHANNELS, blocks=2), field()
        honest = module.sparse_trunk
        monkeypatch.setattr("scripts.inferers.parts.sparse_trunk", lambda *words: honest(*words) * (1 + 1e-6))
        inferer = TileInferer(64)
        expected = TileInferer(64, skip_blank=False)(image, network)
        for _ in range(2):
            assert torch.equal(inferer(image, network), expected)
        trust = inferer._sparsity.trust(network)  # type: ignore[union-attr]
        assert trust.shapes is None
        assert trust.trials == 1

    def test_other_shapes_are_tried_a_few_times_only(self) -> None:
        network, inferer = trained(channels=CHANNELS, blocks=2), TileInferer(64)
        for number in range(module.TRIALS + 3):
            image = field(200 + 8 * number)
            assert torch.equal(inferer(image, network), TileInferer(64, skip_blank=False)(image, network))
        assert inferer._sparsity.trust(network).trials <= module.TRIALS  # type: ignore[union-attr]

    def test_slices_that_are_blank_elsewhere_each_time_are_planned_no_more(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scripts.inferers.tiles.TRIALS", 0)
        monkeypatch.setattr("scripts.inferers.tiles.MISSES", 2)
        network, inferer = trained(channels=CHANNELS, blocks=2), TileInferer(64)
        trust = inferer._sparsity.trust(network)  # type: ignore[union-attr]
        for misses in (1, 2, 3, 3):
            assert trust.shapes is not None or misses == 3
            inferer(field(), network)
            assert trust.misses == misses
        assert trust.shapes is None

    def test_weights_that_change_take_another_answer(self) -> None:
        network, inferer, image = trained(channels=CHANNELS, blocks=2), TileInferer(64), field()
        inferer(image, network)
        assert network.head.bias is not None
        network.head.bias += 0.5
        assert torch.equal(inferer(image, network), TileInferer(64, skip_blank=False)(image, network))

    def test_a_network_that_does_not_keep_a_constant(self) -> None:
        """Instance normalisation takes statistics of the tile; a convolution padded by zeros knows its border."""
        network = trained(channels=CHANNELS, blocks=1)
        assert answer_to(network, 0.0, torch.zeros(1)) is not None
        network.get_submodule("trunk.0.branch").set_submodule("0", nn.Conv2d(32, 32, 3, padding=1))
        assert answer_to(network, 0.0, torch.zeros(1)) is None
        assert TileInferer(64)(field(), network).shape == (1, 3, SIDE, SIDE)

    def test_a_network_in_training_is_left_alone(self) -> None:
        network = StainGenerator(CHANNELS, blocks=1).train()
        cores = [(slice(0, SIDE), slice(0, SIDE))]
        assert Sparsity().layout(field(), network, cores, {}) is None
