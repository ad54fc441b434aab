"""Switches as the command line hands them over."""

from __future__ import annotations

import pytest

from scripts.errors import InputError
from scripts.options.values import require_counts, require_device, require_package, truth


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), (False, False), ("true", True), ("false", False), ("False", False)]
)
def test_true_and_false_in_any_form(value: bool | str, expected: bool) -> None:
    assert truth(value, "resume") is expected


@pytest.mark.parametrize("value", ["maybe", "", 1, None])
def test_anything_else_is_refused_by_name(value: object) -> None:
    with pytest.raises(InputError, match="resume"):
        truth(value, "resume")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True, None])
def test_counts(value: object) -> None:
    require_counts(batch_size=1, max_epochs=10)
    with pytest.raises(InputError, match=r"option max_epochs is .* 1 or more"):
        require_counts(batch_size=1, max_epochs=value)  # type: ignore[arg-type]


def test_a_device_that_is_not_there() -> None:
    require_device("cpu")
    for device in ("gpu", "cuda:99", 1.5):
        with pytest.raises(InputError, match="--device cpu"):
            require_device(device)


def test_a_package_that_is_not_installed() -> None:
    require_package("json")
    with pytest.raises(InputError, match="no_such_package is not installed: run `pip install no_such_package`"):
        require_package("no_such_package")
