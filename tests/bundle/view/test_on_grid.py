"""Stain, uncertainty and CT on the grid of a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage.measure import block_reduce

from bundle.shared.stained_layer import open_layer
from bundle.view.grid import Grid
from bundle.view.on_grid import ct_on_grid, layer_on_grid
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.write import stain_store

SHAPE = (6, 24, 40)


def voxels(channels: int) -> np.ndarray:
    """What `smooth` of tests/bundle/stained_volume.py makes, by another way."""
    z, y, x = np.indices(SHAPE)
    ramps = [x / 39, y / 23, z / 5]
    return np.stack([np.rint(20 + 210 * ramp) for ramp in ramps[:channels]], -1).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["ome.zarr", "tif", "nii", "nii.gz"])
@pytest.mark.parametrize(("kind", "channels"), [("stain", 3), ("uncertainty", 1)])
def test_every_format(suffix: str, kind: str, channels: int, stained_folder: Callable[..., Path]) -> None:
    path = stained_folder(formats=(suffix,), uncertainty=True) / f"scan_{kind}.{suffix}"
    layer = open_layer(path, channels, SHAPE)
    np.testing.assert_array_equal(layer_on_grid(layer, Grid(SHAPE, (1, 1, 1))), voxels(channels))
    mean = layer_on_grid(layer, Grid(SHAPE, (2, 2, 4)))
    expected = block_reduce(voxels(channels), (2, 2, 4, 1), np.mean)
    assert np.abs(mean - expected).max() <= 0.5  # rounded once


@pytest.mark.parametrize("block", [(2, 2, 2), (4, 4, 4), (2, 6, 6), (4, 2, 8)])
def test_from_the_pyramid(
    block: tuple[int, int, int], stained_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each level is rounded to whole grey levels: two of them and the mean are off by 1.5 at most."""
    monkeypatch.setattr(stain_store, "SMALLEST_LEVEL", 10)
    layer = open_layer(stained_folder() / "scan_stain.ome.zarr", 3, SHAPE)
    assert [level.factors for level in layer.levels] == [(1, 1, 1), (2, 2, 2), (4, 4, 4)]
    read: list[tuple[int, int, int]] = []
    for level in layer.levels:
        original = level.read

        def noting(start: int, stop: int, level=level, original=original) -> np.ndarray:  # type: ignore[no-untyped-def]
            read.append(level.factors)
            return original(start, stop)

        object.__setattr__(level, "read", noting)
    mean = layer_on_grid(layer, Grid(SHAPE, block))
    inside = tuple(slice(0, side // length) for side, length in zip(SHAPE, block, strict=True))
    expected = block_reduce(voxels(3), (*block, 1), np.mean)
    assert np.abs(mean[inside] - expected[inside]).max() <= 1.5
    assert set(read) == {{4: (4, 4, 4), 2: (2, 2, 2)}[min(block)]}  # the lowest resolution that will do


@pytest.mark.parametrize("suffix", ["ome.zarr", "tif", "nii.gz"])
def test_damaged(suffix: str, stained_folder: Callable[..., Path]) -> None:
    path = stained_folder(formats=(suffix,)) / f"scan_stain.{suffix}"
    file = path / "0" / "0" / "0" / "0" / "0" if path.is_dir() else path
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"scan_stain.*(cannot be read|is damaged)"):
        layer_on_grid(open_layer(path, 3, SHAPE), Grid(SHAPE, (1, 1, 1)))


@pytest.mark.parametrize("lost", ["0/0", "0/2/1/0/0", "0/1/0"])
def test_a_copy_that_was_broken_off(
    lost: str, stained_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a colour, a chunk or a row of chunks: they would be read as zeros, without a word."""
    monkeypatch.setattr(stain_store, "SMALLEST_LEVEL", 20)
    path = stained_folder() / "scan_stain.ome.zarr"
    (path / lost).rename(path / "elsewhere")
    layer, full, half = open_layer(path, 3, SHAPE), Grid(SHAPE, (1, 1, 1)), Grid(SHAPE, (2, 2, 2))
    with pytest.raises(
        InputError, match=rf"scan_stain\.ome\.zarr lacks \d of its files, such as {lost}.*copy it again"
    ):
        layer_on_grid(layer, full)
    assert layer_on_grid(layer, half).min() > 0  # nothing is missing at the resolution that is read
    with caplog.at_level(logging.WARNING):
        assert layer_on_grid(open_layer(path, 3, SHAPE, zeros_left_out=True), full).min() == 0
    assert "zarr 3 wrote it and leaves out what is 0" in caplog.text


def test_ct_is_windowed_then_averaged(tmp_path: Path) -> None:
    """What lies outside the window counts as its end, NaN as its dark end; by hand."""
    slices = np.zeros((3, 2, 4), np.float32)
    slices[0] = np.array([[-5, 0, 10, 99], [5, 5, np.nan, 10]])
    slices[1] = np.array([[5, 5, 10, 10], [0, 0, np.inf, 0]])
    slices[2] = 10
    tifffile.imwrite(tmp_path / "ct.tif", slices, photometric="minisblack")
    with open_volume(tmp_path / "ct.tif") as volume:
        grey, _ = ct_on_grid(volume, Grid((3, 2, 4), (2, 2, 2)), (0, 10))
    first = [(0 + 0 + 0.5 + 0.5) / 4, (1 + 1 + 0 + 1) / 4]
    second = [(0.5 + 0.5) / 4, (1 + 1) / 4]
    expected = [np.rint(255 * (one + two) / 2) for one, two in zip(first, second, strict=True)]
    np.testing.assert_array_equal(grey[..., 0], [[expected], [[255, 255]]])
