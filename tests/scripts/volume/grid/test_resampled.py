"""Volumes on another grid: values, geometry, and that a slice depends on nothing but its index."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from scripts.data.padding import NO_PADDING, Padding
from scripts.data.resample import cubic_weights
from scripts.errors import InputError
from scripts.volume.grid.network import network_shape
from scripts.volume.grid.resampled import ResampledVolume, Resampling, resampling_bytes
from scripts.volume.read.in_memory import InMemoryVolume
from scripts.volume.read.reader import open_volume

RNG = np.random.default_rng(0)
SCAN = RNG.integers(5000, 9000, (9, 20, 26)).astype(np.uint16)
WINDOW = (5000.0, 9000.0)


def resampled(
    scan: np.ndarray,
    shape: tuple[int, int, int],
    window: tuple[float, float] = WINDOW,
    nan_value: float = 5000.0,
    padding: Padding = NO_PADDING,
) -> ResampledVolume:
    return ResampledVolume(InMemoryVolume(scan), Resampling(shape, window, nan_value, padding))


def by_hand(scan: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Pillow in the plane, and a matrix across slices, in float64."""
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32) - 5000).resize(shape[:0:-1], Image.Resampling.BICUBIC))
        for plane in scan
    ]
    return np.tensordot(cubic_weights(len(scan), shape[0]).toarray(), np.stack(planes).astype(np.float64), 1)


class TestValues:
    @pytest.mark.parametrize("shape", [(9, 20, 26), (4, 9, 13), (18, 40, 52), (36, 20, 26), (9, 10, 26), (1, 8, 8)])
    def test_are_those_of_pillow_and_a_matrix(self, shape: tuple[int, int, int]) -> None:
        volume = resampled(SCAN, shape)
        # float32 has seven digits of values up to 4000
        np.testing.assert_allclose(volume.read(0, shape[0]), by_hand(SCAN, shape), atol=2e-3)
        assert volume.dtype == np.float32
        assert volume.shape == shape

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
    def test_of_each_type(self, dtype: str) -> None:
        scan = (SCAN // 40).astype(dtype)
        volume = resampled(scan, (5, 10, 13), (125.0, 225.0), 125.0)
        expected = by_hand(scan.astype(np.float64) - 125 + 5000, (5, 10, 13))
        np.testing.assert_allclose(volume.read(0, 5), expected, atol=1e-4)

    def test_of_a_window_that_float32_cannot_hold(self) -> None:
        """In float32 the 4000 grey values above three billion would be 16."""
        scan = SCAN.astype(np.uint32) + np.uint32(3_000_000_000)
        volume = resampled(scan, (5, 10, 13), (3_000_005_000.0, 3_000_009_000.0), 3_000_005_000.0)
        np.testing.assert_allclose(volume.read(0, 5), by_hand(SCAN, (5, 10, 13)), atol=2e-3)

    @pytest.mark.parametrize("shape", [(4, 9, 13), (18, 40, 52), (7, 27, 31)])
    def test_constants_stay_exact(self, shape: tuple[int, int, int]) -> None:
        scan = SCAN.copy()
        scan[:, :, 13:] = 7777
        black = resampled(np.full_like(scan, 5000), shape).read(0, shape[0])
        assert not black.any()
        right = resampled(scan, shape).read(0, shape[0])[:, :, -shape[2] // 4 :]
        assert set(np.unique(right)) == {2777.0}

    def test_nan_and_padding_do_not_spread(self) -> None:
        scan = np.full((6, 12, 12), 7000, np.float32)
        scan[2, 3, 4] = np.nan
        scan[4] = np.inf
        scan[:, :6] = -3.4e38
        volume = resampled(scan, (3, 6, 6), padding=Padding(low=-3.4e38, shares=((-3.4e38, 0.5),)))
        values = volume.read(0, 3)
        assert np.isfinite(values).all()
        assert not values[:, 0].any()  # far enough from the edge that the kernel reaches padding alone
        assert -1000 < values.min() < 0 < values.max() < 3000  # the kernel's own overshoot of 2000, not that of 1e38

    def test_absurd_values_give_finite_ones(self) -> None:
        scan = np.where(RNG.random((6, 12, 12)) < 0.1, np.float32(3e38), np.float32(6000))
        assert np.isfinite(resampled(scan, (9, 6, 6)).read(0, 9)).all()

    def test_counts_what_was_replaced_once(self) -> None:
        scan = SCAN.astype(np.float32)
        scan[RNG.random(scan.shape) < 0.05] = np.nan
        for depth in (4, 9, 23):
            volume, counted = resampled(scan, (depth, 10, 13)), 0
            for z in range(depth):
                volume.read(z, z + 1)
                counted += volume.replaced(z)
            assert counted == np.isnan(scan).sum() == volume.replaced_so_far


class TestStream:
    @pytest.mark.parametrize("depth", [3, 9, 18, 31])
    def test_a_slice_depends_on_its_index_alone(self, depth: int) -> None:
        whole = resampled(SCAN, (depth, 10, 13)).read(0, depth)
        volume = resampled(SCAN, (depth, 10, 13))
        for z in [*RNG.permutation(depth), *range(depth)]:
            np.testing.assert_array_equal(volume.read(int(z), int(z) + 1)[0], whole[z])

    @pytest.mark.parametrize(("depth", "most"), [(9, 1), (18, 5), (3, 14), (40, 5)])
    def test_reads_each_slice_once_and_holds_few(self, depth: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
        volume = resampled(SCAN, (depth, 10, 13))
        read: list[int] = []

        def read_slices(start: int, stop: int) -> np.ndarray:
            read.append(start)
            return SCAN[start:stop]

        monkeypatch.setattr(volume.original, "_read", read_slices)
        held = 0
        for z in range(depth):
            volume.read(z, z + 1)
            held = max(held, len(volume._slices._held))
        assert read == list(range(9))
        assert held <= most

    def test_memory_that_is_said_to_be_taken(self) -> None:
        # a slice as uint16, float32 and mask; what lies between the two passes; 2 + 4 slices of 10 x 13
        assert resampling_bytes(InMemoryVolume(SCAN), (18, 10, 13)) == 11 * 520 + 4 * 20 * 13 + 4 * 6 * 130
        assert resampling_bytes(InMemoryVolume(SCAN), (3, 20, 26)) == 11 * 520 + 4 * 20 * 26 + 4 * 14 * 520


OBLIQUE = np.array(
    [
        [0.0030, -0.0020, 0.0006, 1.5],
        [0.0020, 0.0030, -0.0008, -2.0],
        [0.0001, 0.0004, 0.0100, 7.0],
        [0, 0, 0, 1],
    ]
)


def corners(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The outer corners of a volume (Z, Y, X) in space: half a voxel beyond the middles of the outermost ones."""
    z, y, x = shape
    places = [[i, j, k, 1] for i in (-0.5, x - 0.5) for j in (-0.5, y - 0.5) for k in (-0.5, z - 0.5)]
    return np.array(places) @ affine.T


class TestGeometry:
    @pytest.mark.parametrize("shape", [(18, 10, 13), (3, 40, 52), (9, 15, 20)])
    def test_the_extent_stays(self, shape: tuple[int, int, int]) -> None:
        volume = InMemoryVolume(SCAN)
        volume.affine, volume.spacing = OBLIQUE, (0.01, 0.0036, 0.0036)
        other = ResampledVolume(volume, Resampling(shape, WINDOW, 0, NO_PADDING))
        assert other.affine is not None
        np.testing.assert_allclose(corners(other.affine, shape), corners(OBLIQUE, SCAN.shape), atol=1e-12)
        assert other.spacing == pytest.approx((0.01 * 9 / shape[0], 0.0036 * 20 / shape[1], 0.0036 * 26 / shape[2]))
        assert other.own_spacing == volume.spacing

    def test_a_middle_by_hand(self) -> None:
        """Two voxels become one: its middle lies between theirs, at index 1/2."""
        volume = InMemoryVolume(SCAN[:8])
        volume.affine = OBLIQUE
        other = ResampledVolume(volume, Resampling((4, 10, 13), WINDOW, 0, NO_PADDING))
        assert other.affine is not None
        np.testing.assert_allclose(other.affine @ [0, 0, 0, 1], OBLIQUE @ [0.5, 0.5, 0.5, 1], atol=1e-12)
        np.testing.assert_allclose(other.affine @ [3, 2, 1, 1], OBLIQUE @ [6.5, 4.5, 2.5, 1], atol=1e-12)

    @pytest.mark.parametrize("codes", [(1, 2), (1, 0), (0, 4), (0, 0)])
    @pytest.mark.parametrize("unit", ["mm", "micron"])
    def test_the_header_of_a_nifti(self, codes: tuple[int, int], unit: str, tmp_path: Path) -> None:
        scale = {"mm": 1, "micron": 1000}[unit]
        affine = np.diag([-0.003 * scale, 0.004 * scale, 0.01 * scale, 1])
        affine[:3, 3] = [1, 2, 3]
        image = nibabel.Nifti1Image(SCAN.T, affine)
        image.header.set_xyzt_units(unit)
        image.set_qform(affine if codes[0] else None, codes[0])
        image.set_sform(affine if codes[1] else None, codes[1])
        nibabel.save(image, tmp_path / "scan.nii")
        with open_volume(tmp_path / "scan.nii") as volume:
            other = ResampledVolume(volume, Resampling((18, 10, 13), WINDOW, 0, NO_PADDING))
            header = other.nifti_header
            assert header is not None
            np.testing.assert_allclose(header.get_zooms(), np.array([0.006, 0.008, 0.005]) * scale, rtol=1e-6)
            assert header.get_xyzt_units()[0] == unit
            assert (int(header["qform_code"]), int(header["sform_code"])) == codes
            for get, code in zip((header.get_qform, header.get_sform), codes, strict=True):
                if code:
                    got = corners(get(), (18, 10, 13))
                    np.testing.assert_allclose(got, corners(affine, SCAN.shape), rtol=1e-5, atol=1e-5)
        assert volume.nifti_header is not header


def test_voxels_far_coarser_than_the_trainings_are_refused() -> None:
    volume = InMemoryVolume(np.zeros((4, 80, 80), np.uint16))
    volume.spacing = (0.101, 0.1, 0.1)
    with pytest.raises(
        InputError, match=r"101 x 100 x 100 um .* over 20 times the 5 um of the training: .*--voxel_um 5"
    ):
        network_shape(volume, 5.0)


def test_a_volume_without_a_place_gets_one_whose_outer_faces_are_the_originals() -> None:
    volume = InMemoryVolume(np.zeros((1, 80, 80), np.uint16))
    volume.spacing = (0.01, 0.01, 0.01)
    found = ResampledVolume(volume, Resampling((1, 160, 160), (0.0, 1.0), 0.0, NO_PADDING)).affine
    assert found is not None
    np.testing.assert_allclose(found[:2, 3], [-0.0025, -0.0025])  # half of 5 um less half of 10 um
