"""Figures as people read them: durations, counts, scores, lines that are aligned."""

from __future__ import annotations

from collections.abc import Mapping

TITLES = {"psnr": "PSNR", "ssim": "SSIM", "lpips": "LPIPS"}  # in the order in which they are told
DIGITS = {"psnr": 2, "ssim": 3, "lpips": 3}
UNITS = {"psnr": "dB"}


def duration(seconds: float) -> str:
    """A duration rounded to what one wants to know: ``40 s``, ``12 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, one: str) -> str:
    """A number and its noun, in the plural where it has to be: ``1 pair``, ``36 pairs``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def aligned(lines: Mapping[str, str]) -> str:
    """Labels and texts, one a line, the texts below each other."""
    width = max(map(len, lines), default=0)
    return "\n".join(f"  {label:<{width}}  {text}" for label, text in lines.items())


def with_unit(metric: str) -> str:
    """Title, and the unit where there is one: ``PSNR / dB``."""
    return " / ".join(filter(None, (TITLES.get(metric, metric), UNITS.get(metric))))


def score(name: str, value: float) -> str:
    """A score with as many digits as it deserves, without its unit."""
    return f"{value:.{DIGITS[name]}f}"


def beside(scores: Mapping[str, float], table: Mapping[str, float]) -> str:
    """Scores beside those of the lookup table: ``PSNR 21.30 (lookup table 18.40), SSIM 0.712 (0.564)``."""
    parts, named = [], False
    for name, title in TITLES.items():
        if name not in scores:
            continue
        other = ""
        if name in table:
            other, named = f" ({'' if named else 'lookup table '}{score(name, table[name])})", True
        parts.append(f"{title} {score(name, scores[name])}{other}")
    return ", ".join(parts)


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
