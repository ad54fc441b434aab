"""The preview: its layout is measured in the pixels of the PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.errors import InputError
from scripts.volume.write.preview import (
    COLUMN,
    GAP,
    MARGIN,
    TALLEST,
    THINNEST,
    WIDTH,
    Plane,
    draw_preview,
    thumbnail_slices,
)

GREY = 90
RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (40, 60, 210)
SECOND = MARGIN + COLUMN + GAP


def filled(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def plane(name: str, height: int, width: int, colour: tuple[int, int, int], sizes: tuple[float, float]) -> Plane:
    return name, np.full((height, width), GREY, np.uint8), filled(height, width, colour), *sizes


def draw(path: Path, planes: list[Plane], sheet: int = 0, known: bool = True, title: str = "S12") -> np.ndarray:
    thumbnails = [(f"z {index}", filled(20, 30, RED)) for index in range(sheet)]
    draw_preview(path, planes, thumbnails, title, known)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.mode == "RGB"
        assert image.width == WIDTH
        return np.asarray(image)


def box(page: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has a colour, without the frame of one pixel."""
    rows, columns = np.nonzero((page == colour).all(2))
    return int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def within_margins(page: np.ndarray) -> bool:
    """The margins are white, but for two pixels into which letters may bulge."""
    inner = page[MARGIN - 2 : -MARGIN // 2, MARGIN - 2 : -MARGIN + 2]
    return bool((page != 255).sum() == (inner != 255).sum())


def bars(page: np.ndarray) -> list[int]:
    """Lengths of the scale bars from top to bottom: the longest dark runs below the stains."""
    dark = (page[:, SECOND:] == (0x33, 0x33, 0x33)).all(2)
    lengths = [int(np.argmin(row)) for row in dark]
    return [length for before, length in zip([0, *lengths], lengths, strict=False) if length > 40 and before == 0]


def test_planes_in_their_places(tmp_path: Path) -> None:
    planes = [plane("xy", 40, 80, RED, (1, 1)), plane("xz", 20, 80, GREEN, (1, 1)), plane("yz", 20, 40, BLUE, (1, 1))]
    page = draw(tmp_path / "a.png", planes)
    tops = []
    for colour, height in ((RED, COLUMN / 2), (GREEN, COLUMN / 4), (BLUE, COLUMN / 2)):
        left, top, wide, high = box(page, colour)
        assert (left, wide) == (SECOND + 1, COLUMN - 2)
        assert high == pytest.approx(height - 2, abs=1)
        assert (page[top : top + high, MARGIN + 1 : MARGIN + COLUMN - 1] == GREY).all()
        tops.append(top)
    assert tops == sorted(tops)
    assert within_margins(page)


def test_image_is_neither_mirrored_nor_transposed(tmp_path: Path) -> None:
    yellow = (250, 250, 0)
    stain = np.array([[RED, GREEN], [BLUE, yellow]], np.uint8).repeat(9, 0).repeat(9, 1)
    ct = np.array([[0, 80], [160, 255]], np.uint8).repeat(9, 0).repeat(9, 1)
    page = draw(tmp_path / "a.png", [("xy", ct, stain, 1, 1)])
    left, top, _, _ = box(page, RED)
    first, last = 20, COLUMN - 20
    for row, column, colour, grey in (
        (first, first, RED, 0),
        (first, last, GREEN, 80),
        (last, first, BLUE, 160),
        (last, last, yellow, 255),
    ):
        assert tuple(page[top + row, left + column]) == colour
        assert tuple(page[top + row, left - COLUMN - GAP + column]) == (grey, grey, grey)


@pytest.mark.parametrize(
    ("shape", "sizes", "expected"),
    [
        ((48, 2000), (0.01, 0.01), (COLUMN, THINNEST)),  # flat
        ((48, 2000), (0.05, 0.01), (COLUMN, COLUMN * 240 / 2000)),  # thick slices
        ((2000, 100), (0.01, 0.01), (TALLEST / 20, TALLEST)),  # tall
        ((5000, 40), (0.01, 0.01), (THINNEST, TALLEST)),
        ((1, 300), (0.01, 0.01), (COLUMN, THINNEST)),  # a single slice
        ((1, 1), (0.01, 0.01), (COLUMN, COLUMN)),
    ],
)
def test_proportions(
    tmp_path: Path, shape: tuple[int, int], sizes: tuple[float, float], expected: tuple[float, float]
) -> None:
    _, _, wide, high = box(draw(tmp_path / "a.png", [plane("xz", *shape, RED, sizes)]), RED)
    assert (wide + 2, high + 2) == pytest.approx(expected, abs=1)


def test_large_images_are_averaged(tmp_path: Path) -> None:
    """A checkerboard of single pixels is grey once it is made smaller, not a moiré of black and white."""
    checks = (np.indices((3000, 3000)).sum(0) % 2 * 255).astype(np.uint8)
    page = draw(tmp_path / "a.png", [("xy", checks, np.repeat(checks[..., None], 3, 2), 1, 1)], known=False)
    left, middle = page[:, MARGIN + 20 : MARGIN + COLUMN - 20], page.shape[0] // 2
    assert np.abs(left[middle - 100 : middle + 100].astype(int) - 127).max() < 12


def test_scale_bar(tmp_path: Path) -> None:
    planes = [plane("xy", 300, 300, RED, (0.01, 0.01)), plane("yz", 300, 30, BLUE, (0.01, 0.01))]
    page = draw(tmp_path / "a.png", planes)
    # 3 mm over the column: 0.5 mm are at most 160 pixels; 3 mm over the greatest height likewise.
    assert bars(page) == [round(COLUMN / 6), round(TALLEST / 6)]


@pytest.mark.parametrize("width", [1e-4, 0.003, 0.07, 1, 4.2, 9.99, 3000])
def test_scale_bar_is_long_enough_at_any_size(tmp_path: Path, width: float) -> None:
    (length,) = bars(draw(tmp_path / "a.png", [plane("xy", 10, 10, RED, (width / 10, width / 10))]))
    assert 63 <= length <= 160
    assert f"{length / COLUMN * width:.1e}"[0] in "125" or f"{length / COLUMN * width * 1.02:.1e}"[0] in "125"


def test_no_scale_bar_without_spacing(tmp_path: Path) -> None:
    assert bars(draw(tmp_path / "a.png", [plane("xy", 10, 10, RED, (1, 1))], known=False)) == []


@pytest.mark.parametrize(("count", "columns"), [(1, 4), (4, 4), (5, 5), (6, 6), (7, 4), (8, 4), (9, 5), (12, 6)])
def test_contact_sheet(tmp_path: Path, count: int, columns: int) -> None:
    # Pixels twice as high as wide: 20 x 30 become 40 : 30.
    page = draw(tmp_path / "a.png", [plane("xy", 10, 10, BLUE, (2, 1))], sheet=count)
    red = (page == RED).all(2)
    starts = np.nonzero(np.diff(red.any(0).astype(int)) == 1)[0]
    assert len(starts) == min(count, columns)
    rows = np.nonzero(np.diff(red.any(1).astype(int)) == 1)[0]
    assert len(rows) == -(-count // columns)
    first = red[rows[0] + 1 :, : MARGIN + (WIDTH - 2 * MARGIN) // columns]
    wide, high = int(first[0].sum()) + 2, int(np.argmin(first[:, first[0].argmax()])) + 2
    assert wide == pytest.approx((WIDTH - 2 * MARGIN + GAP) / columns - GAP, abs=1)
    assert high == pytest.approx(wide * 4 / 3, abs=2)
    assert within_margins(page)


@pytest.mark.parametrize("title", ["", "a_long_name" * 30, "Präparat 12 µm 骨"], ids=["none", "long", "foreign"])
def test_any_title_stays_within_the_margins(tmp_path: Path, title: str) -> None:
    page = draw(tmp_path / "a.png", [plane("xy", 10, 10, RED, (1, 1))], title=title)
    assert within_margins(page)


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    planes = [plane("xy", 30, 40, RED, (0.02, 0.01))]
    for name in ("a", "b"):
        draw(tmp_path / "new" / f"{name}.png", planes, sheet=5)
    first, second = sorted((tmp_path / "new").iterdir())
    assert first.read_bytes() == second.read_bytes()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    with pytest.raises(InputError, match=r"file/a.png cannot be written"):
        draw_preview(tmp_path / "file" / "a.png", [plane("xy", 3, 3, RED, (1, 1))], [], "S12")


@pytest.mark.parametrize(
    ("count", "depth", "indices"),
    [(3, 48, [8, 24, 40]), (12, 1, [0]), (12, 3, [0, 1, 2]), (4, 5, [0, 1, 3, 4]), (1, 9, [4]), (2, 1000, [250, 750])],
)
def test_thumbnail_slices(count: int, depth: int, indices: list[int]) -> None:
    assert thumbnail_slices(count, depth) == indices
