"""Slabs: what is in them, and how often the volume is read for that."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tifffile
import torch
from torch.utils.data import DataLoader

from scripts.data.padding import NO_PADDING, Padding
from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.rechunk import copy_in_cubes
from scripts.volume.read.slices.tiff import TiffVolume
from scripts.volume.stain.dataset import SlabDataset
from scripts.volume.stain.slab import Cubes, Slab

VOXELS = np.random.default_rng(0).integers(0, 60000, (7, 4, 5)).astype(np.uint16)
AVERAGE = (0.25, 0.5, 0.25)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "scan.tif", VOXELS, photometric="minisblack")
    return tmp_path / "scan.tif"


def slabs(source: Path, *spans: tuple[int, int], **more: Any) -> list[Slab]:
    return [Slab(str(source), start, stop, **more) for start, stop in spans]


def images(dataset: SlabDataset) -> np.ndarray:
    """All slabs, one after the other, (slices, rows, columns)."""
    return np.concatenate([dataset[index]["image"][:, 0].numpy() for index in range(len(dataset))])


def sha(image: np.ndarray) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each slice of a TIFF was read."""
    counts: Counter[int] = Counter()
    read = TiffVolume._read

    def counted(volume: TiffVolume, start: int, stop: int) -> np.ndarray:
        counts.update(range(start, stop))
        return read(volume, start, stop)

    monkeypatch.setattr(TiffVolume, "_read", counted)
    return counts


def test_slices_of_a_slab(scan: Path) -> None:
    dataset = SlabDataset(slabs(scan, (0, 3), (3, 6), (6, 7)))
    image = dataset[1]["image"]
    assert len(dataset) == 3
    assert image.shape == (3, 1, 4, 5)
    assert image.dtype == torch.float32
    np.testing.assert_array_equal(image[:, 0], VOXELS[3:6])


def test_item_keeps_its_slab(scan: Path) -> None:
    slab = Slab(str(scan), 2, 4, (5, 9), name="scan")
    item = SlabDataset([slab])[0]
    assert item["read"].slab is slab
    assert item["read"].seconds > 0
    (batch,) = DataLoader(SlabDataset([slab]), batch_size=None)
    assert batch["read"].slab is slab  # no list of tensors


def test_each_slice_is_transformed(scan: Path) -> None:
    dataset = SlabDataset(slabs(scan, (0, 7), ct_window=(10000, 50000)), WindowCTd("image"))
    expected = np.clip((VOXELS.astype(np.float64) - 10000) / 40000, 0, 1)
    np.testing.assert_allclose(images(dataset), expected, atol=1e-6)  # float32


def test_no_threads_of_torch_are_started(tmp_path: Path) -> None:
    """OpenMP would keep them beside those of the network, which would then sleep wherever they wait for each other."""
    tifffile.imwrite(tmp_path / "scan.tif", np.zeros((3, 512, 512), np.float32), photometric="minisblack")
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as threads:
            slab = slabs(tmp_path / "scan.tif", (0, 3), slice_average=AVERAGE, ct_window=(0, 1))
            dataset = SlabDataset(slab, WindowCTd("image"), threads)
            threads.submit(int).result()
            before = psutil.Process().num_threads()
            assert dataset[0]["image"].shape == (3, 1, 512, 512)
            assert psutil.Process().num_threads() <= before
    finally:
        torch.set_num_threads(usual)


class TestAverage:
    @pytest.mark.parametrize("spans", [[(0, 7)], [(0, 3), (3, 6), (6, 7)], [(z, z + 1) for z in range(7)]])
    @pytest.mark.parametrize("weights", [AVERAGE, (0.1, 0.2, 0.4, 0.2, 0.1)])
    def test_of_neighbours_within_and_across_slabs(
        self, scan: Path, spans: list[tuple[int, int]], weights: tuple[float, ...]
    ) -> None:
        """The first and the last slice stand for those beyond the ends."""
        reach = len(weights) // 2
        padded = np.concatenate([VOXELS[:1]] * reach + [VOXELS] + [VOXELS[-1:]] * reach).astype(np.float64)
        expected = sum(weight * padded[shift : shift + 7] for shift, weight in enumerate(weights))
        np.testing.assert_allclose(images(SlabDataset(slabs(scan, *spans, slice_average=weights))), expected, rtol=1e-6)

    def test_wider_than_the_volume(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "scan.tif", np.array([[[0, 0]], [[100, 200]]], np.uint16), photometric="minisblack")
        dataset = SlabDataset(slabs(tmp_path / "scan.tif", (0, 2), slice_average=(0.2,) * 5))
        # slices -2 ... 2 are 0, 0, 0, 1, 1; slices -1 ... 3 are 0, 0, 1, 1, 1
        np.testing.assert_allclose(images(dataset), [[[40, 80]], [[60, 120]]], rtol=1e-6)

    def test_does_not_depend_on_the_order(self, scan: Path) -> None:
        dataset = SlabDataset(slabs(scan, (4, 7), (0, 4), slice_average=AVERAGE))
        straight = images(SlabDataset(slabs(scan, (0, 7), slice_average=AVERAGE)))
        np.testing.assert_array_equal(images(dataset), np.concatenate([straight[4:], straight[:4]]))


class TestReading:
    @pytest.mark.parametrize("weights", [(1.0,), AVERAGE, (0.2,) * 5])
    def test_each_slice_once(self, scan: Path, reads: Counter[int], weights: tuple[float, ...]) -> None:
        images(SlabDataset(slabs(scan, (0, 2), (2, 4), (4, 6), (6, 7), slice_average=weights)))
        assert reads == Counter(range(7))

    def test_the_next_slab_ahead(self, scan: Path, reads: Counter[int]) -> None:
        dataset = SlabDataset(slabs(scan, (0, 2), (2, 4), (4, 6)))
        dataset[0]
        assert dataset._ahead is not None
        dataset._ahead[1].result()
        assert reads == Counter(range(4))

    def test_damage_shows_at_its_own_slab(self, tmp_path: Path) -> None:
        (tmp_path / "scan").mkdir()
        for z, image in enumerate(VOXELS):
            tifffile.imwrite(tmp_path / "scan" / f"{z}.tif", image)
        content = (tmp_path / "scan" / "5.tif").read_bytes()
        dataset = SlabDataset(slabs(tmp_path / "scan", (0, 3), (3, 6), (6, 7)))
        (tmp_path / "scan" / "5.tif").write_bytes(content[:-10])
        headers_are_read = open_volume(tmp_path / "scan")  # the damage is not in a header
        assert headers_are_read.shape == VOXELS.shape
        np.testing.assert_array_equal(dataset[0]["image"][:, 0], VOXELS[:3])
        with pytest.raises(InputError, match=r"Slice 5 of 7: .*5\.tif"):
            dataset[1]
        np.testing.assert_array_equal(dataset[2]["image"][:, 0], VOXELS[6:])

    def test_from_one_volume_to_the_next(self, scan: Path, tmp_path: Path) -> None:
        """Slices of the one are not taken for neighbours of the other."""
        tifffile.imwrite(tmp_path / "other.tif", VOXELS[::-1].copy(), photometric="minisblack")
        both = slabs(scan, (0, 4), (4, 7)) + slabs(tmp_path / "other.tif", (0, 4), (4, 7))
        np.testing.assert_array_equal(images(SlabDataset(both)), np.concatenate([VOXELS, VOXELS[::-1]]))

    @pytest.mark.parametrize(("axis", "order"), [("y", (1, 0, 2)), ("x", (2, 0, 1))])
    def test_along_another_axis(self, scan: Path, tmp_path: Path, axis: str, order: tuple[int, ...]) -> None:
        with open_volume(scan) as volume:
            copy = copy_in_cubes(volume, tmp_path / "ct.h5")
        dataset = SlabDataset(slabs(scan, (0, 3), (3, 4), axis=axis, copy=Cubes(copy, (7, 4, 5), "uint16")))
        np.testing.assert_array_equal(images(dataset), VOXELS.transpose(order)[:4])


class TestDigests:
    def test_are_of_the_slices(self, scan: Path) -> None:
        digests = SlabDataset(slabs(scan, (2, 4)))[0]["read"].digests
        assert [bytes(digest) for digest in digests] == [sha(VOXELS[2]), sha(VOXELS[3])]

    def test_are_of_the_neighbours_too(self, scan: Path) -> None:
        dataset = SlabDataset(slabs(scan, (0, 3), (3, 6), (6, 7), slice_average=AVERAGE))
        for index, places in enumerate([(0, 0, 1, 2, 3), (2, 3, 4, 5, 6), (5, 6, 6)]):
            digests = dataset[index]["read"].digests
            assert [bytes(digest) for digest in digests] == [sha(VOXELS[place]) for place in places]

    def test_are_of_what_is_stored_not_of_what_it_becomes(self, tmp_path: Path) -> None:
        voxels = np.full((2, 3, 4), np.nan, np.float32)
        tifffile.imwrite(tmp_path / "scan.tif", voxels, photometric="minisblack")
        (digest,) = SlabDataset(slabs(tmp_path / "scan.tif", (0, 1)))[0]["read"].digests
        assert bytes(digest) == sha(voxels[0])


class TestNotFinite:
    @pytest.fixture
    def item(self, tmp_path: Path) -> dict[str, Any]:
        voxels = np.zeros((3, 2, 2), np.float32)
        voxels[0, 0, 0], voxels[1, 0, 1], voxels[2, 1, 1] = np.nan, np.inf, -np.inf
        tifffile.imwrite(tmp_path / "scan.tif", voxels, photometric="minisblack")
        return SlabDataset(slabs(tmp_path / "scan.tif", (1, 3), slice_average=AVERAGE, nan_value=8.0))[0]

    def test_becomes_a_grey_value_before_it_is_averaged(self, item: dict[str, Any]) -> None:
        """The infinity of slice 1 is half of that slice and a quarter of the next, and so on."""
        np.testing.assert_array_equal(item["image"][:, 0], [[[2, 4], [0, 2]], [[0, 2], [0, 6]]])

    def test_is_counted_in_the_slabs_own_slices(self, item: dict[str, Any]) -> None:
        assert item["read"].replaced == 2


class TestPadding:
    """What is no tissue becomes `nan_value`, before slices are averaged."""

    def test_is_replaced_before_the_average(self, tmp_path: Path) -> None:
        voxels = np.array([[[-32768, 100]], [[50, 200]], [[60, 3000]]], np.int16)
        tifffile.imwrite(tmp_path / "scan.tif", voxels, photometric="minisblack")
        slab = slabs(
            tmp_path / "scan.tif",
            (0, 3),
            slice_average=AVERAGE,
            nan_value=40.0,
            ct_window=(40, 240),
            padding=Padding(low=-32768.0, high=3000.0, shares=((-32768.0, 0.1), (3000.0, 0.1))),
        )
        # the columns are 40, 50, 60 and 100, 200, 40; the first and the last slice stand for those beyond the ends
        expected = np.array([[[42.5, 125]], [[50, 135]], [[57.5, 80]]])
        np.testing.assert_allclose(images(SlabDataset(slab)), expected)
        assert SlabDataset(slab)[0]["read"].replaced == 0  # counts NaN and infinity

    def test_none_changes_nothing(self, scan: Path) -> None:
        with_none = SlabDataset(slabs(scan, (0, 7), padding=NO_PADDING, ct_window=(0, 60000)))
        np.testing.assert_array_equal(images(with_none), VOXELS.astype(np.float32))


@pytest.mark.parametrize(
    ("dtype", "offset"), [("uint32", 3e9), ("int32", -2e9), ("float64", 1e12), ("float64", -1e300)]
)
@pytest.mark.parametrize("weights", [(1.0,), AVERAGE, (1 / 3, 1 / 3, 1 / 3)])
def test_grey_values_that_float32_cannot_tell_apart(
    dtype: str, offset: float, weights: tuple[float, ...], tmp_path: Path
) -> None:
    unit = 1e299 if abs(offset) > 1e200 else 1
    voxels = (VOXELS * unit + offset).astype(dtype)
    tifffile.imwrite(tmp_path / "scan.tif", voxels, photometric="minisblack")
    lo, hi = offset, offset + 60000 * unit
    slab = slabs(tmp_path / "scan.tif", (0, 7), slice_average=weights, ct_window=(lo, hi), nan_value=lo)
    padded = np.concatenate([VOXELS[:1]] * (len(weights) // 2) + [VOXELS] + [VOXELS[-1:]] * (len(weights) // 2))
    mean = sum(weight * padded[shift : shift + 7].astype(np.float64) for shift, weight in enumerate(weights))
    np.testing.assert_allclose(images(SlabDataset(slab, WindowCTd("image"))), mean / 60000, atol=1e-6)
