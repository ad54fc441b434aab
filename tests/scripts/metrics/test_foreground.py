from __future__ import annotations

import torch

from scripts.metrics.foreground import tissue_foreground


def test_tissue_is_found_and_its_holes_are_filled():
    label = torch.full((3, 60, 80), 0.97)  # empty slide, not quite white
    label[:, 10:50, 20:70] = torch.tensor([0.6, 0.7, 0.9])[
        :, None, None
    ]  # pale blue: blue alone is above the threshold
    label[:, 25:35, 40:50] = 0.98  # marrow
    label[:, 5, 5] = 0.0  # a speck
    foreground = tissue_foreground(label)
    assert foreground.shape == (1, 60, 80)
    assert foreground.dtype == torch.float32
    expected = torch.zeros(1, 60, 80)
    expected[:, 10:50, 20:70] = 1
    for rows in (slice(10, 13), slice(47, 50)):  # corners are rounded by the window, at most 3 pixels
        for columns in (slice(20, 23), slice(67, 70)):
            expected[:, rows, columns] = foreground[:, rows, columns]
    assert torch.equal(foreground, expected)


def test_empty_slide_has_no_foreground():
    assert tissue_foreground(torch.ones(3, 20, 20)).sum() == 0
