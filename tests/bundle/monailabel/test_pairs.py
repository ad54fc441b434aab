"""Tests of making a data list of what was submitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bundle.monailabel.app.lib.pairs import Pair, datalist, split_pairs
from bundle.monailabel.app.lib.refusal import Refusal


def pairs(**infos: dict[str, Any]) -> list[Pair]:
    return [Pair(name, f"{name}.tif", f"{name}.png", info) for name, info in infos.items()]


def ids(splits: dict[str, list[Pair]]) -> tuple[str, str]:
    return " ".join(pair.id for pair in splits["training"]), " ".join(pair.id for pair in splits["validation"])


def test_a_specimen_stays_together() -> None:
    """Of two specimens one validates, however many slices each has."""
    a, b = {"specimen": "A"}, {"specimen": "B"}
    assert ids(split_pairs(pairs(p=a, q=b, r=a, s=a))) == ("p r s", "q")
    assert ids(split_pairs(pairs(p=a, q=b, r=b, s=b), 0.9)) == ("p", "q r s")


def test_images_without_a_specimen() -> None:
    five = pairs(a={}, b={}, c={}, d={}, e={})
    assert ids(split_pairs(five, 0.2)) == ("a b c d", "e")
    assert ids(split_pairs(five, 0.4)) == ("a b c", "d e")
    assert ids(split_pairs(five, 0.01)) == ("a b c d", "e")


def test_splits_that_were_given() -> None:
    """Only the others are shared out, and none need validate if one does."""
    given = {"split": "validation"}
    assert ids(split_pairs(pairs(a=given, b={}, c={}), 0.2)) == ("b c", "a")
    assert ids(split_pairs(pairs(a={"split": "training"}, b={}), 0.2)) == ("a", "b")
    assert ids(split_pairs(pairs(a={**given, "specimen": "S"}, b={"specimen": "S"}, c={}), 0.2)) == ("c", "a b")


@pytest.mark.parametrize(
    ("infos", "share", "message"),
    [
        ({}, 0.2, "0 specimen.* at least 2 are needed"),
        ({"a": {}}, 0.2, "1 specimen.* at least 2 are needed"),
        ({"a": {"specimen": "S"}, "b": {"specimen": "S"}}, 0.2, "1 specimen"),
        ({"a": {"split": "training"}, "b": {"split": "training"}}, 0.2, "no pair for validation"),
        ({"a": {"split": "test"}, "b": {}}, 0.2, "training or validation"),
        ({n: {"split": s, "specimen": "S"} for n, s in (("a", "training"), ("b", "validation"))}, 0.2, "both splits"),
        ({"a": {}, "b": {}}, 0, "between 0 and 1"),
        ({"a": {}, "b": {}}, "$1", "between 0 and 1"),
    ],
)
def test_mistakes(infos: dict[str, dict[str, Any]], share: Any, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        split_pairs(pairs(**infos), share)


def test_the_data_list() -> None:
    splits = split_pairs(pairs(a={"specimen": "S", "ct_window": [0, 9], "user": "me"}, b={"split": "validation"}))
    assert datalist(splits) == {
        "training": [{"ct": "a.tif", "histology": "a.png", "specimen": "S", "ct_window": [0, 9]}],
        "validation": [{"ct": "b.tif", "histology": "b.png", "specimen": "b"}],
    }


def test_the_size_of_pixels() -> None:
    """What a client says counts more than the volume's header."""
    first, second, third = pairs(a={"pixel_um": 2.5}, b={}, c={"split": "validation"})
    listed = datalist({"training": [replace(first, pixel_um=5.0), replace(second, pixel_um=5.0), third]})["training"]
    assert [entry.get("pixel_um") for entry in listed] == [2.5, 5.0, None]
    assert "pixel_um" not in listed[2]


def test_which_slice() -> None:
    (given, other) = pairs(a={"slice": 0}, b={})
    assert given.slice == 0
    assert other.slice is None
    for wrong in (-1, 1.0, True, "3"):
        with pytest.raises(Refusal, match="whole number"):
            _ = Pair("a", "a", "a", {"slice": wrong}).slice
