"""Numbers, times and metrics as people read them."""

from __future__ import annotations

from scripts.words import DIGITS, TITLES, UNITS

LOWER_IS_BETTER = ("lpips",)


def title_of(metric: str) -> str:
    """Of a metric of images."""
    return TITLES.get(metric, metric)


def score(metric: str, value: float, sign: bool = False) -> str:
    """A value with as many digits as mean anything; a difference with its sign."""
    text = f"{value:{'+' if sign else ''}.{DIGITS.get(metric, 3)}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def said(metric: str, value: float) -> str:
    """``PSNR 24.78 dB``."""
    return " ".join(filter(None, (title_of(metric), score(metric, value), UNITS.get(metric))))


def length(um: float) -> str:
    """A length in micrometres or, from 1 mm on, in millimetres."""
    return f"{um / 1000:.3g} mm" if um >= 1000 else f"{um:.3g} µm"
