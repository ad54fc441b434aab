"""One picture of a stained volume: its orthogonal planes beside the CT, and a contact sheet of slices.

Drawn with Pillow alone, which reading and training need anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scripts.round_length import round_length
from scripts.whole import whole_file, writing

WIDTH = 1400
MARGIN = 48
GAP = 20
COLUMN = (WIDTH - 2 * MARGIN - GAP) // 2
#: The largest height of a plane, and the smallest extent that can still be seen.
TALLEST, THINNEST = 720, 24
#: The scale bar is at most this long, and at least two fifths of it.
BAR = 160

PAPER, INK, PALE, EDGE = "#ffffff", "#333333", "#777777", "#d9d9d9"
TITLE, HEADING, CAPTION = 30, 20, 17

#: Name, CT (H, W) uint8, stain (H, W, 3) uint8, height and width of a pixel.
Plane = tuple[str, NDArray[np.uint8], NDArray[np.uint8], float, float]


def draw_preview(
    path: str | PathLike[str],
    planes: Sequence[Plane],
    sheet: Sequence[tuple[str, NDArray[np.uint8]]],
    title: str,
    spacing_known: bool = True,
    lines: Sequence[str] = (),
) -> None:
    """Draw the planes, CT to the left and stain to the right, and below them the slices as a contact sheet.

    Each plane fills its column, or the greatest height, in its true proportions, and has a scale bar of its own. What
    would be too thin to be seen, such as the xz plane of a single slice, is widened, and its caption says so. The same
    arguments give the same bytes.

    Args:
        path: PNG to write, 1400 pixels wide; missing folders are made.
        planes: name, CT (H, W) uint8, stain (H, W, 3) uint8, and height and width of a pixel, in mm if known and in
            any common unit if not; the xy plane first.
        sheet: label and stain (H, W, 3) uint8 of some slices; pixels have the proportions of the first plane's.
        title: what is shown, such as the name of the volume; cut off where it is too long.
        spacing_known: whether the pixel sizes are in mm.
        lines: small print below the title, such as the weights; each is cut off where it is too long.

    Raises:
        InputError: the file cannot be written.
    """
    bands = [_title(title), *(_line(text) for text in lines)]
    bands += [_band(GAP)[0]] if lines else []
    bands += [_headings("micro-CT", "virtual stain")]
    bands += [_plane(*plane, spacing_known) for plane in planes]
    if sheet:
        bands += [_headings("slices"), *_sheet(sheet, planes[0][3] / planes[0][4])]
    page = Image.new("RGB", (WIDTH, sum(band.height for band in bands) + MARGIN - GAP), PAPER)
    top = 0
    for band in bands:
        page.paste(band, (0, top))
        top += band.height
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            page.save(partial, "PNG")


def thumbnail_slices(count: int, depth: int) -> list[int]:
    """Indices of at most `count` evenly spread slices of `depth`: the middle of each of as many equal parts.

    The outermost slices are left out, because they often show nothing but air or the edge of the sample.
    """
    count = min(count, depth)
    return [(2 * part + 1) * depth // (2 * count) for part in range(count)]


def _band(height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A strip of the page, over its whole width."""
    band = Image.new("RGB", (WIDTH, height), PAPER)
    return band, ImageDraw.Draw(band)


def _title(title: str) -> Image.Image:
    band, draw = _band(MARGIN + TITLE + 3 * GAP // 2)
    draw.text((MARGIN, MARGIN + TITLE), _shortened(title, TITLE), INK, ImageFont.load_default(TITLE), "ls")
    return band


def _line(text: str) -> Image.Image:
    band, draw = _band(CAPTION + GAP // 2)
    draw.text((MARGIN, CAPTION // 2), _shortened(text, CAPTION), PALE, ImageFont.load_default(CAPTION), "lm")
    return band


def _shortened(text: str, size: int) -> str:
    """A text that fits between the margins, its middle left out where need be: a path is known by both ends."""
    font, kept, shown = ImageFont.load_default(size), len(text), text
    while font.getlength(shown) > WIDTH - 2 * MARGIN:
        kept -= 1
        shown = f"{text[: kept // 2]}...{text[len(text) - (kept - kept // 2) :]}"
    return shown


def _headings(*texts: str) -> Image.Image:
    band, draw = _band(HEADING + GAP // 2)
    for column, text in enumerate(texts):
        draw.text((MARGIN + column * (COLUMN + GAP), HEADING), text, INK, ImageFont.load_default(HEADING), "ls")
    return band


def _plane(
    name: str,
    ct: NDArray[np.uint8],
    stain: NDArray[np.uint8],
    pixel_height: float,
    pixel_width: float,
    spacing_known: bool,
) -> Image.Image:
    """A plane of the CT and of the stain, under them name, size and scale bar."""
    high, wide = ct.shape[0] * pixel_height, ct.shape[1] * pixel_width
    scale = min(COLUMN / wide, TALLEST / high)
    size = _visible(wide * scale, high * scale)
    band, draw = _band(size[1] + GAP // 2 + CAPTION + 3 * GAP // 2)
    for column, image in enumerate((ct, stain)):
        _paste(band, image, (MARGIN + column * (COLUMN + GAP), 0), size)
    font, middle = ImageFont.load_default(CAPTION), size[1] + GAP // 2 + CAPTION // 2
    draw.text((MARGIN, middle), name, INK, font, "lm")
    # Pillow's own font knows neither the cross nor the Greek mu: plain letters, and lengths in mm only.
    text = f"{wide:.3g} x {high:.3g} mm" if spacing_known else f"{ct.shape[1]} x {ct.shape[0]} pixels"
    if min(wide, high) * scale < THINNEST:
        text += ", thickness not to scale"
    draw.text((MARGIN + 2 * CAPTION, middle), text, PALE, font, "lm")
    if spacing_known:
        length = round_length(BAR / scale)
        left, right = MARGIN + COLUMN + GAP, MARGIN + COLUMN + GAP + round(length * scale)
        draw.rectangle((left, middle - 2, right - 1, middle + 1), INK)
        draw.text((right + GAP // 2, middle), f"{length:g} mm", PALE, font, "lm")
    return band


def _sheet(sheet: Sequence[tuple[str, NDArray[np.uint8]]], aspect: float) -> list[Image.Image]:
    """Rows of four to six slices, whichever number leaves the fewest gaps in the last row."""
    columns = min((6, 5, 4), key=lambda number: -len(sheet) % number)
    step = (WIDTH - 2 * MARGIN + GAP) / columns
    height, width = sheet[0][1].shape[:2]
    scale = min((step - GAP) / width, 1.5 * step / (height * aspect))
    size = _visible(width * scale, height * aspect * scale)
    font = ImageFont.load_default(CAPTION)
    bands = []
    for first in range(0, len(sheet), columns):
        band, draw = _band(size[1] + GAP // 2 + CAPTION + GAP)
        for column, (label, image) in enumerate(sheet[first : first + columns]):
            left = MARGIN + round(column * step)
            _paste(band, image, (left, 0), size)
            draw.text((left, size[1] + GAP // 2 + CAPTION // 2), label, PALE, font, "lm")
        bands.append(band)
    return bands


def _visible(width: float, height: float) -> tuple[int, int]:
    return max(THINNEST, round(width)), max(THINNEST, round(height))


def _paste(band: Image.Image, image: NDArray[np.uint8], corner: tuple[int, int], size: tuple[int, int]) -> None:
    """Paste an image, framed: the background of a stain is nearly as white as the page."""
    # Pillow widens the filter where it makes an image smaller: this averages, it does not skip pixels.
    scaled = Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BICUBIC, reducing_gap=3)
    band.paste(scaled, corner)
    ImageDraw.Draw(band).rectangle((*corner, corner[0] + size[0] - 1, corner[1] + size[1] - 1), outline=EDGE)
