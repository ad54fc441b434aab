"""What the greys of a pair say against those of others."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.data.check.against import inversions
from bundle.data.check.relation import Relation, agreement, relation_of

SHAPE = (200, 200)


def pair(slope: float, noise: float, seed: int) -> Relation:
    """Grey rises with the darkness of the section by a slope, and scatters."""
    random = np.random.default_rng(seed)
    dark = random.uniform(0, 1, SHAPE)
    grey = np.clip(0.5 + slope * (dark - 0.5) + random.normal(0, noise, SHAPE), 0, 1)
    return relation_of(np.repeat(1 - dark[..., None], 3, axis=-1), grey, np.ones(SHAPE, bool))


@pytest.mark.parametrize(("slope", "noise"), [(-0.2, 0.1), (-0.1, 0.05)])
def test_colours_that_hardly_tell_the_grey_do_not_tell_an_inversion(slope: float, noise: float) -> None:
    """Correlation of the pair: s / sqrt(s**2 + noise**2) with s = slope / sqrt(12), the deviation of a uniform
    variable: 0.5 in both cases."""
    relations = {0: pair(0.8, 0.02, 1), 1: pair(0.8, 0.02, 2), 2: pair(0.8, 0.02, 3), 3: pair(slope, noise, 4)}
    assert agreement(relations[3], relations[3])[0] == pytest.approx(0.5, abs=0.02)  # of 40 000 pixels
    assert agreement(relations[3], relations[0])[0] == pytest.approx(-0.5, abs=0.02)
    found = inversions(relations, {})
    assert {place: finding.kind for place, finding in found.items()} == {3: "other relation"}
    assert not found[3].fault
