"""The window of a whole volume."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.reader import open_volume
from scripts.volume.volume import Volume
from scripts.volume.window import fits_window, sample_volume, volume_window


def volume_of(path: Path, voxels: np.ndarray) -> Volume:
    tifffile.imwrite(path / "scan.tif", voxels, photometric="minisblack")
    return open_volume(path / "scan.tif")


def uniform(lo: float, hi: float) -> np.ndarray:
    return np.random.default_rng(0).uniform(lo, hi, (5, 40, 40)).astype(np.float32)


def test_given_wins_and_is_checked(tmp_path: Path) -> None:
    with volume_of(tmp_path, uniform(0, 1)) as volume:
        assert volume_window(volume, trained=(0, 1), given=[0.5, 3]) == (0.5, 3.0, "given")
        with pytest.raises(InputError, match="scan.tif"):
            volume_window(volume, given=[3, 2])
        with pytest.raises(InputError, match="holds none of the grey values"):
            volume_window(volume, given=[1e8, 2e8])


def test_percentiles_of_the_volume(tmp_path: Path) -> None:
    voxels = uniform(0, 1000)
    with volume_of(tmp_path, voxels) as volume:
        lo, hi, source = volume_window(volume, percentiles=(10, 90))
        assert source == "percentiles"
        np.testing.assert_allclose((lo, hi), np.percentile(voxels, (10, 90)), rtol=1e-6)  # float32 voxels
        assert volume_window(volume, trained=[float("nan")] * 2)[2] == "percentiles"


def test_sample_is_bounded_and_covers_both_ends(tmp_path: Path) -> None:
    voxels = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None], (50, 40, 40))
    with volume_of(tmp_path, voxels) as volume:
        sample = sample_volume(volume, max_slices=5, max_values=500)
        assert len(np.unique(sample)) == 5 and {0, 49} <= set(sample) and sample.size <= 500


def test_trained_window_where_the_scale_fits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with volume_of(tmp_path, uniform(6000, 20000)) as volume, caplog.at_level(logging.WARNING):
        assert volume_window(volume, trained=(5000, 35000)) == (5000.0, 35000.0, "trained")
        assert not caplog.records
        lo, hi, source = volume_window(volume, trained=(0.0, 255.0))
        assert source == "percentiles" and 6000 <= lo < hi <= 20000
    assert "scan.tif" in caplog.text and '--ct_window "[lo, hi]"' in caplog.text


@pytest.mark.parametrize(
    ("robust", "trained", "fits"),
    [
        ((0, 10), (0, 10), True),
        ((0, 10), (5, 15), True),  # half of the volume, half of the window
        ((5000, 65535), (5000, 35000), True),  # bone beside saturated titanium
        ((0, 10), (7.1, 12), False),  # 0.29 of the volume
        ((0, 2), (0, 10), True),  # a fifth of the window
        ((0, 1.9), (0, 10), False),  # less than a fifth of the window
        ((0, 1), (2, 3), False),
    ],
)
def test_rule_by_hand(robust: tuple[float, float], trained: tuple[float, float], fits: bool) -> None:
    assert fits_window(robust, trained) is fits


def test_constant_volume(tmp_path: Path) -> None:
    with (
        volume_of(tmp_path, np.full((4, 5, 6), 7, np.uint8)) as volume,
        pytest.raises(InputError, match="scan.tif is constant"),
    ):
        volume_window(volume, trained=(0, 255))
