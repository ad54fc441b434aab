"""Staining in tiles that give the same pixels as the whole slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from monai.inferers import Inferer

from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.inferers.parts import OnTrunk, Tile, grown_by, in_parts, within
from scripts.inferers.sparse import MISSES, TRIALS, Answer, Core, Sparsity
from scripts.memory import empty_slab, give_back_freed_memory
from scripts.networks import ResNetGenerator, StainEnsemble
from scripts.networks.ensemble import mean_of, members_of
from scripts.options.values import truth
from scripts.precision import autocast


class TileInferer(Inferer):
    """Apply a fully convolutional generator tile by tile, exactly.

    MONAI's sliding window blends overlapping windows whose borders were padded, which changes pixels. Here each tile
    is read with a halo as wide as what its pixels depend on, and only its core is kept: where the generator normalises
    by fixed statistics, no pixel depends on the tiling. Tiles start at multiples of the network's stride.

    Most of a `ResNetGenerator`'s reach is its trunk's, at an eighth of the resolution, where a whole slice is small.
    Its three parts are therefore run one after the other: the encoder tile by tile, the trunk on the whole slice, the
    decoder tile by tile, with a halo of `encoder_halo` and `decoder_halo` instead of `halo` pixels. Any other network
    with `stride` and `halo` is run as a whole on each tile.

    What is of one grey value in large parts of a slice, as outside a round field of view, takes the network's answer to
    a constant, see `scripts.inferers.sparse`. The first such slice is stained both ways: where the bits differ, all is
    computed.

    The members of a `StainEnsemble` stain a slice one after the other, each as it would alone.

    Args:
        tile_size: longest side of a tile's core in pixels, rounded up to a multiple of ``network.stride``.
        amp: compute in bfloat16 where autocast allows.
        as_uint8: return levels 0 to 255, rounded tile by tile, which take a quarter of the memory of float32.
        skip_blank: false: what is of one grey value is computed, too.

    Raises:
        InputError: tile_size is not a positive whole number.
    """

    def __init__(
        self, tile_size: int = 512, amp: bool = False, as_uint8: bool = False, skip_blank: bool = True
    ) -> None:
        super().__init__()
        if not isinstance(tile_size, int) or isinstance(tile_size, bool) or tile_size <= 0:
            raise InputError(f"tile_size must be a positive number of pixels, got {tile_size}.")
        self.tile_size, self.amp, self.as_uint8 = tile_size, truth(amp, "amp"), truth(as_uint8, "as_uint8")
        self._sparsity = Sparsity() if skip_blank else None

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        on_trunk: OnTrunk | None = None,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Return ``network(inputs)`` for (N, C, H, W) inputs: float32, or uint8 levels of an output in [0, 1].

        Args:
            inputs: slices.
            network: see above.
            args, kwargs: for the network; one that is run in parts takes none.
            on_trunk: is called with the features (1, C', h, w) of the trunk's end, slice after slice, where the network
                is run in parts; of an ensemble member after member.
        """
        if not inputs.numel():
            raise ValueError(f"nothing to stain in an input of shape {tuple(inputs.shape)}.")
        stride: int = network.stride  # type: ignore[attr-defined]
        outputs: torch.Tensor | None = None
        features: list[torch.Tensor] = []  # of a whole slice, overwritten by the next one
        answers: dict[Any, Any] = {}  # of this network to blank tiles
        with autocast(inputs.device, self.amp):
            for index in range(len(inputs)):  # one slice at a time, to save memory
                image = inputs[index : index + 1]
                cores = tiles(image.shape[-2:], self.tile_size, stride)
                stained_tiles = self._tiles(image, network, cores, features, answers, on_trunk, *args, **kwargs)
                for (rows, columns), stained in stained_tiles:
                    if outputs is None:
                        kind = torch.uint8 if self.as_uint8 else torch.float32
                        shape = (len(inputs), stained.shape[1], *image.shape[-2:])
                        outputs = empty_slab(shape, kind, stained.device)
                    levels = (stained.float() * 255).round_().clamp_(0, 255) if self.as_uint8 else stained
                    outputs[index : index + 1, :, rows, columns] = levels
                if not features:
                    _tidy_up(image.device)
        _tidy_up(inputs.device)
        assert outputs is not None
        return outputs

    def _tiles(
        self,
        image: torch.Tensor,
        network: Any,
        cores: list[Core],
        features: list[torch.Tensor],
        answers: dict[Any, Any],
        on_trunk: OnTrunk | None,
        *args: Any,
        **kwargs: Any,
    ) -> Iterator[Tile]:
        """Stain one slice, in the way that is best for the network."""
        if isinstance(network, StainEnsemble):
            alone = (
                self._tiles(image, member, cores, features, answers.setdefault(number, {}), on_trunk, *args, **kwargs)
                for number, member in enumerate(members_of(network))
            )
            mean = mean_of(_put_together(image, stained_tiles) for stained_tiles in alone)
            return (((rows, columns), mean[..., rows, columns]) for rows, columns in cores)
        if isinstance(network, ResNetGenerator):
            return self._in_parts(image, network, cores, features, answers, on_trunk)
        return _as_a_whole(image, network, cores, answers, *args, **kwargs)

    def _in_parts(
        self,
        image: torch.Tensor,
        network: ResNetGenerator,
        cores: list[Core],
        features: list[torch.Tensor],
        answers: dict[float, Answer | None],
        on_trunk: OnTrunk | None,
    ) -> Iterator[Tile]:
        """Stain one slice; where it is blank nothing is computed, if that gives the same bits."""
        if self._sparsity is None:
            return in_parts(image, network, cores, features, on_trunk)
        layout, trust = self._sparsity.layout(image, network, cores, answers), self._sparsity.trust(network)
        shapes = (
            set() if layout is None else {(*shape, image.device, self.amp, *image.shape) for shape in layout.shapes}
        )
        known = trust.shapes is not None and shapes <= trust.shapes
        if layout is None or known:
            return in_parts(image, network, cores, features, on_trunk, layout)
        if trust.trials >= TRIALS:
            trust.misses += 1
            if trust.misses > MISSES:
                trust.shapes = None  # each slice is blank elsewhere: to plan would cost and gain nothing
            return in_parts(image, network, cores, features, on_trunk)
        trust.trials += 1
        ends: list[torch.Tensor] = []

        def keep(end: torch.Tensor) -> None:
            ends.append(end.clone())  # without a trunk it is what is overwritten

        whole = _put_together(image, in_parts(image, network, cores, features, keep))
        sparse = _put_together(image, in_parts(image, network, cores, features, keep, layout))
        if torch.equal(whole, sparse) and torch.equal(*ends):
            trust.shapes = shapes | (trust.shapes or set())
        else:
            trust.shapes = None  # kernels of other shapes round otherwise
        if on_trunk is not None:
            on_trunk(ends[0])
        return iter([((slice(0, image.shape[2]), slice(0, image.shape[3])), whole)])


def _put_together(image: torch.Tensor, stained_tiles: Iterator[Tile]) -> torch.Tensor:
    """The stain (1, C, H, W) of a slice, as it comes from the network."""
    whole: torch.Tensor | None = None
    for (rows, columns), stained in stained_tiles:
        if whole is None:
            whole = stained.new_empty((1, stained.shape[1], *image.shape[-2:]))
        whole[..., rows, columns] = stained
    assert whole is not None
    return whole


def _as_a_whole(
    image: torch.Tensor, network: Any, cores: list[Core], answers: dict[Any, torch.Tensor], *args: Any, **kwargs: Any
) -> Iterator[Tile]:
    """Stain one slice. The stain of a blank tile is kept in `answers`, and taken for those of the same shape."""
    shape, halo = image.shape[-2:], network.halo
    for rows, columns in cores:
        y, x = grown_by(rows, halo, shape[0]), grown_by(columns, halo, shape[1])
        tile = image[..., y, x]
        first = tile[0, 0, 0, 0]
        blank = (tile.shape, float(first)) if bool((tile == first).all()) else None
        stained = answers.get(blank) if blank else None
        if stained is None:
            stained = network(tile, *args, **kwargs)
            if blank:
                answers[blank] = stained
        yield (rows, columns), stained[..., within(rows, y), within(columns, x)]


def _tidy_up(device: torch.device) -> None:
    """Give freed memory back: the next part of the work needs blocks of other sizes, and freed ones would pile up."""
    if device.type == "cpu":
        give_back_freed_memory()


def tiles(shape: Sequence[int], size: int, stride: int) -> list[Core]:
    """Rows and columns of the tiles of an image: nearly equal ones, no longer than `size` rounded up to the stride."""
    rows, columns = (list(_equal_spans(length, -(-size // stride) * stride, stride)) for length in shape)
    return [(slice(*row), slice(*column)) for row in rows for column in columns]


def _equal_spans(length: int, size: int, stride: int) -> Iterator[tuple[int, int]]:
    count = -(-length // size)
    return spans(length, -(-length // (count * stride)) * stride)
