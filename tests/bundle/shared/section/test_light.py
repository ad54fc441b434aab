"""Tests of sRGB and linear light."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.shared.section.light import light_of, values_of


def test_srgb_by_the_standard() -> None:
    # IEC 61966-2-1: 0.5 is 21.4 % of the light; the two branches meet at 0.04045.
    assert float(light_of(np.array(0.5))) == pytest.approx(0.2140, abs=1e-4)
    assert float(light_of(np.array(0.04045))) == pytest.approx(0.04045 / 12.92)
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(values_of(light_of(values)), values, atol=1e-9)
