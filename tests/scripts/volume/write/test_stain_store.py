"""The stain as OME-Zarr, checked by zarr and numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from scripts.volume.write import stain_store
from scripts.volume.write.stain_store import StainStore


def random_stain(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyramid of three levels for an image of a few pixels, in several chunks."""
    monkeypatch.setattr(stain_store, "SMALLEST_LEVEL", 5)
    monkeypatch.setattr(stain_store, "CHUNK_SIDE", 6)


SHAPE = (11, 13, 18)
STAIN = random_stain(SHAPE)


def written(path: Path, starts: Sequence[int] = (0, 4, 8), slab_size: int = 4, stain: np.ndarray = STAIN) -> StainStore:
    store = StainStore(path / "stain.ome.zarr", (stain.shape[1], stain.shape[2], stain.shape[3]), slab_size)
    store.create("scan", (0.005, 0.003, 0.002), None)
    for start in starts:
        store.write(start, stain[:, start : start + slab_size])
    return store


def files(store: StainStore) -> dict[str, bytes]:
    return {str(file.relative_to(store.path)): file.read_bytes() for file in store.path.rglob("*") if file.is_file()}


def attributes(store: StainStore) -> dict[str, Any]:
    return json.loads((store.path / ".zattrs").read_text())


class TestLevels:
    @pytest.mark.parametrize(
        ("shape", "slab_size", "levels"),
        [
            ((40, 100, 256), 32, [(1, 1)]),
            ((40, 100, 257), 32, [(1, 1), (2, 2)]),
            ((40, 3000, 100), 32, [(1, 1), (2, 2), (4, 4), (8, 8), (16, 16)]),
            ((40, 3000, 100), 4, [(1, 1), (2, 2), (4, 4), (4, 8), (4, 16)]),  # no deeper than a slab
            ((40, 600, 600), 6, [(1, 1), (2, 2), (2, 4)]),
            ((40, 600, 600), 1, [(1, 1), (1, 2), (1, 4)]),
        ],
    )
    def test_end_at_256_pixels(
        self, shape: tuple[int, int, int], slab_size: int, levels: list[tuple[int, int]], tmp_path: Path
    ) -> None:
        assert StainStore(tmp_path, shape, slab_size).levels == levels

    @pytest.mark.parametrize(
        ("slab_size", "depth"), [(1, 1), (5, 5), (31, 31), (32, 32), (33, 11), (48, 24), (64, 32), (37, 1), (1000, 25)]
    )
    def test_slabs_are_of_whole_chunks(self, slab_size: int, depth: int, tmp_path: Path) -> None:
        """The largest divisor of the slab that is no larger than 32."""
        assert StainStore(tmp_path, (100, 10, 10), slab_size).depth == depth


@pytest.mark.usefixtures("small_chunks")
class TestVoxels:
    def test_zarr_reads_what_was_written(self, tmp_path: Path) -> None:
        store = written(tmp_path)
        np.testing.assert_array_equal(zarr.open_group(str(store.path), mode="r")["0"][:], STAIN)

    @pytest.mark.parametrize("slab_size", [1, 2, 4, 8, 11, 12])
    def test_pyramid_is_of_block_means(self, slab_size: int, tmp_path: Path) -> None:
        store = written(tmp_path, range(0, SHAPE[0], slab_size), slab_size)
        group, level = zarr.open_group(str(store.path), mode="r"), STAIN.astype(np.float64)
        assert len(store.levels) == 3
        for index in (1, 2):
            steps = (2 if store.levels[index][0] > store.levels[index - 1][0] else 1, 2, 2)
            sides = [(0, -side % step) for side, step in zip(level.shape[1:], steps, strict=True)]
            level = np.pad(level, [(0, 0), *sides], mode="edge")
            blocks = [n for side, step in zip(level.shape[1:], steps, strict=True) for n in (side // step, step)]
            level = np.floor(level.reshape(3, *blocks).mean(axis=(2, 4, 6)) + 0.5)  # half up, as each level is stored
            np.testing.assert_array_equal(group[str(index)][:], level)

    @pytest.mark.parametrize("starts", [(8, 0, 4), (0, 4, 8, 4, 0), (8, 8, 4, 0)])
    def test_any_order_and_again_give_the_same_files(self, starts: Sequence[int], tmp_path: Path) -> None:
        assert files(written(tmp_path / "other", starts)) == files(written(tmp_path / "plain"))

    def test_several_slabs_at_once_give_the_same_files(self, tmp_path: Path) -> None:
        at_once = written(tmp_path / "at once", ())
        at_once.write(0, STAIN)
        assert files(at_once) == files(written(tmp_path / "plain"))

    def test_another_stain_in_place_of_one_leaves_nothing_of_it(self, tmp_path: Path) -> None:
        store = written(tmp_path / "twice", stain=255 - STAIN)
        for start in (0, 4, 8):
            store.write(start, STAIN[:, start : start + 4])
        assert files(store) == files(written(tmp_path / "plain"))

    def test_one_slab_touches_no_chunk_of_another(self, tmp_path: Path) -> None:
        first = files(written(tmp_path / "first", [0]))
        second = files(written(tmp_path / "second", [4]))
        metadata = {name for name in first if Path(name).name.startswith(".")}
        assert set(first) & set(second) == metadata

    @pytest.mark.parametrize("slab_size", [2, 4, 8])
    def test_is_read_back_in_order(self, slab_size: int, tmp_path: Path) -> None:
        store = written(tmp_path, range(0, SHAPE[0], slab_size), slab_size)
        np.testing.assert_array_equal(np.concatenate(list(store.slabs())), np.moveaxis(STAIN, 0, -1))


@pytest.mark.usefixtures("small_chunks")
class TestMetadata:
    def test_axes(self, tmp_path: Path) -> None:
        (image,) = attributes(written(tmp_path, ()))["multiscales"]
        assert image["version"] == "0.4"
        assert image["name"] == "scan"
        space = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
        assert image["axes"] == [{"name": "c", "type": "channel"}, *space]

    def test_scales_and_translations(self, tmp_path: Path) -> None:
        """A voxel of 5 x 3 x 2 micrometres; the centre of the mean of two lies half a voxel on, of four one and a half.

        Tolerance: the product of 1000 and 0.003 is rounded.
        """
        (image,) = attributes(written(tmp_path, ()))["multiscales"]
        steps = [level["coordinateTransformations"] for level in image["datasets"]]
        assert [level["path"] for level in image["datasets"]] == ["0", "1", "2"]
        assert [[step["type"] for step in level] for level in steps] == [
            ["scale"],
            ["scale", "translation"],
            ["scale", "translation"],
        ]
        expected = [[1, 5, 3, 2], [1, 10, 6, 4], [1, 20, 12, 8]]
        np.testing.assert_allclose([level[0]["scale"] for level in steps], expected, rtol=1e-12)
        shifts = [level[1]["translation"] for level in steps[1:]]
        np.testing.assert_allclose(shifts, [[0, 2.5, 1.5, 1], [0, 7.5, 4.5, 3]], rtol=1e-12)

    def test_an_origin_is_a_translation(self, tmp_path: Path) -> None:
        store = StainStore(tmp_path / "stain", SHAPE, 1)
        affine = np.array([[0.002, 0, 0, 0.3], [0, 0.003, 0, 0.2], [0, 0, 0.005, 0.1], [0, 0, 0, 1]])
        store.create("scan", (0.005, 0.003, 0.002), affine)
        (image,) = attributes(store)["multiscales"]
        steps = [level["coordinateTransformations"] for level in image["datasets"]]
        shifts = [level[1]["translation"] for level in steps[:2]]
        # z is not halved: slabs of one slice
        np.testing.assert_allclose(shifts, np.array([[0, 100, 200, 300], [0, 100, 201.5, 301]]), rtol=1e-12)

    def test_turned_axes_have_no_translation(self, tmp_path: Path) -> None:
        """Version 0.4 could only tell half of it; the attribute tells all."""
        store = StainStore(tmp_path / "stain", SHAPE, 1)
        affine = np.diag([-0.002, 0.003, 0.005, 1.0])
        affine[:3, 3] = 7
        store.create("scan", (0.005, 0.003, 0.002), affine)
        (image,) = attributes(store)["multiscales"]
        assert [step["type"] for step in image["datasets"][0]["coordinateTransformations"]] == ["scale"]
        assert attributes(store)["affine_xyz_to_mm"] == affine.tolist()

    def test_without_voxel_size(self, tmp_path: Path) -> None:
        store = StainStore(tmp_path / "stain", SHAPE, 1)
        store.create("scan", None, None)
        (image,) = attributes(store)["multiscales"]
        assert all("unit" not in axis for axis in image["axes"])
        scales = [level["coordinateTransformations"][0]["scale"] for level in image["datasets"]]
        assert scales == [[1, 1, 1, 1], [1, 1, 2, 2], [1, 1, 4, 4]]  # slabs of one slice: none are averaged

    def test_channels(self, tmp_path: Path) -> None:
        omero = attributes(written(tmp_path, ()))["omero"]
        channels = [(channel["label"], channel["color"], channel["active"]) for channel in omero["channels"]]
        assert channels == [("red", "FF0000", True), ("green", "00FF00", True), ("blue", "0000FF", True)]
        for channel in omero["channels"]:
            assert channel["window"] == {"min": 0, "max": 255, "start": 0, "end": 255}
        assert omero["rdefs"] == {"model": "color", "defaultT": 0, "defaultZ": 5}

    def test_affine(self, tmp_path: Path) -> None:
        affine = np.diag([2.0, 3.0, 5.0, 1.0])
        store = StainStore(tmp_path / "stain", SHAPE, 4)
        store.create("scan", None, affine)
        assert attributes(store)["affine_xyz_to_mm"] == affine.tolist()
        assert "affine_xyz_to_mm" not in attributes(written(tmp_path, ()))

    def test_arrays(self, tmp_path: Path) -> None:
        store = written(tmp_path)
        header = json.loads((store.path / "0" / ".zarray").read_text())
        assert header["zarr_format"] == 2
        assert header["dimension_separator"] == "/"
        assert header["dtype"] == "|u1"
        assert header["shape"] == [3, *SHAPE]
        assert header["chunks"] == [1, 4, 6, 6]
        assert (store.path / "0" / "2" / "2" / "2" / "2").is_file()  # blue, the last of 3 x 3 x 3 chunks

    def test_what_is_there_is_kept(self, tmp_path: Path) -> None:
        before = files(written(tmp_path))
        assert files(written(tmp_path, ())) == before


def test_half_made_store_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stain_store, "create_array", cut_off)
        with pytest.raises(KeyboardInterrupt):
            written(tmp_path, ())
    np.testing.assert_array_equal(written(tmp_path).array()[:], STAIN)


def test_ome_zarr_reads_it(tmp_path: Path) -> None:
    reason = "ome-zarr is no requirement: it brings dask and S3; test_metadata_... assert the same entry by entry"
    io, reader = (pytest.importorskip(f"ome_zarr.{name}", reason=reason) for name in ("io", "reader"))
    stain = random_stain((3, 20, 300))
    store = written(tmp_path, (0,), stain=stain)
    (image, *_) = reader.Reader(io.parse_url(str(store.path)))()
    assert [axis["name"] for axis in image.metadata["axes"]] == list("czyx")
    assert [level.shape for level in image.data] == [(3, 3, 20, 300), (3, 2, 10, 150)]
    np.testing.assert_array_equal(np.asarray(image.data[0]), stain)


@pytest.mark.parametrize("name", ["a::b", "file::x", "a.zip", "memory::", "~", "a#b", "%41"])
def test_any_name_is_a_folder_of_its_own(name: str, tmp_path: Path) -> None:
    """Also names that zarr, given a path as text, takes for an archive or a chain of addresses."""
    (tmp_path / name).mkdir()
    path = tmp_path / name / f"{name}_stain.ome.zarr"
    StainStore(path, (2, 4, 4), 2).create("scan", None, None)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert (path / ".zattrs").is_file()
