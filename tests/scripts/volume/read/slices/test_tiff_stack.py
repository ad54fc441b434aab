"""Which pages of a TIFF are the slices of one stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

VOXELS = np.random.default_rng(0).integers(0, 65535, (6, 20, 30)).astype(np.uint16)


def test_pages_that_are_alike_are_one_stack_in_their_order(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "descriptions.tif") as tif:  # tifffile makes a series of each
        for pixels in VOXELS:
            tif.write(pixels)
    with tifffile.TiffWriter(tmp_path / "compressions.tif") as tif:
        for index, pixels in enumerate(VOXELS):
            tif.write(pixels, compression="zlib" if index % 2 else None, metadata=None, software=f"v{index // 4}")
    for name in ("descriptions.tif", "compressions.tif"):
        with tifffile.TiffFile(tmp_path / name) as tif:
            assert len(tif.series) > 1
        with open_volume(tmp_path / name) as volume:
            np.testing.assert_array_equal(volume.read(0, 6), VOXELS)


def test_a_thumbnail_is_no_slice(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for pixels in VOXELS:
            tif.write(pixels, metadata=None)
        tif.write(VOXELS[0, ::2, ::2], metadata=None, subfiletype=1)
    with open_volume(tmp_path / "a.tif") as volume:
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)


def test_several_stacks_are_none(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for _ in range(2):
            tif.write(VOXELS, photometric="minisblack")
    with pytest.raises(InputError, match="holds 2 images"):
        open_volume(tmp_path / "a.tif")


@pytest.mark.parametrize("axis", ["C", "T"])
def test_slices_that_are_called_channels_or_time_points(tmp_path: Path, axis: str) -> None:
    for ome in (False, True):
        tifffile.imwrite(tmp_path / "a.tif", VOXELS, imagej=not ome, ome=ome, metadata={"axes": f"{axis}YX"})
        with open_volume(tmp_path / "a.tif") as volume:
            np.testing.assert_array_equal(volume.read(0, 6), VOXELS)
    tifffile.imwrite(tmp_path / "few.tif", VOXELS[:4], imagej=True, metadata={"axes": f"{axis}YX"})
    with pytest.raises(InputError, match=f"{axis}=4.*Image > Properties"):
        open_volume(tmp_path / "few.tif")
