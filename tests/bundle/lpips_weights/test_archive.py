"""Tests of reading the package."""

from __future__ import annotations

import pytest

from bundle.lpips_weights.archive import read_pickle
from scripts.errors import InputError
from tests.bundle.lpips_weights.package import dump, package_content


def test_damaged_pickle_is_refused() -> None:
    with pytest.raises(InputError, match="not plain numpy arrays"):
        read_pickle(dump(package_content())[:1000])
