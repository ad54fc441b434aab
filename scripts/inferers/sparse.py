"""Staining a slice only where it is not blank: the rest takes the network's answer to a constant.

A convolution of constant features is constant. So is all that lies farther from anything else than a layer reaches.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from scripts.inferers.blank import Blocks, Rectangle, bands, blank_value, filled_blocks, grown, rectangles
from scripts.networks import ResNetGenerator

SIDE = 24  # blocks of the constant image whose answer is taken; far smaller ones are computed by other kernels
BANDS = (32, 16, 8, 4, 1)  # numbers of strips that the trunk may be computed in
ENCODER, TRUNK, DECODER = 0.17, 0.6, 0.23  # of the time, measured on a CPU
LEAST_SAVED = 0.05  # of the time that must be saved
TRIALS = 8  # slices that are stained both ways, for each network: as many as there are views
MISSES = 16  # slices that are planned in vain before no more are

Core = tuple[slice, slice]  # rows, columns
Tiled = list[tuple[Core, list[Core]]]  # tiles, and the parts of each that are computed
Plan = tuple[Tiled, list[list[Rectangle]], Tiled]


@dataclass(frozen=True)
class Answer:
    """What a network makes of one grey value.

    Attributes:
        encoded: features (1, C, 1, 1) at half, quarter ... resolution.
        trunk: features (1, C, 1, 1) behind each half of each block of the trunk.
        stained: (1, 3, S, S) of an image of that value: up-sampling leaves a pattern, and borders have another.
    """

    encoded: list[torch.Tensor]
    trunk: list[torch.Tensor]
    stained: torch.Tensor

    def stain_of(self, core: Core, shape: torch.Size, stride: int) -> torch.Tensor:
        """The stain (1, 3, rows, columns) of a tile of a slice (H, W)."""
        lines = []
        for span, side in zip(core, shape, strict=True):
            first, last = span.start // stride, -(-span.stop // stride)
            blocks = [0 if n == 0 else 1 if n + 1 < -(-side // stride) else SIDE - 1 for n in range(first, last)]
            pixels = torch.tensor(blocks)[:, None] * stride + torch.arange(stride)
            lines.append(pixels.flatten()[: span.stop - span.start].to(self.stained.device))
        return self.stained[..., lines[0][:, None], lines[1]]


@dataclass(frozen=True)
class Layout:
    """What of a slice is computed.

    Attributes:
        encoder: by tile, the parts of it that the encoder computes.
        trunk: by convolution, strips of blocks from the top to the bottom, each from a first column to a last.
        decoder: by tile, the parts of it that the decoder computes.
        answer: what the rest takes.
    """

    encoder: Tiled
    trunk: list[list[Rectangle]]
    decoder: Tiled
    answer: Answer

    @property
    def shapes(self) -> set[tuple[Any, ...]]:
        """The shapes that convolutions have: whether they give the bits of whole tiles depends on them."""
        found: set[tuple[Any, ...]] = {("answer",)}
        for kind, tiles in (("encoder", self.encoder), ("decoder", self.decoder)):
            found |= {(kind, *(span.stop - span.start for span in part)) for _, parts in tiles for part in parts}
        found |= {("trunk", bottom - top, right - left) for parts in self.trunk for top, bottom, left, right in parts}
        return found


@dataclass
class Trust:
    """Shapes that gave the same bits as whole tiles; None once some did not.

    Attributes:
        shapes: see `Layout.shapes`, with type and device.
        trials: slices that were stained both ways.
        misses: slices planned in shapes that were not tried any more.
    """

    shapes: set[tuple[Any, ...]] | None = field(default_factory=set)
    trials: int = 0
    misses: int = 0


class Sparsity:
    """Plans which parts of slices are computed, and knows in which shapes that gives the same bits."""

    def __init__(self) -> None:
        self._trust: weakref.WeakKeyDictionary[ResNetGenerator, Trust] = weakref.WeakKeyDictionary()
        self._last: weakref.WeakKeyDictionary[ResNetGenerator, tuple[Any, Plan | None]] = weakref.WeakKeyDictionary()

    def trust(self, network: ResNetGenerator) -> Trust:
        """What is known of a network."""
        return self._trust.setdefault(network, Trust())

    def layout(
        self, image: torch.Tensor, network: ResNetGenerator, cores: list[Core], answers: dict[float, Answer | None]
    ) -> Layout | None:
        """Plan a slice, None where all of it is to be computed, as it is on a GPU, which is slow at many small parts.

        Args:
            image: (1, 1, H, W).
            network: in evaluation mode.
            cores: of the tiles.
            answers: of this network, by grey value; what is missing is added.
        """
        if image.device.type != "cpu" or self.trust(network).shapes is None or network.training or image.shape[1] != 1:
            return None
        value = blank_value(image, network.stride)
        if value is None:
            return None
        blocks = filled_blocks(image, value, network.stride)
        key = (value, image.shape, blocks.tobytes())  # a field of view is the same in the next slice
        if network not in self._last or self._last[network][0] != key:
            self._last[network] = key, _plan(network, cores, blocks)
        planned = self._last[network][1]
        if planned is None:
            return None
        if value not in answers:
            answers[value] = answer_to(network, value, image)
        answer = answers[value]
        return None if answer is None else Layout(*planned, answer)


def _plan(network: ResNetGenerator, cores: list[Core], blocks: Blocks) -> Plan | None:
    """What encoder, trunk and decoder compute, see `Layout`; None where that saves too little."""
    around, past = network.encoder_halo // network.stride, network.decoder_halo // network.stride
    filled, convolutions = grown(blocks, around), 2 * len(network.trunk)
    trunk = [bands(grown(filled, number), BANDS) for number in range(1, convolutions + 1)]
    end = grown(filled, convolutions + past)
    encoder = [(core, _parts(core, filled, network.stride, around)) for core in cores]
    decoder = [(core, _parts(core, end, network.stride, past)) for core in cores]
    left = ENCODER * _share(encoder) + DECODER * _share(decoder)
    left += TRUNK * float(np.mean([_area(strips) / filled.size for strips in trunk])) if trunk else 0.0
    return None if left > 1 - LEAST_SAVED else (encoder, trunk, decoder)


def _parts(core: Core, needed: Blocks, stride: int, around: int) -> list[Core]:
    """The parts of a tile that hold all its needed blocks."""
    rows, columns = core
    y, x = (slice(span.start // stride, -(-span.stop // stride)) for span in core)

    def pixels(first: int, last: int, whole: slice) -> slice:
        return slice(whole.start + first * stride, min(whole.stop, whole.start + last * stride))

    found = rectangles(needed[y, x], around)
    return [(pixels(top, bottom, rows), pixels(left, right, columns)) for top, bottom, left, right in found]


def _area(parts: list[Rectangle]) -> int:
    return sum([(bottom - top) * (right - left) for top, bottom, left, right in parts])


def _share(tiles: Tiled) -> float:
    """Part of the pixels that is computed."""

    def pixels(core: Core) -> int:
        rows, columns = core
        return int(rows.stop - rows.start) * int(columns.stop - columns.start)

    return sum(pixels(part) for _, parts in tiles for part in parts) / sum(pixels(core) for core, _ in tiles)


def answer_to(network: ResNetGenerator, value: float, like: torch.Tensor) -> Answer | None:
    """What a network makes of a grey value, None where that is no constant, or no pattern that repeats.

    Args:
        network: in evaluation mode.
        value: in [0, 1].
        like: a slice, whose type and device are taken.
    """
    side = SIDE * network.stride
    levels = network.encode(like.new_full((1, 1, side, side), value))
    behind = [levels[-1]]
    for block in network.trunk:
        branch: Any = block.branch
        middle = branch[:3](behind[-1])
        behind += [middle, behind[-1] + branch[3:](middle)]
    if not all(bool((level == level[..., :1, :1]).all()) for level in (*levels, *behind)):
        return None
    stained = network.decode(behind[-1], levels[:-1])
    answer = Answer([level[..., :1, :1] for level in levels], [level[..., :1, :1] for level in behind[1:]], stained)
    everywhere = (slice(0, side), slice(0, side))
    return answer if torch.equal(answer.stain_of(everywhere, stained.shape[2:], network.stride), stained) else None


def sparse_trunk(network: ResNetGenerator, x: torch.Tensor, layout: Layout) -> torch.Tensor:
    """The trunk's end, from the encoder's features (1, C, h, w)."""
    steps = zip(layout.trunk, layout.answer.trunk, strict=True)
    for block in network.trunk:
        branch: Any = block.branch
        middle = _convolved(branch[:3], x, *next(steps))
        x = _convolved(branch[3:], middle, *next(steps), added=x)
    return x


def _convolved(
    layers: Any, x: torch.Tensor, strips: list[Rectangle], constant: torch.Tensor, added: torch.Tensor | None = None
) -> torch.Tensor:
    """A convolution of the trunk and what follows it, with `added` to it, in strips, and a constant beside them."""
    convolution, *following = layers
    out = torch.empty_like(x, memory_format=torch.channels_last)
    for top, bottom, left, right in strips:
        out[..., top:bottom, :left] = constant
        out[..., top:bottom, right:] = constant
        if left == right:
            continue
        piece = F.conv2d(_with_neighbours(x, top, bottom, left, right), convolution.weight, convolution.bias)
        for layer in following:
            piece = layer(piece)
        place = (..., slice(top, bottom), slice(left, right))
        if added is None:
            out[place] = piece
        else:
            torch.add(added[place], piece, out=out[place])
    return out


def _with_neighbours(x: torch.Tensor, top: int, bottom: int, left: int, right: int) -> torch.Tensor:
    """A part of features and one more line around it, at their border replicated, channels last."""
    height, width = x.shape[-2:]
    part = x[..., max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1]
    outside = (int(left == 0), int(right == width), int(top == 0), int(bottom == height))
    if any(outside):
        with torch.autocast(x.device.type, enabled=False):  # see `replicate`
            part = F.pad(part, outside, mode="replicate")
    return part.contiguous(memory_format=torch.channels_last)
