"""Tests of the convolutions out of the package."""

from __future__ import annotations

import pytest
import torch

from bundle.lpips_weights.archive import read_pickle
from bundle.lpips_weights.features import check_heads, convert
from scripts.errors import InputError
from tests.bundle.lpips_weights.package import dump, package_content
from tests.scripts.metrics.random_alexnet import random_features


def test_conversion_gives_torchvisions_layout() -> None:
    content = read_pickle(dump(package_content()))
    features = convert(content)
    expected = random_features()
    assert features.keys() == expected.keys()
    assert all(torch.equal(features[name], expected[name]) for name in expected)
    check_heads(content, features)


def test_other_heads_are_refused() -> None:
    content = package_content()
    content["NetLinLayer_3"]["Conv_0"]["kernel"] = content["NetLinLayer_3"]["Conv_0"]["kernel"] * 1.001
    with pytest.raises(InputError, match="head 3"):
        check_heads(content, random_features())


def test_other_layers_are_refused() -> None:
    content = package_content()
    del content["AlexNet_0"]["Conv_4"]["bias"]
    with pytest.raises(InputError, match="bias"):
        convert(content)
