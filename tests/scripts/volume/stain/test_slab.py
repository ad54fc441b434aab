"""What is read, stained and stored at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile

from scripts.networks import StainGenerator
from scripts.volume.read.in_memory import InMemoryVolume
from scripts.volume.read.rechunk import copy_in_cubes
from scripts.volume.stain import slab as slabs_module
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.plan import plan_stainings
from scripts.volume.stain.slab import Cubes, Slab, slabs_to_stain

TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))
RAMP = np.broadcast_to(np.arange(48, dtype=np.uint16).reshape(6, 8) * 5, (7, 6, 8))  # every slice alike


def scan(path: Path) -> Path:
    tifffile.imwrite(path, RAMP, photometric="minisblack")
    return path


def plan(source: Path, tmp_path: Path, **options: Any) -> list[Begun]:
    (tmp_path / "model.pt").write_bytes(b"weights")
    return plan_stainings(source, tmp_path / "out", TRAINED, tmp_path / "model.pt", **options)


def test_an_open_volume_is_taken_as_it_is() -> None:
    volume = InMemoryVolume(RAMP)
    assert Slab(volume, 0, 7).open() is volume


def test_a_file_is_opened_along_the_axis(tmp_path: Path) -> None:
    source = scan(tmp_path / "scan.tif")
    with Slab(str(source), 0, 7).open() as volume:
        assert volume.shape == (7, 6, 8)
        copy = Cubes(copy_in_cubes(volume, tmp_path / "ct.cubes"), (7, 6, 8), "uint16")
    with Slab(str(source), 0, 8, axis="x", copy=copy).open() as sideways:
        np.testing.assert_array_equal(sideways.read(2, 3)[0], RAMP[:, :, 2])


def test_slabs_of_a_volume(tmp_path: Path) -> None:
    source = scan(tmp_path / "scan.tif")
    slabs = slabs_to_stain(plan(source, tmp_path, slab_size=3))
    assert [(slab.axis, slab.start, slab.stop) for slab in slabs] == [
        ("z", 0, 3),
        ("z", 3, 6),
        ("z", 6, 7),
    ]
    for slab in slabs:
        assert slab.volume == str(source)
        assert slab.name == "scan"
        assert slab.ct_window == (0.0, 256.0)
        assert slab.nan_value == 0.0


def test_slabs_along_all_axes(tmp_path: Path) -> None:
    slabs = slabs_to_stain(plan(scan(tmp_path / "scan.tif"), tmp_path, slab_size=4, axis="all"))
    expected = [("z", 0, 4), ("z", 4, 7), ("y", 0, 4), ("y", 4, 6), ("x", 0, 4), ("x", 4, 8)]
    assert [(slab.axis, slab.start, slab.stop) for slab in slabs] == expected


def test_slabs_that_are_done_are_left_out(tmp_path: Path) -> None:
    (begun,) = plan(scan(tmp_path / "scan.tif"), tmp_path, slab_size=3)
    begun.note("z", 3)
    assert [slab.start for slab in slabs_to_stain([begun])] == [0, 6]


def test_given_window_and_nan_value(tmp_path: Path) -> None:
    (slab,) = slabs_to_stain(plan(scan(tmp_path / "scan.tif"), tmp_path, ct_window=[10, 90], nan_value=20))
    assert slab.ct_window == (10.0, 90.0)
    assert slab.nan_value == 20


def test_slabs_are_dealt_out_to_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stainings = plan(scan(tmp_path / "scan.tif"), tmp_path, slab_size=1)
    shares = []
    for number in range(3):
        one_of_three = SimpleNamespace(get_rank=lambda number=number: number, get_world_size=lambda: 3)
        monkeypatch.setattr(slabs_module, "idist", one_of_three)
        shares.append([slab.start for slab in slabs_to_stain(stainings)])
    assert shares == [[0, 3, 6], [1, 4], [2, 5]]
