"""Staining in tiles that give the same pixels as the whole slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from monai.inferers import Inferer

from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.memory import empty_slab, give_back_freed_memory
from scripts.networks import ResNetGenerator
from scripts.options.values import truth
from scripts.precision import autocast

Core = tuple[slice, slice]  # rows, columns
Tile = tuple[Core, torch.Tensor]
OnTrunk = Callable[[torch.Tensor], None]


class TileInferer(Inferer):
    """Apply a fully convolutional generator tile by tile, exactly.

    MONAI's sliding window blends overlapping windows whose borders were padded, which changes pixels. Here each tile
    is read with a halo as wide as what its pixels depend on, and only its core is kept: where the generator normalises
    by fixed statistics, no pixel depends on the tiling. Tiles start at multiples of the network's stride.

    Most of a `ResNetGenerator`'s reach is its trunk's, at an eighth of the resolution, where a whole slice is small.
    Its three parts are therefore run one after the other: the encoder tile by tile, the trunk on the whole slice, the
    decoder tile by tile, with a halo of `encoder_halo` and `decoder_halo` instead of `halo` pixels. Any other network
    with `stride` and `halo` is run as a whole on each tile.

    Args:
        tile_size: longest side of a tile's core in pixels, rounded up to a multiple of ``network.stride``.
        amp: compute in bfloat16 where autocast allows.
        as_uint8: return levels 0 to 255, rounded tile by tile, which take a quarter of the memory of float32.

    Raises:
        InputError: tile_size is not a positive whole number.
    """

    def __init__(self, tile_size: int = 512, amp: bool = False, as_uint8: bool = False) -> None:
        super().__init__()
        if not isinstance(tile_size, int) or isinstance(tile_size, bool) or tile_size <= 0:
            raise InputError(f"tile_size must be a positive number of pixels, got {tile_size}.")
        self.tile_size, self.amp, self.as_uint8 = tile_size, truth(amp, "amp"), truth(as_uint8, "as_uint8")

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
                is run in parts.
        """
        if not inputs.numel():
            raise ValueError(f"nothing to stain in an input of shape {tuple(inputs.shape)}.")
        stride: int = network.stride  # type: ignore[attr-defined]
        outputs: torch.Tensor | None = None
        features: list[torch.Tensor] = []  # of a whole slice, overwritten by the next one
        with autocast(inputs.device, self.amp):
            for index in range(len(inputs)):  # one slice at a time, to save memory
                image = inputs[index : index + 1]
                cores = tiles(image.shape[-2:], self.tile_size, stride)
                if isinstance(network, ResNetGenerator):
                    stained_tiles = _in_parts(image, network, cores, features, on_trunk)
                else:
                    stained_tiles = _as_a_whole(image, network, cores, *args, **kwargs)
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


def _as_a_whole(image: torch.Tensor, network: Any, cores: list[Core], *args: Any, **kwargs: Any) -> Iterator[Tile]:
    shape, halo = image.shape[-2:], network.halo
    for rows, columns in cores:
        y, x = _grown(rows, halo, shape[0]), _grown(columns, halo, shape[1])
        stained = network(image[..., y, x], *args, **kwargs)
        yield (rows, columns), stained[..., _within(rows, y), _within(columns, x)]


def _in_parts(
    image: torch.Tensor,
    network: ResNetGenerator,
    cores: list[Core],
    features: list[torch.Tensor],
    on_trunk: OnTrunk | None,
) -> Iterator[Tile]:
    """Stain one slice. Its features at half, quarter ... resolution are kept in `features`, which are made if empty."""
    shape, stride = image.shape[-2:], network.stride
    scales = [2**level for level in range(1, stride.bit_length())]
    for rows, columns in cores:
        y, x = _grown(rows, network.encoder_halo, shape[0]), _grown(columns, network.encoder_halo, shape[1])
        encoded = network.encode(image[..., y, x])
        if not features:
            sides = [-(-side // stride) * stride for side in shape]
            features += [
                _empty_like(level, sides[0] // scale, sides[1] // scale)
                for level, scale in zip(encoded, scales, strict=True)
            ]
        for whole, level, scale in zip(features, encoded, scales, strict=True):
            core = level[..., _coarse(_within(rows, y), scale, stride), _coarse(_within(columns, x), scale, stride)]
            whole[..., _coarse(rows, scale, stride), _coarse(columns, scale, stride)] = core
        del encoded
    *fine, coarsest = features
    lowest = network.trunk(coarsest)
    if on_trunk is not None:
        on_trunk(lowest)
    for rows, columns in cores:
        y, x = _grown(rows, network.decoder_halo, shape[0]), _grown(columns, network.decoder_halo, shape[1])
        *finer, coarse = (
            level[..., _coarse(y, scale, stride), _coarse(x, scale, stride)]
            for level, scale in zip([*fine, lowest], scales, strict=True)
        )
        stained = network.decode(coarse, finer)
        yield (rows, columns), stained[..., _within(rows, y), _within(columns, x)]


def _tidy_up(device: torch.device) -> None:
    """Give freed memory back: the next part of the work needs blocks of other sizes, and freed ones would pile up."""
    if device.type == "cpu":
        give_back_freed_memory()


def _empty_like(level: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Features of another size, channels last, which convolutions on a CPU are fastest with."""
    whole = empty_slab((len(level), height, width, level.shape[1]), level.dtype, level.device)
    return whole.permute(0, 3, 1, 2)


def tiles(shape: Sequence[int], size: int, stride: int) -> list[Core]:
    """Rows and columns of the tiles of an image: nearly equal ones, no longer than `size` rounded up to the stride."""
    rows, columns = (list(_equal_spans(length, -(-size // stride) * stride, stride)) for length in shape)
    return [(slice(*row), slice(*column)) for row in rows for column in columns]


def _equal_spans(length: int, size: int, stride: int) -> Iterator[tuple[int, int]]:
    count = -(-length // size)
    return spans(length, -(-length // (count * stride)) * stride)


def _grown(core: slice, halo: int, length: int) -> slice:
    return slice(max(0, core.start - halo), min(length, core.stop + halo))


def _within(core: slice, outer: slice) -> slice:
    return slice(core.start - outer.start, core.stop - outer.start)


def _coarse(pixels: slice, scale: int, stride: int) -> slice:
    """The same stretch at a lower resolution, with the padding that fills up the last stride of an image."""
    return slice(pixels.start // scale, -(-pixels.stop // stride) * stride // scale)
