"""Opening a slide of any known kind."""

from __future__ import annotations

from pathlib import Path

from bundle.pairs.slide.plain import open_plain
from bundle.pairs.slide.scanner import SCANNER_SUFFIXES, open_scanner_slide
from bundle.pairs.slide.slide import Slide
from bundle.pairs.slide.tiff import open_tiff
from scripts.errors import InputError
from scripts.files.opening import JPEG_SUFFIXES, PNG_SUFFIXES, TIFF_SUFFIXES, existing_file, has_suffix

WHOLE_SLIDE_SUFFIXES = (".svs", ".ndpi", ".scn", *TIFF_SUFFIXES)
OTHER_SLIDES = (".czi", ".vsi", ".isyntax", ".i2syntax", ".dcm", ".zarr", ".ndpis", ".lif", ".nd2", ".ets", ".zip")


def open_slide(path: str | Path) -> Slide:
    """Open SVS, NDPI, SCN, OME-TIFF, pyramidal and plain TIFF (tiffslide), MRXS and others (OpenSlide, where it is
    installed), PNG and JPEG.

    Raises:
        InputError: no such file; a format that is not known; a damaged file; grey or too many channels.
    """
    if has_suffix(Path(path), OTHER_SLIDES):
        raise InputError(
            f"{path} is a slide of a kind that is not read: open it in QuPath or Fiji (Bio-Formats) and export it as "
            "RGB OME-TIFF, or with bioformats2raw and `raw2ometiff --rgb`."
        )
    path = existing_file(path)
    if has_suffix(path, PNG_SUFFIXES + JPEG_SUFFIXES):
        return open_plain(path)
    if has_suffix(path, SCANNER_SUFFIXES):
        return open_scanner_slide(path)
    if has_suffix(path, WHOLE_SLIDE_SUFFIXES):
        return open_tiff(path)
    known = ", ".join((*WHOLE_SLIDE_SUFFIXES, *SCANNER_SUFFIXES, *PNG_SUFFIXES, *JPEG_SUFFIXES))
    raise InputError(f"{path} is no slide of a known kind: give a file that ends in {known}.")
