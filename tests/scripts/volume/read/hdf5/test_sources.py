"""Virtual datasets, links, external storage and filters of HDF5: what is missing is named, nothing else is read."""

from __future__ import annotations

import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

VOXELS = np.arange(1, 1 + 6 * 4 * 5, dtype=np.uint16).reshape(6, 4, 5)


def parts(folder: Path, name: str = "part{}.h5") -> list[Path]:
    """Three files of two slices each."""
    paths = [folder / name.format(number) for number in range(3)]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["data"] = VOXELS[2 * number : 2 * number + 2]
    return paths


def master(path: Path, names: list[str], slices: int = 6) -> Path:
    layout = h5py.VirtualLayout((slices, 4, 5), np.uint16)
    for number, name in enumerate(names):
        layout[2 * number : 2 * number + 2] = h5py.VirtualSource(name, "data", (2, 4, 5))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("v", layout, fillvalue=7)
    return path


NAMES = [f"part{number}.h5" for number in range(3)]


def test_virtual_dataset(tmp_path: Path) -> None:
    files = parts(tmp_path)
    path = master(tmp_path / "a.h5", NAMES)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)
        assert volume.files == [path, *files]


def test_missing_sources_are_named(tmp_path: Path) -> None:
    files = parts(tmp_path)
    path = master(tmp_path / "a.h5", NAMES)
    files[1].unlink()
    with pytest.raises(InputError, match=r"lacks 1 of its sources \(part1\.h5\)"):
        open_volume(path)
    with h5py.File(files[2], "a") as file:
        del file["data"]
    with pytest.raises(InputError, match=r"lacks 2 of its sources \(part1\.h5, part2\.h5:data\)"):
        open_volume(path)
    for file_path in (files[0], files[2]):
        file_path.unlink()
    with pytest.raises(InputError, match=r"lacks 3 of its sources \(part0\.h5, part1\.h5, part2\.h5\)"):
        open_volume(path)


def test_shorter_source(tmp_path: Path) -> None:
    files = parts(tmp_path)
    path = master(tmp_path / "a.h5", NAMES)
    with h5py.File(files[1], "w") as file:
        file["data"] = VOXELS[:1]
    with pytest.raises(InputError, match=r"a part of part1\.h5:data, which has only 1 x 4 x 5 voxels"):
        open_volume(path)


def test_virtual_of_virtual(tmp_path: Path) -> None:
    files = parts(tmp_path)
    master(tmp_path / "inner.h5", NAMES)
    layout = h5py.VirtualLayout(VOXELS.shape, np.uint16)
    layout[...] = h5py.VirtualSource("inner.h5", "v", VOXELS.shape)
    with h5py.File(tmp_path / "outer.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    with open_volume(tmp_path / "outer.h5") as volume:
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)
    files[2].unlink()
    with pytest.raises(InputError, match=r"its sources \(part2\.h5\)"):
        open_volume(tmp_path / "outer.h5")


def numbered(path: Path, names: str) -> Path:
    """A dataset without end, of blocks of two slices whose files have numbers."""
    shape, maximum = (2, 4, 5), (h5py.h5s.UNLIMITED, 4, 5)
    space = h5py.h5s.create_simple(shape, maximum)
    space.select_hyperslab((0, 0, 0), (h5py.h5s.UNLIMITED, 1, 1), (2, 4, 5), (2, 4, 5))
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_virtual(space, names.encode(), b"data", h5py.h5s.create_simple((2, 4, 5)))
    with h5py.File(path, "w") as file:
        whole = h5py.h5s.create_simple(shape, maximum)
        h5py.h5d.create(file.id, b"v", h5py.h5t.NATIVE_UINT16, whole, properties)
    return path


def test_numbered_blocks(tmp_path: Path) -> None:
    """HDF5 stops at the first number that is missing, and tells of no more slices."""
    files = parts(tmp_path)
    path = numbered(tmp_path / "a.h5", "part%b.h5")
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)
    files[1].unlink()
    with pytest.raises(InputError, match=r"lacks 1 of its sources \(part1\.h5\)"):
        open_volume(path)
    for file in (files[0], files[2]):
        file.unlink()
    with pytest.raises(InputError, match=r"its sources \(part0\.h5\)"):
        open_volume(path)


def test_gap_between_sources(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts(tmp_path)
    with caplog.at_level(logging.WARNING), open_volume(master(tmp_path / "a.h5", NAMES, slices=7)) as volume:
        assert (volume.read(6, 7) == 7).all()
    assert "no source covers 20 of its voxels, read as 7" in caplog.text  # one slice of 4 x 5


def test_chunks_that_were_never_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("v", (6, 4, 5), np.uint16, chunks=(2, 4, 5), fillvalue=3)
        dataset[:2] = VOXELS[:2]
        file.create_dataset("w", (6, 4, 5), np.uint16)
    with caplog.at_level(logging.WARNING):
        for name in "vw":
            open_volume(f"{path}:{name}").close()
    assert f"2 of 3 chunks of {path}:/v were never written, read as 3" in caplog.text
    assert f"{path}:/w was never written and is read as 0" in caplog.text


@pytest.mark.parametrize("name", ["../{}/part0.h5", "{}/part0.h5", "link.h5"])
def test_nothing_outside_the_folder(tmp_path: Path, name: str) -> None:
    parts(tmp_path / "other")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "link.h5").symlink_to(tmp_path / "other" / "part0.h5")
    name = name.format("other" if name.startswith("..") else tmp_path / "other")
    with h5py.File(folder / "link.nxs", "w") as file:
        file["entry/data"] = h5py.ExternalLink(name, "/data")
    for path in (master(folder / "a.h5", [name] * 3), folder / "link.nxs", f"{folder / 'link.nxs'}:/entry/data"):
        with pytest.raises(InputError, match=r"outside the folder of .*copy that file into the folder"):
            open_volume(path)


def test_external_link(tmp_path: Path) -> None:
    """Also with the path that the writing computer had, for which HDF5 takes the name alone; and below the folder."""
    parts(tmp_path, "raw/part{}.h5")
    parts(tmp_path)
    for number, name in enumerate(("part0.h5", "/somewhere/else/part0.h5", "raw/part0.h5")):
        path = tmp_path / f"link{number}.nxs"
        with h5py.File(path, "w") as file:
            file["entry/data/data"] = h5py.ExternalLink(name, "/data")
        with open_volume(path) as volume:
            np.testing.assert_array_equal(volume.read(0, 2), VOXELS[:2])
    (tmp_path / "part0.h5").unlink()
    with pytest.raises(InputError, match=r"leads to part0\.h5, which is not there"):
        open_volume(tmp_path / "link0.nxs")


def test_soft_link_to_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v"] = VOXELS
        file["lost"], file["circle"] = h5py.SoftLink("/gone"), h5py.SoftLink("/circle")
    with pytest.raises(InputError, match=r"a\.h5:/lost is a link to /gone, which is not there"):
        open_volume(f"{tmp_path / 'a.h5'}:/lost")
    with pytest.raises(InputError, match="lead in a circle"):
        open_volume(f"{tmp_path / 'a.h5'}:/circle")


def test_external_storage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(range(200)))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", (2, 4, 5), np.uint8, external=[(str(tmp_path / "secret"), 0, 40)])
    with pytest.raises(InputError, match=r"external storage: .*secret"):
        open_volume(tmp_path / "a.h5")


def test_filter_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written as if by Blosc, whose number is 32001; an optional filter that is missing is left out when written."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((2, 4, 5))
    properties.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (4,))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        space = h5py.h5s.create_simple(VOXELS.shape)
        h5py.h5d.create(file.id, b"v", h5py.h5t.NATIVE_UINT16, space, properties)
        file["v"][...] = VOXELS
    installed: list[str] = []

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("scripts.volume.read.hdf5.sources.h5py.h5z.filter_avail", lambda code: bool(installed))
    monkeypatch.setattr("scripts.volume.read.hdf5.sources.import_module", missing)
    with pytest.raises(InputError, match=r"the filter deflate \(1\), which is not installed: .*pip install hdf5plugin"):
        open_volume(tmp_path / "a.h5")
    monkeypatch.setattr("scripts.volume.read.hdf5.sources.import_module", lambda name: None)
    with pytest.raises(InputError, match="hdf5plugin does not have it"):
        open_volume(tmp_path / "a.h5")
    monkeypatch.setattr("scripts.volume.read.hdf5.sources.import_module", installed.append)
    with open_volume(tmp_path / "a.h5") as volume:
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)
    assert installed == ["hdf5plugin"]
