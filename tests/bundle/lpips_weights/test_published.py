"""Tests of comparing with the published distances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bundle.lpips_weights.published import PUBLISHED, check_published_distances
from scripts.errors import InputError
from tests.scripts.metrics.random_alexnet import random_features


def test_published_distances_need_the_published_images(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ex_ref.png cannot be read"):
        check_published_distances(random_features(), tmp_path)
    for number, name in enumerate(("ex_ref.png", *PUBLISHED)):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(InputError, match=r"ex_p0\.png is .* instead of 0\.722"):
        check_published_distances(random_features(), tmp_path)
