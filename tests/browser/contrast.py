"""How well what is written on a page can be read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

READABLE = 4.5  # WCAG 2 AA


def contrast(seen: Any, selector: str) -> float:
    """WCAG's contrast of an element's text and the ground below it, 1 to 21."""
    ink_and_ground = seen.page.locator(selector).first.evaluate(
        """(element) => {
            let ground = element;
            while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
            const style = getComputedStyle(element);
            return [element.ownerSVGElement ? style.fill : style.color, getComputedStyle(ground).backgroundColor];
        }"""
    )
    dark, light = sorted(luminance(colour) for colour in ink_and_ground)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG's relative luminance of rgb(r, g, b)."""
    parts = np.array([int(number) for number in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
