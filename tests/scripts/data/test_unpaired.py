from __future__ import annotations

from collections import Counter
from typing import Any

import torch

from scripts.data import UnpairedDataset


class Pairs:
    """Items of two patches, all of whose values are the number of the pair."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> list[dict[str, Any]]:
        return [{key: torch.tensor(index) for key in ("image", "label", "mask")} for _ in range(2)]


def test_ct_stays_and_any_section_comes_with_its_mask() -> None:
    torch.manual_seed(0)
    dataset = UnpairedDataset(Pairs())
    assert len(dataset) == 5
    sections: Counter[int] = Counter()
    for _ in range(200):
        patches = dataset[3]
        assert len(patches) == 2
        for patch in patches:
            assert patch["image"] == 3
            assert patch["label"] == patch["mask"]
            sections[int(patch["label"])] += 1
    assert set(sections) == {0, 1, 2, 3, 4}
    # 200 draws of five: 40 each, with a standard deviation of 5.7; five of them leave room
    assert all(abs(count / 2 - 40) < 29 for count in sections.values())


def test_drawn_by_torchs_seed() -> None:
    dataset = UnpairedDataset(Pairs())

    def draw() -> list[int]:
        torch.manual_seed(1)
        return [int(dataset[0][0]["label"]) for _ in range(10)]

    assert draw() == draw()
