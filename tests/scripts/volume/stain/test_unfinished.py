"""Other people's files at the places of a staining's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.volume import plan_stainings
from scripts.volume.stain.staining import Staining
from scripts.volume.stain.unfinished import discard
from scripts.whole import remove

TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))


def plan(tmp_path: Path, overwrite: bool = False) -> Staining:
    tifffile.imwrite(
        tmp_path / "scan.tif", np.arange(48, dtype=np.uint16).reshape(2, 4, 6) * 5, photometric="minisblack"
    )
    (tmp_path / "model.pt").write_bytes(b"weights")
    (begun,) = plan_stainings(
        tmp_path / "scan.tif", tmp_path / "out", TRAINED, tmp_path / "model.pt", overwrite=overwrite
    )
    return begun.staining


def snapshot(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("overwrite", [False, True])
class TestRefused:
    def test_a_folder_of_somebody_else(self, overwrite: bool, tmp_path: Path) -> None:
        mine = tmp_path / "out" / "scan_stain.partial"
        mine.mkdir(parents=True)
        (mine / "thesis.txt").write_text("years")
        with pytest.raises(InputError, match=r"scan_stain\.partial has no plan\.json"):
            plan(tmp_path, overwrite)
        assert snapshot(mine) == ["thesis.txt"]

    def test_somebody_elses_file_in_the_folder(self, overwrite: bool, tmp_path: Path) -> None:
        folder = plan(tmp_path).folder
        (folder / "thesis.txt").write_text("years")
        before = snapshot(folder)
        with pytest.raises(InputError, match=r"holds thesis\.txt, which no staining has written"):
            plan(tmp_path, overwrite)
        assert snapshot(folder) == before

    @pytest.mark.parametrize("place", ["slabs", "scan_stain.ome.zarr/0"])
    def test_a_link_in_the_folder(self, place: str, overwrite: bool, tmp_path: Path) -> None:
        link = plan(tmp_path).folder / place
        link.rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "thesis.txt").write_text("years")
        link.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InputError, match="is a link, which no staining has made"):
            plan(tmp_path, overwrite)
        assert (tmp_path / "elsewhere" / "thesis.txt").exists()

    def test_the_folder_is_a_link(self, overwrite: bool, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out" / "scan_stain.partial").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InputError, match=r"scan_stain\.partial is a link, which is not followed"):
            plan(tmp_path, overwrite)

    @pytest.mark.parametrize("name", ["scan_stain.ome.zarr", "scan_stain.png", "scan_stain.json", "scan_stain.tif"])
    def test_an_output_that_is_a_link(self, name: str, overwrite: bool, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out" / name).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InputError, match=rf"{name} is a link, which is not followed"):
            plan(tmp_path, overwrite)
        assert (tmp_path / "elsewhere").is_dir()

    @pytest.mark.parametrize("name", ["scan_stain.ome.zarr", "scan_stain.tif", "scan_stain.json"])
    def test_a_folder_called_like_an_output(self, name: str, overwrite: bool, tmp_path: Path) -> None:
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "thesis.txt").write_text("years")
        with pytest.raises(InputError, match=rf"{name} is no .*but an output has this name"):
            plan(tmp_path, overwrite)
        assert (tmp_path / "out" / name / "thesis.txt").exists()


def test_an_output_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    assert plan(tmp_path).folder.is_dir()


@pytest.mark.parametrize("left", [[], ["plan.json.partial"]])
def test_a_begin_that_was_cut_off_is_no_obstacle(left: list[str], tmp_path: Path) -> None:
    (tmp_path / "out" / "scan_stain.partial").mkdir(parents=True)
    for name in left:
        (tmp_path / "out" / "scan_stain.partial" / name).touch()
    assert (plan(tmp_path).folder / "plan.json").is_file()


def test_what_was_put_into_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "slabs").mkdir()
    for name in ("plan.json", "thesis.txt", "slabs/z_000000.npz"):
        (tmp_path / name).touch()
    discard(tmp_path, {"slabs"})
    assert snapshot(tmp_path) == ["thesis.txt"]


def test_removing_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    for name in ("mine", "folder", "folder.removed.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    remove(tmp_path / "link")
    remove(tmp_path / "folder")
    assert snapshot(tmp_path) == [
        "folder.removed.partial",
        "folder.removed.partial/thesis.txt",
        "mine",
        "mine/thesis.txt",
    ]
