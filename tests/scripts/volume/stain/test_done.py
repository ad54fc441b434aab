"""What counts as done: damage of every kind is noticed, and only what is damaged is stained again."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.utils import CommonKeys as Keys

from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.handlers import VolumeWriter
from scripts.networks import StainGenerator
from scripts.volume import SlabDataset, plan_stainings, slabs_to_stain
from scripts.volume.stain import finish as finishing
from scripts.volume.stain import publish as publishing
from scripts.volume.stain.staining import Staining
from scripts.volume.write.maps import STAIN

TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))
SMOOTH = np.add.outer(np.arange(0, 30, 10), np.add.outer(np.arange(6), np.arange(0, 2100, 7))) % 250
VOXELS = SMOOTH.astype(np.uint16)  # 3 x 6 x 300: two levels


class Killed(BaseException):
    """As a process ends that is killed."""


class Engine:
    def __init__(self, batch: Any, output: Any) -> None:
        self.state = type("State", (), {"batch": batch, "output": output})


def paint(image: torch.Tensor) -> torch.Tensor:
    level = (image * 256).round()
    return torch.cat([level, 255 - level, torch.full_like(level, 9)], dim=1).byte()


@pytest.fixture
def stain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Stains ``scan.tif`` to ``out`` slice by slice, or all but the last steps; returns how many slabs it stained."""
    tifffile.imwrite(tmp_path / "scan.tif", VOXELS, photometric="minisblack")
    (tmp_path / "model.pt").write_bytes(b"weights")

    def run(last_steps: bool = True, out: str = "out", **options: Any) -> int:
        usual: dict[str, Any] = {"slab_size": 1, "slice_average": [1]}
        checkpoint, places = tmp_path / "model.pt", (tmp_path / "scan.tif", tmp_path / out)
        stainings = plan_stainings(*places, TRAINED, checkpoint, **{**usual, **options})
        writer, dataset = VolumeWriter(stainings), SlabDataset(slabs_to_stain(stainings), WindowCTd("image"))
        with monkeypatch.context() as patch:
            if not last_steps:
                patch.setattr("scripts.handlers.volume_writer.finish", lambda *_: [])
            for index in range(len(dataset)):
                slab = dataset[index]
                writer(Engine(slab, {Keys.PRED: paint(slab[Keys.IMAGE])}))
                writer._settle()
            writer.finish()
        return len(dataset)

    return run


def tree(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def chunks_and_notes(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in files if path.suffix not in (".json", ".tif")]


@pytest.mark.parametrize("axis", ["z", "y"])
def test_twenty_flipped_bits(axis: str, stain: Callable[..., int], tmp_path: Path) -> None:
    """Each in a note or a chunk chosen at random: its slab, and no other, is stained again."""
    stain(axis=axis, out="whole")
    stain(last_steps=False, axis=axis)
    rng, folder = random.Random(22), tmp_path / "out" / "scan_stain.partial"
    files = chunks_and_notes(folder)
    assert len(files) >= 9
    for _ in range(20):
        path = rng.choice(files)
        content = bytearray(path.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        assert stain(last_steps=False, axis=axis) == 1, path
    stain(axis=axis)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "removed": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
}


@pytest.mark.parametrize("damage", ["removed", "empty", "cut short"])
@pytest.mark.parametrize(
    "what", ["slabs/z_000001.npz", "scan_stain.ome.zarr/0/1/1/0/0", "scan_stain.ome.zarr/1/2/1/0/0"]
)
def test_what_a_power_cut_leaves(what: str, damage: str, stain: Callable[..., int], tmp_path: Path) -> None:
    stain(out="whole")
    stain(last_steps=False)
    DAMAGE[damage](tmp_path / "out" / "scan_stain.partial" / what)
    assert stain() == 1
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize("what", [".zattrs", ".zgroup", "0/.zarray"])
def test_metadata_are_put_right(what: str, stain: Callable[..., int], tmp_path: Path) -> None:
    stain(out="whole")
    stain(last_steps=False)
    (tmp_path / "out" / "scan_stain.partial" / "scan_stain.ome.zarr" / what).write_bytes(b"")
    assert stain() == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_damage_while_the_rest_is_stained_ends_in_a_sentence(
    stain: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stain(last_steps=False)
    (begun,) = plan_stainings(
        tmp_path / "scan.tif", tmp_path / "out", TRAINED, tmp_path / "model.pt", slab_size=1, slice_average=[1]
    )
    (begun.staining.store(STAIN) / "0" / "2" / "1" / "0" / "0").unlink()
    with pytest.raises(InputError, match="were damaged after they were stored: repeat the command"):
        finishing.finish(begun)
    assert stain() == 1


def test_a_changed_volume_is_not_finished(stain: Callable[..., int], tmp_path: Path) -> None:
    """As a reconstruction does that is still writing: the last slice comes late."""
    stain(last_steps=False)
    (begun,) = plan_stainings(
        tmp_path / "scan.tif", tmp_path / "out", TRAINED, tmp_path / "model.pt", slab_size=1, slice_average=[1]
    )
    changed = VOXELS.copy()
    changed[2] = changed[2, ::-1]
    tifffile.imwrite(tmp_path / "scan.tif", changed, photometric="minisblack")
    os.utime(tmp_path / "scan.tif", ns=(1, 1))
    with pytest.raises(InputError, match=r"scan\.tif was changed while it was stained: .* repeat the command"):
        finishing.finish(begun)
    assert not (tmp_path / "out" / "scan_stain.json").exists()
    assert stain() == 1
    red = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")["0"][0]
    np.testing.assert_array_equal(red, changed)


def test_another_window_after_a_change_stains_all_anew(stain: Callable[..., int], tmp_path: Path) -> None:
    """The window was found while the volume was half written."""
    stain(last_steps=False)
    tifffile.imwrite(tmp_path / "scan.tif", VOXELS * 100, photometric="minisblack")
    assert stain() == len(VOXELS)
    record = json.loads((tmp_path / "out" / "scan_stain.json").read_text())
    assert record["window"]["source"] == "percentiles"


class TestPlan:
    def test_flipped_bits(self, stain: Callable[..., int], tmp_path: Path) -> None:
        stain(last_steps=False)
        path, rng = tmp_path / "out" / "scan_stain.partial" / "plan.json", random.Random(1)
        content = path.read_bytes()
        for _ in range(20):
            flipped = bytearray(content)
            flipped[rng.randrange(len(content))] ^= 1 << rng.randrange(7)
            path.write_bytes(flipped)
            try:  # the space between two entries may have become another space
                assert json.loads(flipped) == json.loads(content)
            except (ValueError, AssertionError):
                with pytest.raises(InputError, match="--overwrite true"):
                    stain()

    def test_empty(self, stain: Callable[..., int], tmp_path: Path) -> None:
        stain(last_steps=False)
        (tmp_path / "out" / "scan_stain.partial" / "plan.json").write_text("")
        with pytest.raises(InputError, match=r"plan\.json is damaged, .*--overwrite true to start anew"):
            stain()
        assert stain(overwrite=True) == len(VOXELS)

    def test_of_the_version_before(self, stain: Callable[..., int], tmp_path: Path) -> None:
        stain(last_steps=False)
        path = tmp_path / "out" / "scan_stain.partial" / "plan.json"
        plan = json.loads(path.read_text())
        path.write_text(json.dumps({key: plan[key] for key in ("request", "findings")} | {"version": 4}))
        with pytest.raises(InputError, match="unfinished staining of another version of the software"):
            stain()
        assert stain(overwrite=True) == len(VOXELS)


class TestWhole:
    """Outputs that are made and only need to be moved."""

    @pytest.fixture
    def made(self, stain: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        def cut_off(staining: Staining) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(finishing, "publish", cut_off)
            with pytest.raises(Killed):
                stain(output_format="ome.zarr,tif")
        return tmp_path / "out" / "scan_stain.partial"

    @pytest.mark.parametrize("name", ["scan_stain.tif", "scan_stain.png", "scan_stain.json"])
    def test_one_that_is_gone_is_made_again(self, name: str, made: Path, stain: Callable[..., int]) -> None:
        (made / name).unlink()
        assert stain(output_format="ome.zarr,tif") == 0
        assert (made.parent / name).is_file()
        assert not made.exists()

    def test_a_damaged_chunk_is_stained_again(self, made: Path, stain: Callable[..., int]) -> None:
        (made / "scan_stain.ome.zarr" / "1" / "0" / "1" / "0" / "0").write_bytes(b"")
        assert stain(output_format="ome.zarr,tif") == 1

    def test_the_only_copy_gone_is_a_sentence(self, made: Path, stain: Callable[..., int]) -> None:
        shutil.rmtree(made / "scan_stain.ome.zarr")
        with pytest.raises(InputError, match="is gone or changed: give --overwrite true"):
            stain(output_format="ome.zarr,tif")
        assert stain(output_format="ome.zarr,tif", overwrite=True) == len(VOXELS)

    @pytest.mark.parametrize("moved", [1, 2, 3])
    def test_what_is_replaced_stays_until_all_is_in_place(
        self, moved: int, stain: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stain()
        old, steps = tree(tmp_path / "out" / "scan_stain.ome.zarr"), []

        def cut_off(folder: Path) -> None:
            steps.append(folder)
            if len(steps) == moved:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(publishing, "sync_folder", cut_off)
            with pytest.raises(Killed):
                stain(ct_window=[0, 512], overwrite=True)
        place = tmp_path / "out" if moved == 1 else tmp_path / "out" / "scan_stain.partial" / "replaced"
        assert tree(place / "scan_stain.ome.zarr") == old
        assert stain(ct_window=[0, 512], overwrite=True) == 0
        red = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")["0"][0]
        assert not (tmp_path / "out" / "scan_stain.partial").exists()
        assert red.max() <= 125


class TestDigests:
    @pytest.mark.parametrize("axis", ["z", "all"])
    def test_of_every_level_are_in_the_record(self, axis: str, stain: Callable[..., int], tmp_path: Path) -> None:
        """Calculated from what zarr reads: each slice's red, green and blue plane after one another."""
        stain(axis=axis)
        record = json.loads((tmp_path / "out" / "scan_stain.json").read_text())
        group = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")
        expected = []
        for level in ("0", "1"):
            slices = np.moveaxis(group[level][:], 0, 1)
            digests = [hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest() for image in slices]
            expected.append(hashlib.sha256(b"".join(digests)).hexdigest())
        assert record["stain"]["sha256_of_slice_sha256"] == expected
