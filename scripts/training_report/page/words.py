"""Numbers, times and metrics as people read them."""

from __future__ import annotations

TITLES = {"psnr": "PSNR", "ssim": "SSIM", "lpips": "LPIPS"}
UNITS = {"psnr": "dB"}
LOWER_IS_BETTER = ("lpips",)


def title_of(metric: str) -> str:
    """Of a metric of images."""
    return TITLES.get(metric, metric)


def with_unit(metric: str) -> str:
    """Title, and the unit where there is one: ``PSNR / dB``."""
    return " / ".join(filter(None, (title_of(metric), UNITS.get(metric))))


def score(metric: str, value: float, sign: bool = False) -> str:
    """A value with as many digits as mean anything; a difference with its sign."""
    text = f"{value:+.{2 if metric == 'psnr' else 3}f}" if sign else f"{value:.{2 if metric == 'psnr' else 3}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def said(metric: str, value: float) -> str:
    """``PSNR 24.78 dB``."""
    return " ".join(filter(None, (title_of(metric), score(metric, value), UNITS.get(metric))))


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def length(um: float) -> str:
    """A length in micrometres or, from 1 mm on, in millimetres."""
    return f"{um / 1000:.3g} mm" if um >= 1000 else f"{um:.3g} µm"


def counted(number: int, one: str, many: str) -> str:
    """``1 pair``, ``3 pairs``."""
    return f"{number} {one if number == 1 else many}"
