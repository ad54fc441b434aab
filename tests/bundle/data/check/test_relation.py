"""What the greys and colours of one pair tell of another."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.data.check.relation import agreement, likeness, predicted, relation_of

WHERE = np.ones((64, 64), bool)


def pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours that follow the grey, and the grey with noise."""
    rng = np.random.default_rng(seed)
    grey = rng.random((64, 64))
    return np.stack([1 - grey, 0.5 + 0.4 * grey, 0.8 - 0.3 * grey], axis=-1), np.clip(
        grey + rng.normal(0, 0.1, grey.shape), 0, 1
    )


def test_agreement_is_the_correlation_of_the_prediction() -> None:
    (image, grey), (other, other_grey) = pair(0), pair(1)
    one, by = relation_of(image, grey, WHERE), relation_of(other, other_grey, WHERE)
    correlation, known = agreement(one, by)
    expected = np.corrcoef(predicted(image, by).ravel(), grey.ravel())[0, 1]
    assert correlation == pytest.approx(expected, abs=1e-3)  # all but a few rare colours are known
    assert known > 0.99
    assert agreement(one.inverted, by)[0] == pytest.approx(-correlation)
    inverted = relation_of(image, 1 - grey, WHERE)
    assert one.inverted.squares == pytest.approx(inverted.squares)
    assert np.allclose(one.inverted.grey, inverted.grey)


def test_likeness_of_colours() -> None:
    image, grey = pair(0)
    one, negative = relation_of(image, grey, WHERE), relation_of(1 - image, grey, WHERE)
    assert likeness(one, one) == pytest.approx(1)
    assert likeness(one, negative) < 0.5
