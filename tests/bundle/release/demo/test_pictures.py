from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bundle.release.demo.pictures import draw_losses, draw_planes
from bundle.shared.figure import DPI


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        width, height = picture.size
        return width, height


def test_planes(tmp_path: Path, drawn: list[Figure]) -> None:
    ct = np.random.default_rng(0).random((4, 6, 8))
    stain = np.random.default_rng(1).integers(0, 256, (4, 6, 8, 3)).astype(np.uint8)
    draw_planes(tmp_path / "planes.png", ct, stain, (0.05, 0.02, 0.01))
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
    assert size(tmp_path / "planes.png")[0] == round(8.4 * DPI)


HISTORY = "epoch,learning_rate,loss,pixel_stain,grey,validation_ssim\n1,0.1,3,2,1,\n2,0.1,2,1,1,0.5\n3,0.05,1,1,0.5,\n"


def test_losses(tmp_path: Path, drawn: list[Figure]) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    draw_losses(tmp_path / "losses.png", tmp_path / "history.csv")
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
    assert size(tmp_path / "losses.png") == (round(9.6 * DPI), round(4.2 * DPI))
