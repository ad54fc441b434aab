from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.color import deltaE_cie76, rgb2lab

from scripts.metrics.colour_difference import colour_difference


def test_equals_scikit_image() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 9, 7, 3))
    one[0, 0], other[0, 0] = 0, 0.01  # the linear part of both curves
    expected = deltaE_cie76(rgb2lab(one), rgb2lab(other))
    found = colour_difference(*(torch.from_numpy(image).permute(2, 0, 1) for image in (one, other)))
    np.testing.assert_allclose(found.numpy(), expected, atol=0.01)  # their white is rounded


def test_black_and_white_are_100_apart_and_equal_colours_0() -> None:
    black, white = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert colour_difference(black, white).shape == (2, 4, 4)
    assert colour_difference(black, white).numpy() == pytest.approx(100, abs=1e-3)
    assert colour_difference(white, white).max() == 0
