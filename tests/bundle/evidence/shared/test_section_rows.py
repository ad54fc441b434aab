from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from bundle.evidence.shared import section_rows
from bundle.evidence.shared.section_rows import draw_sections
from bundle.shared.figure import DPI


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        width, height = picture.size
        return width, height


def rows(height: int = 60, width: int = 80) -> list[dict[str, NDArray[np.float64]]]:
    generator = np.random.default_rng(0)
    return [
        {"CT": generator.random((height, width)), "section": generator.random((height, width, 3))} for _ in range(2)
    ]


def test_sections_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sections.png"
    draw_sections(path, rows(), ["S01", "S02"], zoom=20)
    assert size(path) == (round(2 * 2.6 * DPI), round(2 * 5.3 * DPI))  # inches times dots per inch
    assert not plt.get_fignums()  # figures are closed


def test_sections_layout_and_zoom(tmp_path: Path, drawn: list[Figure]) -> None:
    data = rows()
    draw_sections(tmp_path / "sections.png", data, ["S01", "S02"], zoom=20)
    (figure,) = drawn
    assert len(figure.axes) == 8  # two rows, each whole and magnified, of two images
    assert [axis.get_title() for axis in figure.axes[:2]] == ["CT", "section"]
    assert [figure.axes[index].get_ylabel() for index in (0, 4)] == ["S01", "S02"]
    for row, whole, close in ((0, 0, 2), (0, 1, 3), (1, 4, 6), (1, 5, 7)):
        frame: Any = figure.axes[whole].patches[0]
        left, top = (int(corner) for corner in frame.get_xy())
        assert 0 <= left <= 80 - 20
        assert 0 <= top <= 60 - 20
        assert (frame.get_width(), frame.get_height()) == (20, 20)
        image = list(data[row].values())[whole % 2]
        shown = figure.axes[close].images[0].get_array()
        np.testing.assert_array_equal(shown, image[top : top + 20, left : left + 20])


def test_zoom_is_where_the_last_image_varies_most() -> None:
    image = np.full((100, 140), 0.5)
    image[60:80, 90:110] = np.indices((20, 20)).sum(axis=0) % 2
    top, left = section_rows._most_varied(image, 20)
    assert abs(top - 60) < 5
    assert abs(left - 90) < 5
    assert section_rows._most_varied(np.dstack([image] * 3), 20) == (top, left)


@pytest.mark.parametrize(("height", "width"), [(100, 140), (20, 33), (21, 20), (10, 12)])
def test_zoom_lies_inside(height: int, width: int) -> None:
    image = np.zeros((height, width))
    image[-1, -1] = 1  # draws it into the corner
    top, left = section_rows._most_varied(image, 20)
    assert 0 <= top <= max(0, height - 20)
    assert 0 <= left <= max(0, width - 20)
