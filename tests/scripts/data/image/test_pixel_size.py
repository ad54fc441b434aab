"""What the file of an image says of its pixels, and what of that is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.pixel_size import read_pixel_size

SLICE = np.arange(48, dtype=np.uint16).reshape(6, 8)


def tiff(folder: Path, **options: Any) -> Path:
    tifffile.imwrite(folder / "ct.tif", SLICE, photometric="minisblack", **options)
    return folder / "ct.tif"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"resolution": (2000, 2000), "resolutionunit": "CENTIMETER"}, 5.0),
        ({"resolution": (5080, 5080), "resolutionunit": "INCH"}, 5.0),
        ({"resolution": (4166.6667, 4166.6667), "resolutionunit": "CENTIMETER"}, 2.4),
        ({"resolution": (2000, 2000), "resolutionunit": "NONE"}, None),  # of what length?
        ({"resolution": (1, 1), "resolutionunit": "CENTIMETER"}, None),  # 1 cm
        ({"resolution": (0, 0), "resolutionunit": "CENTIMETER"}, None),
        ({}, None),
    ],
)
def test_resolution_of_a_tiff(tmp_path: Path, options: dict[str, Any], expected: float | None) -> None:
    assert read_pixel_size(tiff(tmp_path, metadata=None, **options)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dots", [72, 96, 150, 300, 600, 1200])
def test_resolutions_of_screens_and_printers_are_no_sizes(tmp_path: Path, dots: int) -> None:
    assert read_pixel_size(tiff(tmp_path, resolution=(dots, dots), resolutionunit="INCH")) is None
    for name in ("ct.png", "ct.bmp", "ct.jpg", "pillow.tif"):
        Image.fromarray(SLICE.astype(np.uint8)).save(tmp_path / name, dpi=(dots, dots))
        assert read_pixel_size(tmp_path / name) is None, name
    in_cm = dots / 2.54
    assert read_pixel_size(tiff(tmp_path, resolution=(in_cm, in_cm), resolutionunit="CENTIMETER")) is None


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("um", 0.2, 5.0),
        ("micron", 0.4, 2.5),
        ("\\u00B5m", 0.2, 5.0),
        ("mm", 200, 5.0),
        ("cm", 2000, 5.0),
        ("pixel", 0.2, None),
        ("", 0.2, None),
        ("inch", 72, None),
        ("furlong", 0.2, None),
    ],
)
def test_calibration_of_imagej(tmp_path: Path, unit: str, per_unit: float, expected: float | None) -> None:
    path = tiff(tmp_path, imagej=True, resolution=(per_unit, per_unit), metadata={"unit": unit} if unit else {})
    assert read_pixel_size(path) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"PhysicalSizeX": 2.4, "PhysicalSizeY": 2.4}, 2.4),  # without a unit: micrometres
        ({"PhysicalSizeX": 7.5e-3, "PhysicalSizeY": 7.5e-3, "PhysicalSizeXUnit": "mm", "PhysicalSizeYUnit": "mm"}, 7.5),
        (
            {"PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0, "PhysicalSizeXUnit": "pixel", "PhysicalSizeYUnit": "pixel"},
            None,
        ),
        ({"PhysicalSizeX": 5.0}, None),  # of rows nothing is said
    ],
)
def test_ome(tmp_path: Path, sizes: dict[str, Any], expected: float | None) -> None:
    path = tmp_path / "ct.ome.tif"
    tifffile.imwrite(path, SLICE, metadata={"axes": "YX", **sizes}, resolution=(300, 300), resolutionunit="INCH")
    assert read_pixel_size(path) == expected


@pytest.mark.parametrize("name", ["ct.png", "ct.bmp", "ct.jpg"])
def test_pictures(tmp_path: Path, name: str) -> None:
    Image.fromarray(SLICE.astype(np.uint8)).save(tmp_path / name, dpi=(5080, 5080))  # pHYs: 200,000 a metre
    assert read_pixel_size(tmp_path / name) == pytest.approx(5.0, rel=1e-3)
    Image.fromarray(SLICE.astype(np.uint8)).save(tmp_path / f"plain_{name}")
    assert read_pixel_size(tmp_path / f"plain_{name}") is None


@pytest.mark.parametrize(
    ("zooms", "unit", "expected"),
    [
        ((0.005, 0.005), "mm", 5.0),
        ((5.0, 5.0), "micron", 5.0),
        ((0.0075, 0.0075), None, 7.5),  # without a unit: mm, as viewers take it
        ((1.0, 1.0), None, None),  # what writers put that do not know
    ],
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti(
    tmp_path: Path, zooms: tuple[float, float], unit: str | None, expected: float | None, suffix: str
) -> None:
    image = nibabel.Nifti1Image(SLICE.T, np.diag([*zooms, 1, 1]))
    image.header.set_zooms(zooms)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / f"ct{suffix}")
    assert read_pixel_size(tmp_path / f"ct{suffix}") == pytest.approx(expected, rel=1e-6)


def test_pixels_that_are_not_square(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tiff(tmp_path, resolution=(2000, 1000), resolutionunit="CENTIMETER")
    assert read_pixel_size(path) is None
    assert "5 x 10 um, which are not square" in caplog.text
