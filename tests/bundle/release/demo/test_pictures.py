from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bundle.release.demo import pictures
from bundle.release.demo.pictures import draw_losses, draw_planes, draw_sections


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        return picture.size


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[pictures.plt.Figure]]:
    """The figures, kept open to look at."""
    figures: list[pictures.plt.Figure] = []
    monkeypatch.setattr(pictures, "_save", lambda figure, path: figures.append(figure))
    yield figures
    for figure in figures:
        pictures.plt.close(figure)


def rows(height: int = 60, width: int = 80) -> list[dict[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    return [
        {"CT": generator.random((height, width)), "section": generator.random((height, width, 3))} for _ in range(2)
    ]


def test_sections_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sections.png"
    draw_sections(path, rows(), ["S01", "S02"], zoom=20)
    assert size(path) == (round(2 * 2.6 * pictures.DPI), round(2 * 5.3 * pictures.DPI))  # inches times dots per inch
    assert not pictures.plt.get_fignums()  # figures are closed


def test_sections_layout_and_zoom(drawn: list[pictures.plt.Figure]) -> None:
    data = rows()
    draw_sections(Path("unused"), data, ["S01", "S02"], zoom=20)
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
    top, left = pictures._most_varied(image, 20)
    assert abs(top - 60) < 5
    assert abs(left - 90) < 5
    assert pictures._most_varied(np.dstack([image] * 3), 20) == (top, left)


@pytest.mark.parametrize(("height", "width"), [(100, 140), (20, 33), (21, 20), (10, 12)])
def test_zoom_lies_inside(height: int, width: int) -> None:
    image = np.zeros((height, width))
    image[-1, -1] = 1  # draws it into the corner
    top, left = pictures._most_varied(image, 20)
    assert 0 <= top <= max(0, height - 20)
    assert 0 <= left <= max(0, width - 20)


def test_planes(drawn: list[pictures.plt.Figure]) -> None:
    ct = np.random.default_rng(0).random((4, 6, 8))
    stain = np.random.default_rng(1).integers(0, 256, (4, 6, 8, 3)).astype(np.uint8)
    draw_planes(Path("unused"), ct, stain, (0.05, 0.02, 0.01))
    (figure,) = drawn
    for axis, plane in zip(
        figure.axes, [ct[2], stain[2], ct[:, 3], stain[:, 3], ct[:, :, 4], stain[:, :, 4]], strict=True
    ):
        np.testing.assert_array_equal(axis.images[0].get_array(), plane)
    labels = [figure.axes[index].get_xlabel() for index in (0, 2, 4)]
    assert labels == ["xy: 0.08 x 0.12 mm", "xz: 0.08 x 0.20 mm", "yz: 0.12 x 0.20 mm"]
    # a pixel is as much higher than wide as its voxel
    assert [figure.axes[index].get_aspect() for index in (0, 2, 4)] == pytest.approx([2, 5, 2.5])


def test_planes_file(tmp_path: Path) -> None:
    draw_planes(tmp_path / "planes.png", np.zeros((3, 4, 5)), np.zeros((3, 4, 5, 3), np.uint8), (1, 1, 1))
    assert size(tmp_path / "planes.png")[0] == round(8.4 * pictures.DPI)


HISTORY = "epoch,learning_rate,loss,pixel_stain,grey,validation_ssim\n1,0.1,3,2,1,\n2,0.1,2,1,1,0.5\n3,0.05,1,1,0.5,\n"


def test_losses(tmp_path: Path, drawn: list[pictures.plt.Figure]) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    draw_losses(Path("unused"), tmp_path / "history.csv")
    (figure,) = drawn
    shown = {axis.get_title(): np.asarray(axis.lines[0].get_xydata()).tolist() for axis in figure.axes if axis.lines}
    assert shown == {
        "loss": [[1, 3], [2, 2], [3, 1]],
        "pixel stain": [[1, 2], [2, 1], [3, 1]],
        "grey": [[1, 1], [2, 1], [3, 0.5]],
        "validation ssim": [[2, 0.5]],  # only where there was a validation
    }


def test_losses_file(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    draw_losses(tmp_path / "losses.png", tmp_path / "history.csv")
    assert size(tmp_path / "losses.png") == (round(9.6 * pictures.DPI), round(4.2 * pictures.DPI))
