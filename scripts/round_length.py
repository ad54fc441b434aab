"""Round lengths, for scale bars and the ticks of axes."""

from __future__ import annotations

import math


def round_length(longest: float) -> float:
    """The greatest length of 1, 2 or 5 times a power of ten that is not above `longest`, which is above 0."""
    power = 10.0 ** math.floor(math.log10(longest))
    return max(digit * power for digit in (1, 2, 5) if digit * power <= longest or digit == 1)
