"""How sure a generator is of each pixel: by how much its stain changes when the slice is turned and mirrored, and by
how unlike the training the place is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional as F

from scripts.errors import InputError
from scripts.inferers.parts import OnTrunk
from scripts.inferers.tiles import TileInferer
from scripts.memory import empty_slab
from scripts.networks.familiar import NOT_KNOWN, Familiar
from scripts.options.values import truth

#: Quarter turns, and whether the slice is mirrored left-right before; what adds most comes first.
VIEWS = ((0, False), (0, True), (1, False), (2, False), (3, False), (1, True), (2, True), (3, True))
STEPS = 4  # of uint8 uncertainty in a grey level: it resolves a quarter of a level, and ends at 63.75 levels
NOVEL = 128  # level of uint8 novelty that 1 % of the places in held-out slices exceed


class UncertaintyInferer(TileInferer):
    """Stain each slice, and say how sure the network is of it, in one or two more channels.

    Uncertainty: turned and mirrored copies of the slice are stained, too, and how much the results differ is returned.
    The tissue is the same whichever way a slice lies, so an ideal generator would give the same colours (test-time
    augmentation, Wang et al., Neurocomputing 2019). The stain itself is that of the slice as it lies, no average.

    Novelty: how unlike the training a place is, see `Familiar`. It takes no further pass of the network.

    Args:
        uncertainty: false for no views.
        views: ways to lay a slice, 2 to 8, each as much work as staining; 1 where `uncertainty` is false.
        tile_size, amp, as_uint8: see `TileInferer`.
        novelty: true for novelty. The network has to know the features of its training.

    Raises:
        InputError: options out of range.
    """

    def __init__(
        self,
        uncertainty: bool | str = True,
        views: int = 4,
        tile_size: int = 512,
        amp: bool = False,
        as_uint8: bool = False,
        novelty: bool | str = False,
    ) -> None:
        super().__init__(tile_size, amp, as_uint8)
        if not isinstance(views, int) or isinstance(views, bool) or not 2 <= views <= len(VIEWS):
            raise InputError(f"views is {views!r}: give --views a whole number from 2 to {len(VIEWS)}.")
        self.views = views if truth(uncertainty, "uncertainty") else 1
        self.novelty = truth(novelty, "novelty")
        self._plain = TileInferer(tile_size, amp)

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        on_trunk: OnTrunk | None = None,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Stain (N, 1, H, W).

        Returns:
            (N, C, H, W): red, green, blue as a `TileInferer` gives them; with uncertainty the standard deviation of the
            views, averaged over the colours: of a stain in [0, 1], or as uint8 in quarters of a grey level (see
            `STEPS`); with novelty that of `Familiar`, or as uint8 128 times that.

        Raises:
            InputError: novelty is asked for, and the network does not know the features of its training.
        """
        if self.views == 1 and not self.novelty:
            return super().__call__(inputs, network, *args, on_trunk=on_trunk, **kwargs)
        familiar = require_familiar(network) if self.novelty else None
        outputs: torch.Tensor | None = None
        for index in range(len(inputs)):  # one slice at a time, to save memory
            maps = torch.cat(list(self._slice(inputs[index : index + 1], network, familiar, *args, **kwargs)), dim=1)
            if self.as_uint8:
                steps = [1.0] * 3 + [STEPS] * (self.views > 1) + [NOVEL / 255] * self.novelty
                maps *= 255 * torch.tensor(steps, device=maps.device).view(1, -1, 1, 1)
                maps = maps.round_().clamp_(0, 255).to(torch.uint8)
            if outputs is None:
                outputs = empty_slab((len(inputs), *maps.shape[1:]), maps.dtype, maps.device)
            outputs[index] = maps[0]
        if outputs is None:
            raise ValueError(f"nothing to stain in an input of shape {tuple(inputs.shape)}.")
        return outputs

    def laid_back(
        self,
        image: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        on_trunk: OnTrunk | None = None,
        **kwargs: Any,
    ) -> Iterator[torch.Tensor]:
        """The stain (N, 3, H, W) of each view, laid back as the image (N, 1, H, W) lies; the first is the image's.

        `on_trunk` is called for the first view only.
        """
        for turns, mirrored in VIEWS[: self.views]:
            view = torch.rot90(image.flip(3) if mirrored else image, turns, (2, 3)).contiguous()
            stained = self._plain(view, network, *args, on_trunk=on_trunk, **kwargs)
            back, on_trunk = torch.rot90(stained, -turns, (2, 3)), None
            yield back.flip(3) if mirrored else back

    def _slice(
        self, image: torch.Tensor, network: Any, familiar: Familiar | None, *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """Stain (1, 3, H, W) of the slice as it lies, and (1, 1, H, W) each: the views' standard deviation, novelty."""
        novelty: list[torch.Tensor] = []

        def measure(features: torch.Tensor) -> None:
            if familiar is not None:
                novelty.append(upsampled(familiar.novelty(features), network.stride, image.shape[-2:]))

        views = self.laid_back(image, network, *args, on_trunk=measure, **kwargs)
        stained = next(views)
        yield stained
        if self.views > 1:
            yield self._deviation(stained, views)
        yield from novelty

    def _deviation(self, stained: torch.Tensor, views: Iterator[torch.Tensor]) -> torch.Tensor:
        """Standard deviation (1, 1, H, W) of the first view and the others."""
        total, squares = torch.zeros_like(stained), torch.zeros_like(stained)
        for view in views:
            difference = view - stained  # the squares of small differences keep their digits
            total += difference
            squares += difference.square_()
        variance = squares / self.views - (total / self.views).square_()
        return variance.clamp_(min=0).sqrt_().mean(dim=1, keepdim=True)


def require_familiar(network: Any) -> Familiar:
    """The features that a network knows of its training.

    Raises:
        InputError: it knows none.
    """
    familiar: Familiar | None = getattr(network, "known_features", None)
    if familiar is None:
        raise InputError(
            f"{NOT_KNOWN}: the weights do not keep the features of their training, as those of version 0.9, exported "
            "ones and a StainUNet's. Leave --novelty out, or add the features with python -m bundle familiar."
        )
    return familiar


def upsampled(coarse: torch.Tensor, stride: int, shape: torch.Size) -> torch.Tensor:
    """A map (1, 1, h, w) at the trunk's resolution on the grid of an image (H, W)."""
    fine = F.interpolate(coarse, scale_factor=float(stride), mode="bilinear", align_corners=False)
    return fine[..., : shape[0], : shape[1]]
