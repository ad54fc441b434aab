"""What reaches zarr: nothing that runs code, nothing outside the folder.

The inputs of these tests leave a file behind if their code runs.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.zarr.opening import ZARR_2, open_array
from tests.conftest import ROOT

VOXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
IMAGE = {"axes": [{"name": name} for name in "zyx"], "datasets": [{"path": "0"}]}


class Mark:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


def header(**changes: Any) -> dict[str, Any]:
    """``.zarray`` of an uncompressed array in one chunk."""
    plain = {"zarr_format": 2, "shape": [2, 3, 4], "chunks": [2, 3, 4], "dtype": "|u1", "order": "C"}
    return {**plain, "fill_value": 0, "compressor": None, "filters": None, **changes}


def header_3(*codecs: Any, **changes: Any) -> dict[str, Any]:
    """``zarr.json`` of such an array."""
    plain = {"zarr_format": 3, "node_type": "array", "shape": [2, 3, 4], "data_type": "uint8", "fill_value": 0}
    plain["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": [2, 3, 4]}}
    plain["chunk_key_encoding"] = {"name": "default", "configuration": {"separator": "/"}}
    return {**plain, "codecs": list(codecs) or [{"name": "bytes"}], "attributes": {}, **changes}


def save(folder: Path, content: dict[str, Any], chunk: bytes = VOXELS.tobytes()) -> Path:
    folder.mkdir(parents=True)
    three = content["zarr_format"] == 3
    (folder / ("zarr.json" if three else ".zarray")).write_text(json.dumps(content))
    file = folder / ("c/0/0/0" if three else "0.0.0")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(chunk)
    return folder


def save_image(folder: Path, content: dict[str, Any], **image: Any) -> Path:
    save(folder / "0", content)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (folder / ".zattrs").write_text(json.dumps({"multiscales": [{**IMAGE, **image}]}))
    return folder


OBJECT = [["a", "|O"]]
SEVERAL = [["a", "<u2"], ["b", "<u2"]]


@pytest.mark.parametrize("image", [False, True], ids=["array", "image"])
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"filters": [{"id": "pickle"}]}, "'pickle'"),
        ({"compressor": {"id": "pickle", "protocol": 4}}, "'pickle'"),
        ({"dtype": "|O", "filters": [{"id": "pickle"}]}, r"'\|O'"),
        ({"dtype": OBJECT, "filters": [{"id": "pickle"}], "fill_value": "FILL"}, r"\[\['a', '\|O'\]\]"),
        ({"dtype": SEVERAL, "fill_value": "FILL"}, "'<u2'"),
        ({"fill_value": "FILL"}, "fill_value"),
        ({"fill_value": {"a": 1}}, "fill_value"),
        ({"filters": [{"id": "json2"}]}, "'json2'"),
        ({"filters": [{"id": "astype", "encode_dtype": "|O", "decode_dtype": "|u1"}]}, r"'\|O'"),
        ({"filters": [{"id": "n5_wrapper", "compressor_config": {"id": "pickle"}}]}, "'n5_wrapper'"),
        ({"filters": {"id": "pickle"}}, "'pickle'"),
        ({"compressor": "pickle"}, "'pickle'"),
        ({"dimension_separator": "/../"}, "dimension_separator"),
        ({"chunks": [0, 3, 4]}, "chunks"),
        ({"shape": [-2, 3, 4]}, "shape"),
        ({"shape": "234"}, "shape"),
        ({"dtype": "<M8[s]"}, "type '<M8"),
    ],
)
def test_code_in_format_2_does_not_run(tmp_path: Path, changes: dict[str, Any], named: str, image: bool) -> None:
    mark = tmp_path / "ran"
    code = pickle.dumps(Mark(mark))
    if changes.get("fill_value") == "FILL":
        changes = {**changes, "fill_value": base64.b64encode(code).decode()}
    content = header(**changes)
    path = save_image(tmp_path / "a.zarr", content) if image else save(tmp_path / "a.zarr", content)
    (path / "0" / "0.0.0" if image else path / "0.0.0").write_bytes(code)
    with pytest.raises(InputError, match=named), open_volume(path) as volume:
        volume.read(0, 1)
    assert not mark.exists()


def test_the_code_would_run(tmp_path: Path) -> None:
    """Otherwise the tests above prove nothing."""
    pickle.loads(pickle.dumps(Mark(tmp_path / "ran")))
    assert (tmp_path / "ran").is_dir()
    if ZARR_2:
        content = header(filters=[{"id": "pickle"}], compressor=None)
        path = save(tmp_path / "a.zarr", content, pickle.dumps(Mark(tmp_path / "again")))
        with suppress(Exception):
            zarr.open_array(str(path), mode="r")[...]
        assert (tmp_path / "again").is_dir()


def shards(*codecs: Any) -> dict[str, Any]:
    index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    settings = {"chunk_shape": [1, 3, 4], "codecs": list(codecs), "index_codecs": index}
    return {"name": "sharding_indexed", "configuration": settings}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (header_3({"name": "numcodecs.pickle"}), "'numcodecs.pickle'"),
        (header_3(shards({"name": "numcodecs.pickle"})), "'numcodecs.pickle'"),
        (header_3(shards(shards({"name": "bytes"}, {"name": "vlen-bytes"}))), "'vlen-bytes'"),
        (header_3(data_type={"name": "structured", "configuration": {"fields": []}}), "'structured'"),
        (header_3(data_type="string"), "'string'"),
        (header_3(fill_value="AAAA"), "fill_value"),
        (header_3(storage_transformers=[{"name": "own"}]), "storage_transformers"),
        (header_3(chunk_grid={"name": "own"}), "'own'"),
        (header_3(chunk_key_encoding={"name": "default", "configuration": {"separator": "/../"}}), "separator"),
    ],
)
def test_format_3(content: dict[str, Any], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check comes before zarr does, so it can be seen with zarr 2 as well."""
    monkeypatch.setattr("scripts.volume.read.zarr.opening.ZARR_2", False)
    with pytest.raises(InputError, match=named):
        open_volume(save(tmp_path / "a.zarr", content))


@pytest.mark.parametrize("codec", ["blosc", "zlib", "gzip", "zstd", "lz4", "bz2", "lzma"])
def test_common_compression_is_read(tmp_path: Path, codec: str) -> None:
    compressor = numcodecs.get_codec({"id": codec})
    chunk = bytes(compressor.encode(VOXELS.tobytes()))
    with open_volume(save(tmp_path / "a.zarr", header(compressor=compressor.get_config()), chunk)) as volume:
        np.testing.assert_array_equal(volume.read(0, 2), VOXELS)


def test_filters_are_read(tmp_path: Path) -> None:
    codecs = [numcodecs.Delta("|u1"), numcodecs.Shuffle(1), numcodecs.CRC32()]
    chunk: Any = VOXELS.reshape(-1)
    for codec in codecs:
        chunk = codec.encode(chunk)
    content = header(filters=[codec.get_config() for codec in codecs])
    with open_volume(save(tmp_path / "a.zarr", content, bytes(chunk))) as volume:
        np.testing.assert_array_equal(volume.read(0, 2), VOXELS)


@pytest.mark.parametrize("path", ["../other.zarr", "", "/", "link", "http://127.0.0.1:9/a", "a::b", 3, None, ["0"]])
def test_levels_lie_in_the_folder(tmp_path: Path, path: Any) -> None:
    save(tmp_path / "other.zarr", header())
    image = save_image(tmp_path / "a.zarr", header(), datasets=[{"path": path}])
    (image / "link").symlink_to(tmp_path / "other.zarr")
    with pytest.raises(InputError, match=r"does not lie in that folder|lacks its level"):
        open_volume(image)


def test_links_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 24)
    for number, target in enumerate((tmp_path / "secret", Path("../../secret"))):
        path = save_image(tmp_path / f"{number}.zarr", header())
        (path / "0" / "0.0.0").unlink()
        (path / "0" / "0.0.0").symlink_to(target)
        with pytest.raises(InputError, match=r"0\.0\.0 is a link out of"):
            open_volume(path)
    os.mkfifo(tmp_path / "1.zarr" / "0" / "pipe")
    (tmp_path / "1.zarr" / "0" / "0.0.0").unlink()
    with pytest.raises(InputError, match="pipe is no file"):
        open_volume(tmp_path / "1.zarr")


def test_metadata_of_any_size_or_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.zarr", header())
    for text, named in (("[" * 100_000, "cannot be read as JSON"), ("[]", "no JSON object"), ("\xff", "JSON")):
        (path / ".zattrs").write_text(text, encoding="latin-1")
        with pytest.raises(InputError, match=named):
            open_volume(path)
    (path / ".zattrs").unlink()
    monkeypatch.setattr("scripts.volume.read.zarr.metadata.LARGEST", 10)
    with pytest.raises(InputError, match="too many for metadata"):
        open_volume(path)


def test_names_that_zarr_takes_for_something_else(tmp_path: Path) -> None:
    """One that ends in .zip or .n5 is another kind of store to zarr, and one with two colons an address."""
    with pytest.raises(InputError, match="has :: in its path"):
        open_volume(save(tmp_path / "a::b.zarr", header()))
    for name in ("d.zip", "e.n5"):
        with open_volume(save(tmp_path / name, header())) as volume:
            np.testing.assert_array_equal(volume.read(0, 2), VOXELS)


def test_nothing_else_opens_zarr() -> None:
    """`open_group` with mode ``w`` makes a new folder and reads nothing."""
    for path in [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "bundle").rglob("*.py")]:
        calls = re.findall(r"zarr\.(?:open|load|group|array|save|Group|Array)\w*\(.*", path.read_text(encoding="utf-8"))
        own = path.parts[-2:] == ("zarr", "opening.py")
        assert own or all(call.startswith('zarr.open_group(store, mode="w"') for call in calls), path


def test_a_group_is_no_array(tmp_path: Path) -> None:
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    with pytest.raises(InputError, match="group where an array was expected"):
        open_array(tmp_path)
