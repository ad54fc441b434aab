"""Stained volumes, read back by the libraries that own the formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import itk
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.errors import InputError
from scripts.volume import writer
from scripts.volume.reader import open_volume
from scripts.volume.volume import Volume
from scripts.volume.writer import NiftiRGBWriter, RGBWriter, TiffRGBWriter

SHAPE = (4, 5, 7)
STAIN = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
AFFINE = np.array([[0, -0.02, 0, 5], [0.03, 0, 0, -6], [0, 0, 0.05, 7], [0, 0, 0, 1]])
CT = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)


def nifti_input(folder: Path, big_endian: bool = False, version: int = 1) -> Volume:
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    header = kind.header_class(endianness=">" if big_endian else "<")
    header.set_data_dtype(np.int16)
    image = kind(CT.T.astype(np.int16), None, header)
    image.set_qform(AFFINE, code="scanner")
    image.set_sform(AFFINE, code="aligned")
    image.header.set_xyzt_units("micron")
    image.header["cal_max"] = 900
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"of the CT" * 9))
    nibabel.save(image, folder / "ct.nii")
    return open_volume(folder / "ct.nii")


def tiff_input(folder: Path, spacing: bool = True) -> Volume:
    metadata = {"axes": "ZYX", "spacing": 0.05, "unit": "mm"} if spacing else {"axes": "ZYX"}
    resolution = (1 / 0.02, 1 / 0.03) if spacing else None
    tifffile.imwrite(folder / "ct.tif", CT, imagej=True, metadata=metadata, resolution=resolution)
    return open_volume(folder / "ct.tif")


def write(output: RGBWriter) -> Path:
    with output:
        output.write(0, STAIN[:1])
        output.write(1, STAIN[1:])
        assert not output.path.exists()  # not before it is whole
    assert not output.partial.exists()
    return output.path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("big_endian", "version"), [(False, 1), (True, 1), (False, 2)])
def test_nifti_of_nifti(tmp_path: Path, suffix: str, big_endian: bool, version: int) -> None:
    path = write(NiftiRGBWriter(tmp_path / "out" / f"stain{suffix}", nifti_input(tmp_path, big_endian, version)))
    image: Any = nibabel.load(path)
    assert image.shape == SHAPE[::-1] and image.header["datatype"] == 128 and image.header["bitpix"] == 24
    voxels = np.asarray(image.dataobj)
    np.testing.assert_array_equal(np.stack([voxels[c] for c in "RGB"], -1).transpose(2, 1, 0, 3), STAIN)
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-6)  # float32 in the header
    assert int(image.header["qform_code"]) == 1 and int(image.header["sform_code"]) == 2
    assert image.header.get_xyzt_units()[0] == "micron" and image.header["cal_max"] == 0
    np.testing.assert_allclose(image.header.get_zooms(), (0.03, 0.02, 0.05), rtol=1e-6)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_itk_reads_rgb_and_geometry(tmp_path: Path, suffix: str) -> None:
    path = write(NiftiRGBWriter(tmp_path / f"stain{suffix}", nifti_input(tmp_path)))
    stain, ct = itk.imread(str(path)), itk.imread(str(tmp_path / "ct.nii"))
    np.testing.assert_array_equal(itk.array_from_image(stain), STAIN)
    assert "RGBPixel" in str(type(stain)) or stain.GetNumberOfComponentsPerPixel() == 3
    for get in ("GetSpacing", "GetOrigin"):
        np.testing.assert_allclose(list(getattr(stain, get)()), list(getattr(ct, get)()))
    np.testing.assert_allclose(itk.array_from_matrix(stain.GetDirection()), itk.array_from_matrix(ct.GetDirection()))


@pytest.mark.parametrize(
    ("spacing", "diagonal", "unit"), [(True, (0.02, 0.03, 0.05), "mm"), (False, (1, 1, 1), "unknown")]
)
def test_nifti_of_tiff(tmp_path: Path, spacing: bool, diagonal: tuple[float, ...], unit: str) -> None:
    image: Any = nibabel.load(write(NiftiRGBWriter(tmp_path / "stain.nii.gz", tiff_input(tmp_path, spacing))))
    np.testing.assert_allclose(image.affine, np.diag([*diagonal, 1]), rtol=1e-6, atol=1e-12)
    assert image.header.get_xyzt_units()[0] == unit


@pytest.mark.parametrize("limit", [writer.CLASSIC_TIFF_BYTES, 100])
def test_tiff_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(writer, "CLASSIC_TIFF_BYTES", limit)
    path = write(TiffRGBWriter(tmp_path / "stain.tif", tiff_input(tmp_path)))
    with tifffile.TiffFile(path) as tif:
        assert tif.is_bigtiff == (limit == 100) and tif.is_imagej
        series = tif.series[0]
        assert series.shape == (*SHAPE, 3) and series.axes == "ZYXS" and len(tif.pages) == 4
        assert tif.pages.first.photometric == tifffile.PHOTOMETRIC.RGB
        np.testing.assert_array_equal(series.asarray(), STAIN)
        header = tif.imagej_metadata or {}
        assert header["unit"] == "mm" and header["slices"] == 4
        np.testing.assert_allclose(header["spacing"], 0.05, rtol=1e-6)
        # Pixels per mm; a fraction of 32-bit integers.
        np.testing.assert_allclose(tif.pages.first.resolution, (50, 1 / 0.03), rtol=1e-6)
    with Image.open(path) as image:
        for index in range(4):
            image.seek(index)
            assert image.mode == "RGB"
            np.testing.assert_array_equal(np.asarray(image), STAIN[index])


def test_tiff_of_nifti_keeps_the_spacing_in_mm(tmp_path: Path) -> None:
    path = write(TiffRGBWriter(tmp_path / "stain.tif", nifti_input(tmp_path)))
    with tifffile.TiffFile(path) as tif:
        np.testing.assert_allclose((tif.imagej_metadata or {})["spacing"], 0.05e-3, rtol=1e-6)
        np.testing.assert_allclose(tif.pages.first.resolution, (1e3 / 0.03, 1e3 / 0.02), rtol=1e-6)


@pytest.mark.parametrize("kind", [NiftiRGBWriter, TiffRGBWriter])
class TestProtocol:
    """What both writers share."""

    def test_order_shape_and_type(self, tmp_path: Path, kind: type[RGBWriter]) -> None:
        output = kind(tmp_path / "stain.nii.gz", tiff_input(tmp_path))
        for start, slab in (
            (1, STAIN[1:]),
            (0, STAIN[:, :-1]),
            (0, STAIN.astype(float)),
            (0, np.concatenate([STAIN] * 2)),
        ):
            with pytest.raises(ValueError, match="slab"):
                output.write(start, slab)
        output.abort()

    def test_unfinished_leaves_nothing(self, tmp_path: Path, kind: type[RGBWriter]) -> None:
        volume = tiff_input(tmp_path)
        with pytest.raises(KeyError), kind(tmp_path / "out" / "stain.nii.gz", volume) as output:
            output.write(0, STAIN[:2])
            raise KeyError
        output = kind(tmp_path / "out" / "stain.nii.gz", volume)
        output.write(0, STAIN[:3])
        with pytest.raises(RuntimeError, match="3 of 4"):
            output.close()
        assert not list((tmp_path / "out").iterdir())

    def test_same_stain_same_bytes(self, tmp_path: Path, kind: type[RGBWriter]) -> None:
        volume = tiff_input(tmp_path)
        first, second = (write(kind(tmp_path / f"{name}.nii.gz", volume)).read_bytes() for name in "ab")
        assert first == second

    def test_folder_that_cannot_be_written(self, tmp_path: Path, kind: type[RGBWriter]) -> None:
        (tmp_path / "file").write_text("in the way of a folder")
        with pytest.raises(InputError, match="file/stain.nii.gz cannot be written.*--output_dir"):
            kind(tmp_path / "file" / "stain.nii.gz", tiff_input(tmp_path))

    def test_input_is_never_overwritten(self, tmp_path: Path, kind: type[RGBWriter]) -> None:
        volume = tiff_input(tmp_path)
        with pytest.raises(InputError, match="ct.tif would overwrite the input"):
            kind(tmp_path / "x" / ".." / "ct.tif", volume)
        np.testing.assert_array_equal(volume.read(0, 4), CT)
