"""Stains made along an axis, and their mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from scripts.volume.write.axis_store import AxisStore, fused

SHAPE = (5, 6, 7)
STAIN = np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype(np.uint8)


def store(path: Path, axis: str, slab_size: int = 2) -> AxisStore:
    made = AxisStore(path / f"along_{axis}", SHAPE, axis, slab_size)
    made.create()
    return made


def whole(stores: list[AxisStore]) -> np.ndarray:
    slabs = dict(fused(stores))
    assert list(slabs) == [0, 2, 4]
    return np.concatenate(list(slabs.values()), axis=1)


@pytest.mark.parametrize(("axis", "order"), [("z", (0, 1, 2, 3)), ("y", (0, 2, 1, 3)), ("x", (0, 3, 1, 2))])
def test_slabs_lie_along_the_axis(axis: str, order: tuple[int, ...], tmp_path: Path) -> None:
    """Slices are (Y, X) along z, (Z, X) along y, (Z, Y) along x."""
    written, sliced = store(tmp_path, axis), STAIN.transpose(order)
    for start in reversed(range(0, sliced.shape[1], 2)):
        written.write(start, sliced[:, start : start + 2])
    np.testing.assert_array_equal(zarr.open_group(str(tmp_path / f"along_{axis}"), mode="r")["0"][:], STAIN)


def test_a_slab_shares_no_chunk_with_another(tmp_path: Path) -> None:
    assert store(tmp_path, "y").array.chunks == (3, 5, 2, 7)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    store(tmp_path, "z").write(0, STAIN[:, :2])
    np.testing.assert_array_equal(store(tmp_path, "z").array[:, :2], STAIN[:, :2])


@pytest.mark.parametrize(
    ("levels", "mean"),
    [((1, 1, 2), 1), ((1, 2, 2), 2), ((255, 255, 255), 255), ((0, 0, 1), 0), ((0, 1), 1), ((2, 3), 3), ((7,), 7)],
)
def test_mean_is_rounded_half_up(levels: tuple[int, ...], mean: int, tmp_path: Path) -> None:
    stores = [store(tmp_path, axis) for axis in "zyx"[: len(levels)]]
    for one, level in zip(stores, levels, strict=True):
        one.array[:] = level
    assert (whole(stores) == mean).all()


def test_mean_of_every_voxel(tmp_path: Path) -> None:
    stores = [store(tmp_path, axis) for axis in "zyx"]
    for one, values in zip(stores, (STAIN, STAIN[:, ::-1], STAIN[..., ::-1]), strict=True):
        one.array[:] = values
    mean = np.mean([STAIN, STAIN[:, ::-1], STAIN[..., ::-1]], axis=0)
    np.testing.assert_array_equal(whole(stores), np.rint(mean))  # thirds: never half way
