"""Tests of opening a stained volume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bundle.shared.stained_layer import open_layer
from scripts.errors import InputError


def test_of_another_shape(stained_folder: Callable[..., Path]) -> None:
    path = stained_folder() / "scan_stain.ome.zarr"
    with pytest.raises(InputError, match=r"6 x 24 x 40 x 3 .* says 7 x 24 x 40 x 3"):
        open_layer(path, 3, (7, 24, 40))
