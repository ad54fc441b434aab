"""OME-Zarr images and plain zarr arrays."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

THREE = int(zarr.__version__.split(".")[0]) >= 3
VOXELS = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
ZYX = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]


def save_array(path: Path, voxels: np.ndarray, chunks: tuple[int, ...], separator: str = ".", version: int = 2) -> None:
    """Without compression, so that a chunk cut short is seen as such."""
    if THREE:
        encoding = {"name": "v2" if version == 2 else "default", "separator": separator}
        options: dict[str, Any] = {"zarr_format": version, "chunk_key_encoding": encoding, "compressors": None}
        array = zarr.create_array(str(path), shape=voxels.shape, chunks=chunks, dtype=voxels.dtype, **options)
    else:
        options = {"dimension_separator": separator, "compressor": None, "write_empty_chunks": True}
        array = zarr.open_array(str(path), mode="w", shape=voxels.shape, chunks=chunks, dtype=voxels.dtype, **options)
    array[...] = voxels


def save_image(path: Path, voxels: np.ndarray = VOXELS, axes: Any = ZYX, version: int = 2, **image: Any) -> Path:
    """An image with a full level "0" and a smaller one."""
    path.mkdir(parents=True)
    separator = "/"
    save_array(path / "0", voxels, (1,) * (voxels.ndim - 3) + (2, 3, 4)[-voxels.ndim :], separator, version)
    save_array(path / "1", voxels[..., ::2, ::2], (1,) * (voxels.ndim - 2) + (3, 4), separator, version)
    steps = image.pop("steps", [{"type": "scale", "scale": [1.0] * (voxels.ndim - 3) + [5.0, 3.0, 2.0]}])
    level = {"path": "0", "coordinateTransformations": steps}
    multiscales = [{"version": "0.4", "axes": axes, "datasets": [level, {"path": "1"}], **image}]
    if version == 2:
        (path / ".zgroup").write_text('{"zarr_format": 2}')
        (path / ".zattrs").write_text(json.dumps({"multiscales": multiscales}))
    else:
        attributes = {"ome": {"version": "0.5", "multiscales": multiscales}}
        content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (path / "zarr.json").write_text(json.dumps(content))
    return path


@pytest.mark.skipif(not THREE, reason="zarr 2 writes no format 3")
def test_missing_chunk_of_format_3(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_image(tmp_path / "a.zarr", version=3)
    (path / "0" / "c" / "1" / "0" / "1").unlink()
    with open_volume(path) as volume, caplog.at_level(logging.WARNING):
        volume.read(0, 5)
    assert "the chunk c/1/0/1 of slice 2 is not there" in caplog.text


@pytest.mark.parametrize("version", [2, 3])
def test_image(tmp_path: Path, version: int) -> None:
    if version == 3 and not THREE:
        pytest.skip("OME-Zarr 0.5 is zarr format 3, which zarr 2 can neither write nor read")
    path = save_image(tmp_path / "bone.ome.zarr", version=version)
    with open_volume(path) as volume:
        assert volume.shape == (5, 6, 7)
        assert volume.dtype == np.uint16
        assert volume.name == "bone"
        assert volume.source == str(path)
        assert volume.affine is None
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.005, 0.003, 0.002))
        for start, stop in ((0, 2), (1, 5), (0, 1)):
            np.testing.assert_array_equal(volume.read(start, stop), VOXELS[start:stop])
    assert find_volumes(path) == [str(path)]
    assert find_volumes(tmp_path) == [str(path)]


def test_unfinished_zarr_is_not_found(tmp_path: Path) -> None:
    save_image(tmp_path / "b.zarr.partial")
    save_image(tmp_path / ".hidden.zarr")
    path = save_image(tmp_path / "image")  # known by its .zattrs
    assert find_volumes(tmp_path) == [str(path)]


def test_scale_and_translation_of_level_and_image(tmp_path: Path) -> None:
    units = ["millimeter", "micrometer", "nanometer"]
    axes = [{"name": name, "unit": unit} for name, unit in zip("zyx", units, strict=True)]
    steps = [{"type": "scale", "scale": [5, 3, 2]}, {"type": "translation", "translation": [10, 20, 30]}]
    outer = [{"type": "scale", "scale": [1, 2, 1]}, {"type": "translation", "translation": [1, 0, 0]}]
    path = save_image(tmp_path / "a.zarr", axes=axes, steps=steps, coordinateTransformations=outer)
    with open_volume(path) as volume:
        np.testing.assert_allclose(np.asarray(volume.spacing), (5, 6e-3, 2e-6))
        expected = np.array([[2e-6, 0, 0, 30e-6], [0, 6e-3, 0, 40e-3], [0, 0, 5, 11], [0, 0, 0, 1]])
        np.testing.assert_allclose(np.asarray(volume.affine), expected)


def test_spacing_without_unit_is_unknown(tmp_path: Path) -> None:
    for number, axes in enumerate(([{"name": name} for name in "zyx"], ["z", "y", "x"])):
        with open_volume(save_image(tmp_path / f"{number}.zarr", axes=axes)) as volume:
            assert volume.spacing is None
            assert volume.affine is None


def test_single_channel_and_other_orders(tmp_path: Path) -> None:
    channel = [{"name": "t"}, {"name": "c"}, *ZYX]
    with open_volume(save_image(tmp_path / "a.zarr", VOXELS[None, None], channel)) as volume:
        np.testing.assert_array_equal(volume.read(1, 4), VOXELS[1:4])
    with open_volume(save_image(tmp_path / "b.zarr", VOXELS.transpose(2, 0, 1), [ZYX[2], ZYX[0], ZYX[1]])) as volume:
        assert volume.shape == VOXELS.shape
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.003, 0.002, 0.005))
        np.testing.assert_array_equal(volume.read(1, 4), VOXELS[1:4])
    with pytest.raises(InputError, match=r"c.zarr has other axes.*c=2"):
        open_volume(save_image(tmp_path / "c.zarr", np.stack([VOXELS] * 2), [{"name": "c"}, *ZYX]))


def test_folder_of_bioformats2raw(tmp_path: Path) -> None:
    root = tmp_path / "knee.zarr"
    axes = [{"name": "t"}, {"name": "c"}, *ZYX]
    save_image(root / "0", VOXELS[None, None], axes)
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    (root / ".zattrs").write_text('{"bioformats2raw.layout": 3}')
    (root / "OME").mkdir()
    (root / "OME" / ".zgroup").write_text('{"zarr_format": 2}')
    for path in (root, root / "0"):
        with open_volume(path) as volume:
            assert volume.name == "knee"
            assert volume.source == str(path)
            np.testing.assert_array_equal(volume.read(1, 4), VOXELS[1:4])
    save_image(root / "1", VOXELS[None, None], axes)
    with pytest.raises(InputError, match=r"knee\.zarr holds 2 images \(0, 1\): give one of them, as in .*knee\.zarr/0"):
        open_volume(root)
    with open_volume(root / "1") as volume:
        assert volume.name == "knee_1"


def test_the_finest_level_is_taken(tmp_path: Path) -> None:
    """Also where it is not the first, as the format asks for."""
    path = save_image(tmp_path / "a.zarr")
    image = json.loads((path / ".zattrs").read_text())["multiscales"][0]
    coarse = {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [5.0, 6.0, 4.0]}]}
    (path / ".zattrs").write_text(json.dumps({"multiscales": [{**image, "datasets": [coarse, image["datasets"][0]]}]}))
    with open_volume(path) as volume:
        assert volume.spacing == pytest.approx((0.005, 0.003, 0.002))
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS)
    (path / "0").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="lacks its level 0, the one of full resolution"):
        open_volume(path)


@pytest.mark.parametrize(
    "change",
    [
        {"datasets": []},
        {"datasets": [{}]},
        {"datasets": 3},
        {"axes": ["z", "y"]},
        {"axes": 3},
        {"axes": [{}] * 3},
        {"coordinateTransformations": [3]},
        {"coordinateTransformations": [{"scale": ["a", 1, 2]}]},
        {"coordinateTransformations": [{"scale": [1, 2]}]},
        {"coordinateTransformations": [{"scale": 3}, {"translation": None}]},
    ],
)
def test_attributes_that_are_none_of_ome_zarr(tmp_path: Path, change: dict[str, Any]) -> None:
    path = save_image(tmp_path / "a.zarr")
    content = json.loads((path / ".zattrs").read_text())
    content["multiscales"][0].update(change)
    (path / ".zattrs").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"a\.zarr.*export"):
        open_volume(path)


def test_plain_arrays(tmp_path: Path) -> None:
    save_array(tmp_path / "three.zarr", VOXELS.astype(">u2"), (2, 3, 4))
    save_array(tmp_path / "two", VOXELS[0], (3, 4))
    save_array(tmp_path / "four", VOXELS[None], (1, 2, 3, 4))
    with open_volume(tmp_path / "three.zarr") as volume:
        assert volume.name == "three"
        assert volume.spacing is None
        assert volume.dtype.isnative
        np.testing.assert_array_equal(volume.read(1, 5), VOXELS[1:])
    with open_volume(tmp_path / "two") as volume:
        np.testing.assert_array_equal(volume.read(0, 1), VOXELS[:1])
    with pytest.raises(InputError, match="four is a zarr array of 1 x 5 x 6 x 7"):
        open_volume(tmp_path / "four")


def test_nan_passes(tmp_path: Path) -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[3, 1, 2] = np.nan
    save_array(tmp_path / "a.zarr", voxels, (2, 3, 4))
    with open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume.read(0, 5), voxels)


def test_missing_chunk_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_image(tmp_path / "a.zarr")
    (path / "0" / "1" / "0" / "1").unlink()
    with open_volume(path) as volume, caplog.at_level(logging.WARNING):
        volume.read(0, 2)
        assert not caplog.records
        slab = volume.read(0, 5)
        volume.read(2, 3)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: the chunk 1/0/1 of slice 2 is not there and read as 0; if it should be, copy the volume again."
    ]
    assert (slab[2:4, :3, 4:] == 0).all()
    assert (slab[:2] == VOXELS[:2]).all()


def test_damaged_chunk_names_the_slice(tmp_path: Path) -> None:
    path = save_image(tmp_path / "a.zarr")
    chunk = path / "0" / "1" / "0" / "1"
    chunk.write_bytes(chunk.read_bytes()[:-5])
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 2), VOXELS[:2])
        with pytest.raises(InputError, match=r"a.zarr.*slice 2 of 5"):
            volume.read(1, 5)


def test_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(InputError, match=r"empty.zarr cannot be read"):
        open_volume(tmp_path / "empty.zarr")
    group = tmp_path / "group.zarr"
    save_array(group / "first", VOXELS, (2, 3, 4))
    (group / ".zgroup").write_text('{"zarr_format": 2}')
    with pytest.raises(InputError, match=r"group.zarr is no OME-Zarr image.*first"):
        open_volume(group)
    (group / ".zattrs").write_text("{broken")
    with pytest.raises(InputError, match=r"group\.zarr/\.zattrs cannot be read as JSON"):
        open_volume(group)
    save_array(tmp_path / "complex", VOXELS.astype(np.complex64), (2, 3, 4))
    with pytest.raises(InputError, match="complex has pixels of type complex64"):
        open_volume(tmp_path / "complex")


@pytest.mark.skipif(THREE, reason="the refusal is that of zarr 2; zarr 3 reads format 3, see test_image")
def test_format_3_needs_zarr_3(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    with pytest.raises(InputError, match="install zarr 3"):
        open_volume(tmp_path)


def test_plain_array_with_named_axes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As xarray names them, here x, y, z: what is stored first is x."""
    save_array(tmp_path / "a.zarr", VOXELS.transpose(2, 1, 0), (2, 3, 4))
    (tmp_path / "a.zarr" / ".zattrs").write_text('{"_ARRAY_DIMENSIONS": ["x", "y", "z"]}')
    with caplog.at_level(logging.WARNING), open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS)
    assert "its axes are x, y, z, slices lie across z; --axis chooses another" in caplog.text


@pytest.mark.parametrize("names", [["z", "y", "x"], ["a", "b", "c"], ["x", "y"], 7])
def test_plain_array_in_its_own_order(tmp_path: Path, names: Any) -> None:
    save_array(tmp_path / "a.zarr", VOXELS, (2, 3, 4))
    (tmp_path / "a.zarr" / ".zattrs").write_text(json.dumps({"_ARRAY_DIMENSIONS": names}))
    with open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS)
