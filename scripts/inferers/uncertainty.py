"""How sure a generator is of each pixel: by how much its stain changes when the slice is turned and mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from scripts.errors import InputError
from scripts.inferers.tiles import TileInferer
from scripts.memory import empty_slab
from scripts.options.values import truth

#: Quarter turns, and whether the slice is mirrored left-right before; what adds most comes first.
VIEWS = ((0, False), (0, True), (1, False), (2, False), (3, False), (1, True), (2, True), (3, True))
STEPS = 4  # of uint8 uncertainty in a grey level: it resolves a quarter of a level, and ends at 63.75 levels


class UncertaintyInferer(TileInferer):
    """Stain each slice and turned and mirrored copies of it, and return how much the results differ.

    The tissue is the same whichever way a slice lies, so an ideal generator would give the same colours (test-time
    augmentation, Wang et al., Neurocomputing 2019). The stain itself is that of the slice as it lies, no average.

    Args:
        uncertainty: false for a plain `TileInferer`.
        views: ways to lay a slice, 2 to 8, each as much work as staining; 1 where `uncertainty` is false.
        tile_size, amp, as_uint8: see `TileInferer`.

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
    ) -> None:
        super().__init__(tile_size, amp, as_uint8)
        if not isinstance(views, int) or isinstance(views, bool) or not 2 <= views <= len(VIEWS):
            raise InputError(f"views is {views!r}: give --views a whole number from 2 to {len(VIEWS)}.")
        self.views = views if truth(uncertainty, "uncertainty") else 1
        self._plain = TileInferer(tile_size, amp)

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Stain (N, 1, H, W).

        Returns:
            (N, 4, H, W): red, green, blue as a `TileInferer` gives them, and the standard deviation of the views,
            averaged over the colours: of a stain in [0, 1], or as uint8 in quarters of a grey level (see `STEPS`).
            Without uncertainty (N, 3, H, W).
        """
        if self.views == 1:
            return super().__call__(inputs, network, *args, **kwargs)
        outputs: torch.Tensor | None = None
        for index in range(len(inputs)):  # one slice at a time, to save memory
            stained, deviation = self._slice(inputs[index : index + 1], network, *args, **kwargs)
            both = torch.cat([stained, deviation], dim=1)
            if self.as_uint8:
                both[:, 3] *= STEPS
                both = (both * 255).round_().clamp_(0, 255).to(torch.uint8)
            if outputs is None:
                outputs = empty_slab((len(inputs), *both.shape[1:]), both.dtype, both.device)
            outputs[index] = both[0]
        if outputs is None:
            raise ValueError(f"nothing to stain in an input of shape {tuple(inputs.shape)}.")
        return outputs

    def laid_back(
        self, image: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """The stain (N, 3, H, W) of each view, laid back as the image (N, 1, H, W) lies; the first is the image's."""
        for turns, mirrored in VIEWS[: self.views]:
            view = torch.rot90(image.flip(3) if mirrored else image, turns, (2, 3)).contiguous()
            back = torch.rot90(self._plain(view, network, *args, **kwargs), -turns, (2, 3))
            yield back.flip(3) if mirrored else back

    def _slice(
        self, image: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Stain (1, 3, H, W) of the slice as it lies, and the views' standard deviation (1, 1, H, W)."""
        views = self.laid_back(image, network, *args, **kwargs)
        stained = next(views)
        total, squares = torch.zeros_like(stained), torch.zeros_like(stained)
        for view in views:
            difference = view - stained  # the squares of small differences keep their digits
            total += difference
            squares += difference.square_()
        variance = squares / self.views - (total / self.views).square_()
        return stained, variance.clamp_(min=0).sqrt_().mean(dim=1, keepdim=True)
