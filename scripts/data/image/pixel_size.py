"""How large the pixels of a 2D image are, as its file says."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin

from scripts.data.image.lengths import is_pixel_size, millimetres, number
from scripts.data.image.nifti import open_nifti, stored_header
from scripts.data.image.ome import open_one_file
from scripts.files.content import content_of
from scripts.files.opening import NIFTI_SUFFIXES, existing_file, has_suffix, reading

logger = logging.getLogger(__name__)

SQUARE = 0.01  # largest difference between a pixel's edges, relative
INCH_UM = 25400.0
TIFF_UNITS = {2: INCH_UM, 3: 10000.0}  # micrometres of TIFF's inch and centimetre
NIFTI_UNITS = {0: 1e3, 1: 1e6, 2: 1e3, 3: 1.0}  # micrometres by the header's code; without one it is mm, as in viewers
#: Dots per inch, and per centimetre, that programs write for screens and printers.
PRINTED = (72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 250, 300, 350, 360, 400, 500, 600, 720, 1200, 2400)
PRINTED_CM = (28, 38, 59, 118)
ROUNDED = 5e-4  # part by which a resolution may differ from one of them, as it is rounded

PICTURES = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}

Edges = tuple[float, float]  # micrometres across and down; 0 or NaN where the file does not say


def read_pixel_size(path: str | Path) -> float | None:
    """Edge of the pixels of an image in micrometres; None where its file does not say, or says what cannot be believed.

    Read are OME-XML, ImageJ's calibration, the resolution of TIFF, PNG, JPEG and BMP, and NIfTI's header. Not believed
    are lengths in "pixel", sizes that no CT has (see `is_pixel_size`), resolutions of screens and printers such as 72
    or 300 dots per inch, and pixels that are not square, of which the log says so.

    Args:
        path: of an image that `scripts.data.image.read` reads.

    Raises:
        InputError: no such file, or a damaged one.
    """
    path = existing_file(path)
    with reading(path):
        across, down = _edges(path)
    if not (is_pixel_size(across) and is_pixel_size(down)) or _is_printed(across):
        return None
    if abs(across - down) > SQUARE * across:
        logger.warning(
            "%s has pixels of %.4g x %.4g um, which are not square: their size is taken as unknown. Resample the pair.",
            path,
            across,
            down,
        )
        return None
    return float(f"{across:.5g}")  # a size as it was meant: resolutions are rounded


def tagged_size(pixel_um: float) -> dict[str, Any]:
    """Options of ``tifffile.imwrite`` by which a TIFF says how large its pixels are, micrometres."""
    return {"resolution": (10000 / pixel_um, 10000 / pixel_um), "resolutionunit": "CENTIMETER"}


def _edges(path: Path) -> Edges:
    if has_suffix(path, NIFTI_SUFFIXES):
        header = stored_header(open_nifti(path), path)
        unit = NIFTI_UNITS.get(int(header["xyzt_units"]) & 7, 0.0)
        across, down = (abs(float(length)) * unit for length in header["pixdim"][1:3])
        return across, down
    content = content_of(path)
    if content == "TIFF":
        with open_one_file(path) as tif:
            return _tiff_edges(tif)
    if content not in PICTURES:
        return 0.0, 0.0
    with PICTURES[content](path) as image:
        return _by_dots(image.info.get("dpi", (0, 0)), INCH_UM)


def _tiff_edges(tif: tifffile.TiffFile) -> Edges:
    page = tif.pages.first
    if tif.is_ome and tif.ome_metadata:
        return ome_edges(tif.ome_metadata)
    unit = str((tif.imagej_metadata or {}).get("unit", "")) if tif.is_imagej else ""
    return _by_dots(page.resolution, 1000 * (millimetres(unit) or 0.0)) if unit else tagged_edges(page)


def tagged_edges(page: tifffile.TiffPage) -> Edges:
    """Edges of a pixel as TIFF's resolution says, micrometres; 0 where it does not."""
    return _by_dots(page.resolution, TIFF_UNITS.get(int(page.resolutionunit), 0.0))


def ome_edges(xml: str) -> Edges:
    """Edges of a pixel as OME-XML says, micrometres; 0 or NaN where it does not."""
    try:
        pixels = next((node for node in ElementTree.fromstring(xml).iter() if node.tag.endswith("}Pixels")), None)
    except ElementTree.ParseError:
        return 0.0, 0.0
    if pixels is None:
        return 0.0, 0.0
    across, down = (
        1000
        * number(pixels.get(f"PhysicalSize{axis}"))
        * (millimetres(pixels.get(f"PhysicalSize{axis}Unit", "µm")) or 0)
        for axis in "XY"
    )
    return across, down


def _by_dots(per_unit: tuple[float, float], unit: float) -> Edges:
    across, down = (unit / float(count) if count > 0 else 0.0 for count in per_unit)
    return across, down


def _is_printed(edge: float) -> bool:
    per_inch, per_cm = INCH_UM / edge, 10000 / edge
    return any(abs(per_inch / dots - 1) < ROUNDED for dots in PRINTED) or any(
        abs(per_cm / dots - 1) < ROUNDED for dots in PRINTED_CM
    )
