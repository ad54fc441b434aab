"""Slides in the formats of scanners that OpenSlide reads, where it is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bundle.pairs.slide.pixel_size import square_pixel
from bundle.pairs.slide.slide import Slide
from scripts.errors import InputError

SCANNER_SUFFIXES = (".mrxs", ".vms", ".vmu", ".bif", ".svslide")


def open_scanner_slide(path: Path) -> Slide:
    """Open a slide by OpenSlide.

    Raises:
        InputError: OpenSlide is not installed; a damaged file; pixels that are not square.
    """
    try:
        import openslide
    except ImportError as error:
        raise InputError(
            f"{path} needs OpenSlide: `pip install openslide-python openslide-bin`, or export the slide as OME-TIFF."
        ) from error
    try:
        slide = openslide.OpenSlide(str(path))
    except openslide.OpenSlideError as error:
        raise InputError(f"{path} cannot be opened as a slide ({error}): the file is damaged or incomplete.") from error
    sizes = tuple((height, width) for width, height in slide.level_dimensions)

    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        scale = slide.level_downsamples[level]
        region = slide.read_region((round(left * scale), round(top * scale)), level, (width, height))
        glass = Image.new("RGB", region.size, (255, 255, 255))  # where the scanner took no picture
        glass.paste(region, mask=region.getchannel("A"))
        return np.asarray(glass)

    given = (slide.properties.get(openslide.PROPERTY_NAME_MPP_X), slide.properties.get(openslide.PROPERTY_NAME_MPP_Y))
    return Slide(path, sizes, square_pixel(path, *given), read)
