"""Tests of how often a section is searched for."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from bundle.pairs.registration import register as module


@pytest.mark.parametrize(
    ("fitting", "information", "kept"),
    [([0.8], [0.5], 0), ([0.79, 0.6], [0.5, 0.6], 1), ([0.2, 0.9], [0.5, 0.4], 0)],
)
def test_a_bad_fit_is_searched_for_again(
    fitting: list[float], information: list[float], kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By mutual information, not by the windows that fit, the better of two is told."""
    found = [
        Mock(quality=Mock(fitting=share), found=Mock(information=nats))
        for share, nats in zip(fitting, information, strict=True)
    ]
    seeds: list[int] = []

    def attempt(_task: object, seed: int, _progress: object) -> Mock:
        seeds.append(seed)
        return found[len(seeds) - 1]

    monkeypatch.setattr(module, "attempt", attempt)
    said: list[str] = []
    assert module._best_attempt(Mock(), 7, said.append) is found[kept]
    assert seeds == [7, 8][: len(fitting)]
    assert len(said) == len(fitting) - 1
