"""Augmentation that MONAI lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

#: Intensities below one 8-bit grey level are taken as this level: the optical density of black is not finite.
DARKEST = 1.0 / 255.0


class RandStainJitter(RandomizableTransform):
    """Change the strength of a stain, channel by channel, as slides differ from batch to batch.

    By the law of Beer and Lambert the optical density -log(I) is proportional to the amount of dye, so the density
    of channel c is multiplied by ``overall * own[c]``; white stays white.

    Args:
        strength: the common factor is drawn from [1 - strength, 1 + strength].
        hue: the factor of each channel is drawn from [1 - hue, 1 + hue].
        prob: probability of doing anything.
    """

    def __init__(self, strength: float = 0.1, hue: float = 0.03, prob: float = 0.5) -> None:
        super().__init__(prob)
        self.strength, self.hue = strength, hue
        self.gains: np.ndarray = np.ones(3)

    def randomize(self, data: None = None) -> None:
        """Draw the factors of the next call."""
        super().randomize(None)
        overall = self.R.uniform(1 - self.strength, 1 + self.strength)
        self.gains = overall * self.R.uniform(1 - self.hue, 1 + self.hue, size=3)

    def __call__(self, stain: torch.Tensor, randomize: bool = True) -> torch.Tensor:
        """Return the jittered section.

        Args:
            stain: (3, H, W) in [0, 1].
            randomize: draw new factors first.

        Returns:
            Tensor of the same shape, in [0, 1].
        """
        if randomize:
            self.randomize()
        if not self._do_transform:
            return stain
        gains = torch.as_tensor(self.gains, dtype=stain.dtype, device=stain.device)[:, None, None]
        return stain.clamp(min=DARKEST) ** gains


class RandStainJitterd(RandomizableTransform, MapTransform):
    """Dictionary form of `RandStainJitter`; all keys get the same factors.

    Args:
        keys: sections to change.
        strength: see `RandStainJitter`.
        hue: see `RandStainJitter`.
        prob: probability of doing anything.
        allow_missing_keys: whether an item may lack a key.
    """

    def __init__(
        self,
        keys: KeysCollection = "label",
        strength: float = 0.1,
        hue: float = 0.03,
        prob: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, 1.0)
        self.jitter = RandStainJitter(strength, hue, prob)

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> RandStainJitterd:
        """Seed the draws; see ``monai.transforms.Randomizable``."""
        super().set_random_state(seed, state)
        self.jitter.set_random_state(seed, state)
        return self

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with its sections jittered."""
        item = dict(data)
        self.jitter.randomize()
        for key in self.key_iterator(item):
            item[key] = self.jitter(item[key], randomize=False)
        return item
