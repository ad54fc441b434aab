"""One slice through the three parts of a generator: encoder and decoder tile by tile, the trunk on the whole slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from scripts.inferers.sparse import Core, Layout, sparse_trunk
from scripts.memory import empty_slab
from scripts.networks import ResNetGenerator

Tile = tuple[Core, torch.Tensor]
OnTrunk = Callable[[torch.Tensor], None]


def in_parts(
    image: torch.Tensor,
    network: ResNetGenerator,
    cores: list[Core],
    features: list[torch.Tensor],
    on_trunk: OnTrunk | None,
    layout: Layout | None = None,
) -> Iterator[Tile]:
    """Stain one slice.

    Args:
        image: (1, 1, H, W).
        network: that has parts.
        cores: of the tiles.
        features: of the slice at half, quarter ... resolution, which are made if empty.
        on_trunk: see `TileInferer`.
        layout: what of it is computed; None: all.
    """
    _encode(image, network, features, [(core, [core]) for core in cores] if layout is None else layout.encoder, layout)
    *fine, coarsest = features
    lowest = network.trunk(coarsest) if layout is None else sparse_trunk(network, coarsest, layout)
    if on_trunk is not None:
        on_trunk(lowest)
    levels = [*fine, lowest]
    if layout is None:
        yield from _decode(image, network, levels, cores)
        return
    for core, parts in layout.decoder:
        if parts != [core]:
            yield core, layout.answer.stain_of(core, image.shape[2:], network.stride)
        yield from _decode(image, network, levels, parts)


def _encode(
    image: torch.Tensor,
    network: ResNetGenerator,
    features: list[torch.Tensor],
    tiled: list[tuple[Core, list[Core]]],
    layout: Layout | None,
) -> None:
    """Fill `features`, tile by tile: in parts of it, with the answer to a constant elsewhere."""
    shape, stride = image.shape[-2:], network.stride
    scales = [2**level for level in range(1, stride.bit_length())]
    if not features and layout is not None:
        features += _empty_features(layout.answer.encoded, shape, stride)
    for core, parts in tiled:
        if layout is not None and parts != [core]:
            for whole, constant, scale in zip(features, layout.answer.encoded, scales, strict=True):
                whole[..., _coarse(core[0], scale, stride), _coarse(core[1], scale, stride)] = constant
        for rows, columns in parts:
            y, x = grown_by(rows, network.encoder_halo, shape[0]), grown_by(columns, network.encoder_halo, shape[1])
            encoded = network.encode(image[..., y, x])
            if not features:
                features += _empty_features(encoded, shape, stride)
            for whole, level, scale in zip(features, encoded, scales, strict=True):
                found = level[..., _coarse(within(rows, y), scale, stride), _coarse(within(columns, x), scale, stride)]
                whole[..., _coarse(rows, scale, stride), _coarse(columns, scale, stride)] = found
            del encoded


def _decode(
    image: torch.Tensor, network: ResNetGenerator, levels: list[torch.Tensor], cores: list[Core]
) -> Iterator[Tile]:
    shape, stride = image.shape[-2:], network.stride
    scales = [2**level for level in range(1, stride.bit_length())]
    for rows, columns in cores:
        y, x = grown_by(rows, network.decoder_halo, shape[0]), grown_by(columns, network.decoder_halo, shape[1])
        *finer, coarse = (
            level[..., _coarse(y, scale, stride), _coarse(x, scale, stride)]
            for level, scale in zip(levels, scales, strict=True)
        )
        stained = network.decode(coarse, finer)
        yield (rows, columns), stained[..., within(rows, y), within(columns, x)]


def _empty_features(like: list[torch.Tensor], shape: torch.Size, stride: int) -> list[torch.Tensor]:
    """Features of a whole slice, channels last, which convolutions on a CPU are fastest with."""
    made = []
    for number, level in enumerate(like, 1):
        height, width = (-(-side // stride) * stride // 2**number for side in shape)
        whole = empty_slab((len(level), height, width, level.shape[1]), level.dtype, level.device)
        made.append(whole.permute(0, 3, 1, 2))
    return made


def grown_by(core: slice, halo: int, length: int) -> slice:
    return slice(max(0, core.start - halo), min(length, core.stop + halo))


def within(core: slice, outer: slice) -> slice:
    return slice(core.start - outer.start, core.stop - outer.start)


def _coarse(pixels: slice, scale: int, stride: int) -> slice:
    """The same stretch at a lower resolution, with the padding that fills up the last stride of an image."""
    return slice(pixels.start // scale, -(-pixels.stop // stride) * stride // scale)
