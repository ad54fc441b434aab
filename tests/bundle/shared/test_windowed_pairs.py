"""Pairs at the pixel size of a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.transform import downscale_local_mean

from bundle.shared.windowed_pairs import load_pairs, training_size
from scripts.errors import InputError


def test_as_they_are_or_at_a_size(phantom: Path) -> None:
    own, same, coarser = (load_pairs(phantom, "test", with_labels=True, working_um=um)[0] for um in (None, 5.0, 10.0))
    for key in ("image", "label", "mask", "labels"):
        torch.testing.assert_close(same[key], own[key], rtol=0, atol=0)
        assert coarser[key].shape[-2:] == (64, 64)
    expected = downscale_local_mean(np.asarray(own["label"]), (1, 2, 2))
    np.testing.assert_allclose(coarser["label"], expected, atol=1e-6)
    assert training_size(phantom) == 5.0


def test_images_that_become_too_small(phantom: Path) -> None:
    with pytest.raises(InputError, match="would have 32 x 32 pixels"):
        load_pairs(phantom, "test", working_um=20.0)
