"""An OME-TIFF image in several files is one volume; a folder of SkyScan's slices too, with its log."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.read import read_image
from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

VOXELS = (np.arange(4 * 5 * 6).reshape(4, 5, 6) * 2).astype(np.uint8)
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def save_set(folder: Path, name: str = "s", directory: str = "") -> None:
    folder.mkdir(exist_ok=True)
    parts = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{directory}{name}{z}.ome.tif">'
        f"urn:uuid:{name}{z}</UUID></TiffData>"
        for z in range(4)
    )
    for z, pixels in enumerate(VOXELS):
        xml = (
            f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:{name}{z}">'
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="6" SizeY="5"'
            f' SizeZ="4" SizeC="1" SizeT="1" PhysicalSizeX="2" PhysicalSizeY="3" PhysicalSizeZ="5">'
            f"{parts}</Pixels></Image></OME>"
        )
        tifffile.imwrite(folder / f"{name}{z}.ome.tif", pixels, description=xml, metadata=None)


def test_one_set_is_one_volume(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    save_set(folder)
    assert find_volumes(folder) == [str(folder)]
    for source, name in ((folder, "scan"), (folder / "s2.ome.tif", "s2")):
        with open_volume(source) as volume:
            np.testing.assert_array_equal(volume.read(0, 4), VOXELS)
            assert volume.name == name
            assert len(volume.files) == 4
            assert volume.spacing == pytest.approx((0.005, 0.003, 0.002))
    np.testing.assert_array_equal(read_image(folder / "s2.ome.tif"), VOXELS[2])


def test_two_sets_are_two_volumes(tmp_path: Path) -> None:
    save_set(tmp_path, "a")
    save_set(tmp_path, "b")
    assert find_volumes(tmp_path) == [str(tmp_path / "a0.ome.tif"), str(tmp_path / "b0.ome.tif")]


def test_missing_file_is_named(tmp_path: Path) -> None:
    save_set(tmp_path)
    find_volumes(tmp_path)
    (tmp_path / "s3.ome.tif").unlink()
    for source in (tmp_path, tmp_path / "s0.ome.tif"):
        with pytest.raises(InputError, match=r"one of 4 files .*s3.ome.tif is missing"):
            open_volume(source)


def test_set_may_not_lead_elsewhere(tmp_path: Path) -> None:
    save_set(tmp_path / "in", directory="../")
    with pytest.raises(InputError, match="its own folder"):
        open_volume(tmp_path / "in/s0.ome.tif")


def test_folders_of_slices_are_a_batch(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for z, pixels in enumerate(VOXELS):
            tifffile.imwrite(tmp_path / name / f"s{z}.tif", pixels)
    tifffile.imwrite(tmp_path / "three.tif", VOXELS, photometric="minisblack")
    assert [Path(source).name for source in find_volumes(tmp_path)] == ["one", "three.tif", "two"]


def test_skyscan(tmp_path: Path) -> None:
    for z, pixels in enumerate(VOXELS):
        Image.fromarray(pixels).save(tmp_path / f"bone__rec{z:08d}.bmp")
    Image.fromarray(VOXELS[0]).save(tmp_path / "bone__rec_spr.bmp")
    log = "[Acquisition]\nImage Pixel Size (um)=   9.9\n[Reconstruction]\nSection to Section Step=2\n"
    log += "Pixel Size (um)=5.5\n"
    (tmp_path / "bone__rec.log").write_text(log)
    with open_volume(tmp_path) as volume:
        np.testing.assert_array_equal(volume.read(0, 4), VOXELS)
        assert volume.spacing == pytest.approx((0.011, 0.0055, 0.0055))
