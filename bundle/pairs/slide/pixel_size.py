"""How large a slide's pixels are, as its file says."""

from __future__ import annotations

from pathlib import Path

from scripts.errors import InputError

SQUARE = 0.01  # share by which a pixel's edges may differ
SCREEN_PIXEL = 50.0  # micrometres; 72 to 300 dots per inch are what programs write that know nothing


def square_pixel(path: Path, across: float | str | None, down: float | str | None) -> float | None:
    """The pixel's edge in micrometres, None where the file does not say, or says what screens have.

    Args:
        path: of the slide, for the message.
        across: width of a pixel as the file says.
        down: its height.

    Raises:
        InputError: pixels that are not square.
    """
    try:
        x, y = float(across or 0), float(down or 0)
    except ValueError:
        return None
    if not (0 < x < SCREEN_PIXEL and 0 < y < SCREEN_PIXEL):
        return None
    if abs(x - y) > SQUARE * x:
        raise InputError(f"{path} has pixels of {x:g} x {y:g} micrometres, which are not square: resample it.")
    return x
