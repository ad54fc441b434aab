"""How sure a generator is of each pixel: by how much its stain changes when the slice is turned and mirrored, and by
how unlike the training the place is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional as F

from scripts.errors import InputError
from scripts.inferers.parts import OnTrunk
from scripts.inferers.tiles import TileInferer
from scripts.memory import empty_slab
from scripts.networks.ensemble import mean_of, members_of
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
    augmentation, Wang et al., Neurocomputing 2019). The stain itself is that of the slice as it lies, no average of
    views. Of a `StainEnsemble` all views of all members count, so that what its members disagree on is uncertain.

    Novelty: how unlike the training a place is, see `Familiar`. It takes no further pass of the network. Of an ensemble
    it is the mean of what its members say, each of its own training.

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
        self, image: torch.Tensor, network: Any, familiar: Sequence[Familiar] | None, *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """Stain (1, 3, H, W) of the slice as it lies, and (1, 1, H, W) each: the views' standard deviation, novelty."""
        novelty: list[torch.Tensor] = []
        members, spread = members_of(network), _Spread()

        def stains() -> Iterator[torch.Tensor]:
            for number, member in enumerate(members):

                def measure(features: torch.Tensor, number: int = number) -> None:
                    if familiar is not None:
                        found = familiar[number].novelty(features)
                        novelty.append(upsampled(found, network.stride, image.shape[-2:]))

                views = self.laid_back(image, member, *args, on_trunk=measure, **kwargs)
                stained = next(views)
                if self.views > 1:
                    spread.add(stained)
                    for view in views:
                        spread.add(view)
                yield stained

        yield mean_of(stains())
        if self.views > 1:
            yield spread.deviation()
        if novelty:
            yield mean_of(novelty)


class _Spread:
    """Standard deviation of stains (1, 3, H, W), over their differences from the first one, whose squares are small."""

    def __init__(self) -> None:
        self.count, self.first = 0, torch.empty(0)

    def add(self, stain: torch.Tensor) -> None:
        self.count += 1
        if self.count == 1:
            self.first, self.total, self.squares = stain, torch.zeros_like(stain), torch.zeros_like(stain)
            return
        difference = stain - self.first
        self.total += difference
        self.squares += difference.square_()

    def deviation(self) -> torch.Tensor:
        """(1, 1, H, W), mean of the colours."""
        variance = self.squares / self.count - (self.total / self.count).square_()
        return variance.clamp_(min=0).sqrt_().mean(dim=1, keepdim=True)


def require_familiar(network: Any) -> list[Familiar]:
    """The features that a network knows of its training; of an ensemble those of each member.

    Raises:
        InputError: it knows none.
    """
    known = [getattr(member, "known_features", None) for member in members_of(network)]
    found = [familiar for familiar in known if familiar is not None]
    if len(found) < len(known):
        raise InputError(
            f"{NOT_KNOWN}: the weights do not keep the features of their training, as those of version 0.9, exported "
            "ones and a StainUNet's. Leave --novelty out, or add the features with python -m bundle familiar."
        )
    return found


def upsampled(coarse: torch.Tensor, stride: int, shape: torch.Size) -> torch.Tensor:
    """A map (1, 1, h, w) at the trunk's resolution on the grid of an image (H, W)."""
    fine = F.interpolate(coarse, scale_factor=float(stride), mode="bilinear", align_corners=False)
    return fine[..., : shape[0], : shape[1]]
