"""Tables fitted on pairs whose table is known."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.lookup_table.choice import choose_lut
from scripts.lookup_table.table import apply_lut, fit_lut
from tests.scripts.lookup_table.known_table import BINS, colour, noise, pairs, true_table


def test_known_table_is_recovered() -> None:
    table = fit_lut(pairs(range(4), 0), 0, BINS)
    # The colours are means of float32 numbers.
    assert np.abs(table - true_table()).max() < 1e-6
    image = noise(9)
    assert np.abs(apply_lut(image, table, 0) - colour(image, 0)).max() < 1e-6


def test_mean_colour_mask_and_empty_bins_by_hand() -> None:
    image = np.array([[[0.0, 0.1, 1.0, 0.6]]])  # bins 0, 0, 3, 2 of 4
    label = np.array([0.2, 0.4, 0.9, 0.0])[None, None].repeat(3, axis=0)
    mask = np.array([[[1, 1, 1, 0]]])
    table = fit_lut([{"image": image, "label": label, "mask": mask}], 0, 4)
    # Bin 0: mean of 0.2 and 0.4; bin 3: 0.9; bins 1 and 2 lie on the line between.
    assert np.allclose(table, np.array([0.3, 0.5, 0.7, 0.9])[:, None].repeat(3, axis=1))


def test_smoothing_is_found_on_validation_pairs() -> None:
    sigma, table = choose_lut(pairs(range(4), 1.0), pairs(range(4, 6), 1.0), (0.0, 0.5, 1.0, 2.0), BINS)
    assert sigma == 1.0
    seen = fit_lut(pairs(range(4), 1.0), 1.0, BINS)
    assert np.array_equal(table, seen)


def test_nothing_to_fit_on() -> None:
    item = {"image": noise(0), "label": colour(noise(0), 0), "mask": np.zeros((1, 64, 64))}
    with pytest.raises(ValueError, match="no pixel"):
        fit_lut([item], 0, BINS)
