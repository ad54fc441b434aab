"""Pairs taken apart, for methods that learn without them."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset


class UnpairedDataset(Dataset[list[dict[str, torch.Tensor]]]):
    """Give the CT of each pair a section drawn at random, anew each time, as the unpaired CycleGAN sees them.

    Random numbers come from torch's global generator. A pair's own section is drawn as often as any other; the
    patch of it is cut by a draw of its own.

    Args:
        dataset: of pairs, with a length; each item is a list of patches, dictionaries of tensors.
        image_key: entry that stays; every other comes from the other pair, the mask of the section among them.
    """

    def __init__(self, dataset: Any, image_key: str = "image") -> None:
        self.dataset, self.image_key = dataset, image_key

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> list[dict[str, torch.Tensor]]:
        patches = self.dataset[index]
        others = self.dataset[int(torch.randint(len(self), ()))]
        return [{**other, self.image_key: patch[self.image_key]} for patch, other in zip(patches, others, strict=True)]
