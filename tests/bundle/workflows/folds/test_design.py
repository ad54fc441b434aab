"""Which specimens a fold holds out, validates on and learns from."""

from __future__ import annotations

from collections import Counter

import pytest

from bundle.workflows.folds.design import make_folds
from scripts.errors import InputError


@pytest.mark.parametrize(("specimens", "count"), [(12, 5), (12, 12), (4, 2), (3, 3), (30, 4)])
def test_each_specimen_is_held_out_once_and_never_seen_by_its_fold(specimens: int, count: int) -> None:
    pairs = {f"S{number}": 1 + number % 4 for number in range(specimens)}
    folds = make_folds(pairs, count, seed=1)
    assert [fold.number for fold in folds] == list(range(1, count + 1))
    assert sorted(name for fold in folds for name in fold.held_out) == sorted(pairs)
    for fold in folds:
        parts = [*fold.held_out, *fold.validation, *fold.training]
        assert sorted(parts) == sorted(pairs)
        assert fold.validation
        assert fold.training
        assert len(fold.validation) == max(1, (specimens - len(fold.held_out)) // 6)


def test_about_equally_many_pairs() -> None:
    """By hand: 9, 5, 4, 3, 3 in two folds are 9 + 3 and 5 + 4 + 3, or with the second 3 in the fold of 12."""
    pairs = {"a": 9, "b": 5, "c": 4, "d": 3, "e": 3}
    folds = make_folds(pairs, 2)
    assert sorted(sum(pairs[name] for name in fold.held_out) for fold in folds) == [12, 12]
    assert "a" in folds[0].held_out
    assert {"b", "c"} <= set(folds[1].held_out)


def test_seeded() -> None:
    pairs = dict.fromkeys("abcdefgh", 2)
    assert make_folds(pairs, 4, 3) == make_folds(dict(reversed(pairs.items())), 4, 3)
    assert len({make_folds(pairs, 4, seed)[0].held_out for seed in range(8)}) > 1


def test_each_validates_about_as_often() -> None:
    """Leaving out one of twelve, one of the eleven others validates: each once."""
    folds = make_folds(dict.fromkeys("abcdefghijkl", 1), 12)
    assert set(Counter(name for fold in folds for name in fold.validation).values()) == {1}


@pytest.mark.parametrize(
    ("specimens", "count", "words"),
    [
        (1, 2, r"need 3 specimens, .*; got 1 \(S0\): add specimens"),
        (2, 2, "got 2"),
        (0, 5, r"got 0 \(none\)"),
        (4, 1, "There are 4 specimens .S0, S1, S2, S3.: give --folds a number from 2 to 4"),
        (4, 5, "from 2 to 4"),
        (4, -3, "from 2 to 4"),
        (3, 2, r"would hold out S\d, S\d of the 3 specimens .*: give more --folds, up to 3"),
    ],
)
def test_what_makes_no_folds(specimens: int, count: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_folds({f"S{number}": 1 for number in range(specimens)}, count)
