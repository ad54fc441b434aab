"""The window of a whole volume."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from scripts.data.window import fits_window
from scripts.data.window_choice import Training
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import neighbours_alike, sample_volume, volume_window


def volume_of(path: Path, voxels: np.ndarray) -> Volume:
    tifffile.imwrite(path / "scan.tif", voxels, photometric="minisblack")
    return open_volume(path / "scan.tif")


def uniform(lo: float, hi: float) -> np.ndarray:
    return np.random.default_rng(0).uniform(lo, hi, (5, 40, 40)).astype(np.float32)


def test_given_wins_and_is_checked(tmp_path: Path) -> None:
    with volume_of(tmp_path, uniform(0, 1)) as volume:
        assert volume_window(volume, training=Training((0, 1)), given=[0.5, 3])[:3] == (0.5, 3.0, "given")
        with pytest.raises(InputError, match=r"scan.tif"):
            volume_window(volume, given=[3, 2])
        with pytest.raises(InputError, match="holds none of the grey values"):
            volume_window(volume, given=[1e8, 2e8])


def test_percentiles_of_the_volume(tmp_path: Path) -> None:
    voxels = uniform(0, 1000)
    with volume_of(tmp_path, voxels) as volume:
        lo, hi, source, _ = volume_window(volume, percentiles=(10, 90))[:4]
        assert source == "percentiles"
        np.testing.assert_allclose((lo, hi), np.percentile(voxels, (10, 90)), rtol=1e-6)  # float32 voxels


def test_sample_is_bounded_and_covers_both_ends(tmp_path: Path) -> None:
    voxels = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None], (50, 40, 40))
    with volume_of(tmp_path, voxels) as volume:
        sample = sample_volume(volume, max_slices=5, max_values=500).values
        assert len(np.unique(sample)) == 5
        assert {0, 49} <= set(sample)
        assert sample.size <= 500


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_sample_leaves_out_what_is_not_finite(bad: float, tmp_path: Path) -> None:
    voxels = uniform(0, 1000)
    voxels[0, :20] = voxels[3, 5, 5] = bad
    finite = np.sort(voxels[np.isfinite(voxels)])
    with volume_of(tmp_path, voxels) as volume:
        np.testing.assert_array_equal(np.sort(sample_volume(volume).values), finite)
        lo, hi, _, _ = volume_window(volume, percentiles=(10, 90))[:4]
    np.testing.assert_allclose((lo, hi), np.percentile(finite, (10, 90)), rtol=1e-6)  # float32 voxels


def test_given_window_of_a_volume_with_an_empty_middle(tmp_path: Path) -> None:
    voxels = uniform(0, 1)
    voxels[2] = np.nan
    with volume_of(tmp_path, voxels) as volume:
        assert volume_window(volume, given=[0, 1])[:3] == (0.0, 1.0, "given")
        with pytest.raises(InputError, match="holds none of the grey values"):
            volume_window(volume, given=[5, 6])


@pytest.mark.parametrize("given", [None, [0, 1]])
def test_nothing_but_nan(given: list[float] | None, tmp_path: Path) -> None:
    with (
        volume_of(tmp_path, np.full((4, 5, 6), np.nan, np.float32)) as volume,
        pytest.raises(InputError, match=r"scan\.tif holds nothing but NaN and infinity"),
    ):
        volume_window(volume, training=Training((0, 1)), given=given)


def test_trained_window_where_the_scale_fits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with volume_of(tmp_path, uniform(6000, 20000)) as volume, caplog.at_level(logging.WARNING):
        assert volume_window(volume, training=Training((5000, 35000)))[:3] == (5000.0, 35000.0, "trained")
        assert not caplog.records
        lo, hi, source, _ = volume_window(volume, training=Training((0.0, 255.0)))[:4]
        assert source == "percentiles"
        assert 6000 <= lo < hi <= 20000
    assert "scan.tif" in caplog.text
    assert '--ct_window "[lo, hi]"' in caplog.text


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
        pytest.raises(InputError, match=r"scan.tif is constant"),
    ):
        volume_window(volume, training=Training((0, 255)))


class TestNeighbours:
    """Whether a slice and the next show the same body."""

    Z, Y, X = np.meshgrid(np.arange(9), np.arange(40), np.arange(50), indexing="ij")
    BALL = np.hypot(np.hypot(Z - 4, Y - 20), X - 25)  # smooth in all directions

    def test_of_a_smooth_volume_are_alike(self, tmp_path: Path) -> None:
        with volume_of(tmp_path, self.BALL.astype(np.float32)) as volume:
            assert neighbours_alike(volume)

    def test_of_a_noisy_scan_are_alike(self, tmp_path: Path) -> None:
        """A body and noise of a third of its contrast: the correlation is 1 / (1 + 1/9) = 0.9."""
        noise = np.random.default_rng(0).normal(0, self.BALL.std() / 3, self.BALL.shape)
        with volume_of(tmp_path, (self.BALL + noise).astype(np.float32)) as volume:
            assert neighbours_alike(volume)

    def test_that_are_separate_images_are_not(self, tmp_path: Path) -> None:
        images = np.random.default_rng(0).integers(0, 256, (9, 40, 50)).astype(np.uint8)
        with volume_of(tmp_path, images) as volume:
            assert not neighbours_alike(volume)

    @pytest.mark.parametrize("depth", [2, 3])
    def test_of_a_few_slices(self, depth: int, tmp_path: Path) -> None:
        with volume_of(tmp_path, self.BALL[:depth].astype(np.float32)) as volume:
            assert neighbours_alike(volume)
        with volume_of(tmp_path, np.random.default_rng(0).random((depth, 40, 50)).astype(np.float32)) as volume:
            assert not neighbours_alike(volume)

    def test_of_a_constant_volume_are_alike(self, tmp_path: Path) -> None:
        with volume_of(tmp_path, np.full((9, 40, 50), 7, np.uint8)) as volume:
            assert neighbours_alike(volume)

    def test_are_compared_where_both_are_finite(self, tmp_path: Path) -> None:
        voxels = self.BALL.astype(np.float32)
        voxels[::2, :5] = np.nan
        voxels[1::2, :, :5] = np.inf
        with volume_of(tmp_path, voxels) as volume:
            assert neighbours_alike(volume)

    def test_of_some_empty_slices_do_not_decide(self, tmp_path: Path) -> None:
        voxels = self.BALL.astype(np.float32)
        voxels[:4] = np.nan
        with volume_of(tmp_path, voxels) as volume:
            assert neighbours_alike(volume)


class TestPadding:
    """One value where nothing was reconstructed."""

    ROWS, COLUMNS = np.mgrid[:60, :60]
    OUTSIDE = np.hypot(ROWS - 29.5, COLUMNS - 29.5) > 30

    def scan(self, low: int, high: int, value: float, dtype: str) -> np.ndarray:
        voxels = np.random.default_rng(0).integers(low, high, (5, 60, 60), endpoint=True).astype(dtype)
        voxels[:, self.OUTSIDE] = value
        return voxels

    @pytest.mark.parametrize(
        ("low", "high", "value", "dtype"),
        [
            (40000, 50000, 0, "uint16"),
            (-1000, 2000, -3024, "int16"),
            (-1000, 2000, -32768, "int16"),
            (-1000, 2000, -3.4028234663852886e38, "float32"),
            (-1000, 2000, 3.4028234663852886e38, "float32"),
            (30, 220, 0, "uint8"),
            (30, 220, 255, "uint8"),
        ],
    )
    def test_takes_no_part(
        self, low: int, high: int, value: float, dtype: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        voxels = self.scan(low, high, value, dtype)
        inside = np.percentile(voxels[:, ~self.OUTSIDE].astype(np.float64), (0.5, 99.5))
        with volume_of(tmp_path, voxels) as volume, caplog.at_level(logging.INFO):
            lo, hi, source, padding = volume_window(volume, training=Training((5000, 35000)))[:4]
        assert (lo, hi) == pytest.approx(tuple(inside), abs=1)
        assert source == "percentiles"
        assert f"{100 * self.OUTSIDE.mean():.1f} % of the voxels are {value:g}" in caplog.text
        assert [seen for seen, _ in padding.shares] == [pytest.approx(value)]

    def test_of_separate_images_does_not_make_them_alike(self, tmp_path: Path) -> None:
        with volume_of(tmp_path, self.scan(-1000, 2000, -32768, "int16")) as volume:
            padding = volume_window(volume).padding
            assert neighbours_alike(volume)
            assert not neighbours_alike(volume, padding)

    def test_given_window(self, tmp_path: Path) -> None:
        with volume_of(tmp_path, self.scan(-1000, 2000, 3e38, "float32")) as volume:
            lo, hi, source, padding = volume_window(volume, given=[-1000, 2000])[:4]
            assert (lo, hi, source) == (-1000, 2000, "given")
            assert padding.high == np.float32(3e38)
            with pytest.raises(InputError, match=r"holds none of the grey values .* from -1000 to 2000"):
                volume_window(volume, given=[1e38, 3.1e38])

    def test_saturated_metal_stays(self, tmp_path: Path) -> None:
        voxels = self.scan(6000, 30000, 0, "uint16")
        voxels[:, 25:35, 20:40] = 65535
        with volume_of(tmp_path, voxels) as volume:
            lo, hi, source, padding = volume_window(volume, training=Training((5000, 35000)))[:4]
            assert (lo, hi, source, padding.low, padding.high) == (5000, 35000, "trained", 0, None)
            assert volume_window(volume).hi == 65535


def test_most_voxels_outside_the_window(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with volume_of(tmp_path, uniform(0, 1000)) as volume, caplog.at_level(logging.WARNING):
        volume_window(volume, given=[100, 800])
        assert not caplog.records
        volume_window(volume, given=[900, 9000])
    # uniform from 0 to 1000: 80 % lie below 800, a tenth of their range below the window
    assert "80 % of its grey values lie outside the window 900 to 9000" in caplog.text
    assert "give --ct_window" in caplog.text
