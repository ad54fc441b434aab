"""How large a slide's pixels are, as its file says."""

from __future__ import annotations

from pathlib import Path

import tifffile

from scripts.data.image.lengths import millimetres
from scripts.errors import InputError

RESOLUTION_UNITS = {2: 25400.0, 3: 10000.0}  # micrometres of TIFF's inch and centimetre
SQUARE = 0.01  # share by which a pixel's edges may differ
SCREEN_PIXEL = 50.0  # micrometres; 72 to 300 dots per inch are what programs write that know nothing


def ome_pixel(tif: tifffile.TiffFile) -> tuple[float, float]:
    """Edges of a pixel as OME-XML says, micrometres; 0 where it does not."""
    image = tifffile.xml2dict(tif.ome_metadata or "").get("OME", {}).get("Image", {})
    pixels = (image[0] if isinstance(image, list) else image).get("Pixels", {})
    across, down = (
        1000
        * float(pixels.get(f"PhysicalSize{axis}", 0))
        * (millimetres(pixels.get(f"PhysicalSize{axis}Unit", "µm")) or 0)
        for axis in "XY"
    )
    return across, down


def tagged_pixel(page: tifffile.TiffPage) -> tuple[float, float]:
    """Edges of a pixel as TIFF's resolution says, micrometres; 0 where it does not."""
    unit = RESOLUTION_UNITS.get(int(page.resolutionunit), 0.0)
    across, down = (unit / per_unit if per_unit > 0 else 0.0 for per_unit in page.resolution)
    return across, down


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
