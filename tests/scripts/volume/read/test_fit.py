"""Whether a volume is like the scans of a training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scripts.data.padding import NO_PADDING, Padding
from scripts.errors import InputError
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.volume.read.fit import fit_of
from scripts.volume.read.in_memory import InMemoryVolume
from scripts.volume.read.window import VolumeWindow

TRAINED = TrainedOn(pixel_um=5.0, histogram=(1000 / 64,) * 64, noise=(0.02, 0.03), sharpness=(0.9, 1.1))
GIVEN = VolumeWindow(1000.0, 3000.0, "given", NO_PADDING)


def scan(noise: float, blur: float = 1.0, depth: int = 6) -> NDArray[np.float32]:
    """Slices of a disc on its ground in the window [1000, 3000]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :160]
    disc = gaussian_filter(np.where(np.hypot(y - 80, x - 70) < 50, 0.7, 0.3), blur)
    parts = disc + noise * rng.normal(size=(depth, 160, 160))
    return (1000 + 2000 * parts).astype(np.float32)


def kinds(voxels: NDArray[Any], window: VolumeWindow = GIVEN, side: float | None = 0.005) -> set[str]:
    volume = InMemoryVolume(voxels)
    volume.spacing = None if side is None else (side, side, side)
    return {finding["kind"] for finding in fit_of(volume, window, TRAINED)["differs"]} - {"grey values"}


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_what_differs_is_named_whatever_the_depth(depth: int) -> None:
    assert kinds(scan(0.025, depth=depth)) == set()
    assert kinds(scan(0.1, depth=depth)) == {"noisier"}
    assert kinds(scan(0.025, blur=2.5, depth=depth)) == {"blurred"}
    assert kinds(scan(0.025, depth=depth), side=None) == {"voxel size unknown"}
    assert kinds(scan(0.025, depth=depth), side=0.015) == {"coarser"}


def test_padding_and_nan_are_left_out() -> None:
    voxels = scan(0.025)
    voxels[:, :30] = 0
    voxels[:, 130:] = np.nan
    assert kinds(voxels, GIVEN._replace(padding=Padding(low=0.0, shares=((0.0, 0.19),)))) == set()


def test_the_record_holds_what_was_measured() -> None:
    found = fit_of(InMemoryVolume(scan(0.025)), GIVEN, TRAINED)
    assert found["noise"] == pytest.approx(0.025, rel=0.1)
    assert found["sharpness"] == pytest.approx(1.0, rel=0.15)
    assert found["trained_on"]["noise"] == [0.02, 0.03]


def test_of_weights_that_do_not_know_nothing_is_read() -> None:
    class Unreadable(InMemoryVolume):
        def _read(self, start: int, stop: int) -> NDArray[Any]:
            raise AssertionError

    found = fit_of(Unreadable(scan(0.02)), GIVEN, UNKNOWN)
    assert found["differs"] == []
    assert "version 0.9 and before" in found["not_known"]


def test_a_damaged_slice_is_left_to_the_staining() -> None:
    class Damaged(InMemoryVolume):
        def _read(self, start: int, stop: int) -> NDArray[Any]:
            raise InputError("slice 0 is damaged.")

    volume = Damaged(scan(0.02))
    volume.spacing = (0.005, 0.005, 0.005)
    assert fit_of(volume, GIVEN, TRAINED)["differs"] == []
