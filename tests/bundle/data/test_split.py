"""Specimens shared out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bundle.data.listing.listed import Listed
from bundle.data.split import split_up
from scripts.errors import InputError


def pairs(**slices: int) -> list[Listed]:
    return [
        Listed(f"{name}{number}", Path("c"), Path("s"), name)
        for name, count in slices.items()
        for number in range(count)
    ]


def test_a_specimen_is_in_one_split() -> None:
    done, said = split_up(pairs(**{f"S{number}": 3 for number in range(14)}), seed=1)
    homes = {pair.specimen: pair.split for pair in done}
    assert Counter(homes.values()) == {"training": 9, "validation": 2, "test": 3}
    assert all(homes[pair.specimen] == pair.split for pair in done)
    assert "seed 1" in said
    assert [pair.split for pair in split_up(pairs(a=1, b=1, c=1), seed=1)[0]] != [
        pair.split for pair in split_up(pairs(a=1, b=1, c=1), seed=0)[0]
    ]


def test_too_few_specimens_are_not_cut_in_silence() -> None:
    done, said = split_up(pairs(a=8), seed=0)
    assert {pair.split for pair in done} == {"training"}
    assert "Only 1 specimen (a): it is in training" in said
    done, said = split_up(pairs(a=8, b=2), seed=0)
    assert Counter(pair.split for pair in done) == {"training": 8, "validation": 2}
    assert "nothing is left for test" in said


def test_slices_are_shared_out_where_that_is_asked_for() -> None:
    done, said = split_up(pairs(a=14), seed=0, within=True)
    assert [pair.split for pair in done] == ["training"] * 9 + ["validation"] * 2 + ["test"] * 3
    assert len({pair.specimen for pair in done}) == 3
    assert "nothing of new specimens" in said
    with pytest.raises(InputError, match="has 2 pairs, too few"):
        split_up(pairs(a=2), seed=0, within=True)
