"""Stained volumes, read back by the libraries that own the formats."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import itk
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.volume import Volume
from scripts.volume.write import export
from scripts.volume.write.export import EXPORTS, write_nifti, write_tiff

SHAPE = (4, 5, 7)
STAIN = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
AFFINE = np.array([[0, -0.02, 0, 5], [0.03, 0, 0, -6], [0, 0, 0.05, 7], [0, 0, 0, 1]])
NEGATIVE = np.array([[-0.03, 0, 0, 9], [0, -0.02, 0, 8], [0, 0, 0.05, -7], [0, 0, 0, 1]])
CT = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)


class AnyVolume(Volume):
    """A volume of any shape whose grey values nobody reads."""

    def __init__(self, shape: tuple[int, int, int], spacing: tuple[float, float, float] | None = None) -> None:
        self.path, self.files, self.shape, self.spacing = Path("ct.tif"), [], shape, spacing

    def _read(self, start: int, stop: int) -> np.ndarray:
        raise AssertionError("an export takes shape and geometry from a volume, it never reads one")

    def close(self) -> None: ...


def nifti_input(folder: Path, big_endian: bool = False, version: int = 1, affine: np.ndarray = AFFINE) -> Volume:
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    header = kind.header_class(endianness=">" if big_endian else "<")
    header.set_data_dtype(np.int16)
    image = kind(CT.T.astype(np.int16), None, header)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="aligned")
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


def in_slabs(stain: np.ndarray = STAIN, path: Path | None = None) -> Iterator[np.ndarray]:
    """One slice, then the rest; the file must not have its name before it is whole."""
    yield stain[:1]
    yield stain[1:]
    assert path is None or not path.exists()


def nifti_voxels(image: Any) -> np.ndarray:
    voxels = np.asarray(image.dataobj)
    return np.stack([voxels[c] for c in "RGB"], -1).transpose(2, 1, 0, 3)


def physical_sizes(path: Path) -> list[tuple[float, str]]:
    with tifffile.TiffFile(path) as tif:
        root = ElementTree.fromstring(tif.ome_metadata or "")
    pixels = next(node for node in root.iter() if node.tag.endswith("}Pixels"))
    return [(float(pixels.attrib[f"PhysicalSize{c}"]), pixels.attrib[f"PhysicalSize{c}Unit"]) for c in "ZYX"]


@pytest.mark.parametrize("affine", [AFFINE, NEGATIVE])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("big_endian", "version"), [(False, 1), (True, 1), (False, 2)])
def test_nifti_of_nifti(tmp_path: Path, suffix: str, big_endian: bool, version: int, affine: np.ndarray) -> None:
    path = tmp_path / "out" / f"stain{suffix}"
    write_nifti(path, nifti_input(tmp_path, big_endian, version, affine), in_slabs(path=path))
    image: Any = nibabel.load(path)
    assert image.shape == SHAPE[::-1]
    assert image.header["datatype"] == 128
    assert image.header["bitpix"] == 24
    np.testing.assert_array_equal(nifti_voxels(image), STAIN)
    np.testing.assert_allclose(image.affine, affine, atol=1e-6)  # float32 in the header
    assert int(image.header["qform_code"]) == 1
    assert int(image.header["sform_code"]) == 2
    assert image.header.get_xyzt_units()[0] == "micron"
    assert image.header["cal_max"] == 0
    np.testing.assert_allclose(image.header.get_zooms(), (0.03, 0.02, 0.05), rtol=1e-6)
    with path.open("rb") as file:
        assert (file.read(2) == b"\x1f\x8b") == (suffix == ".nii.gz")


@pytest.mark.parametrize("affine", [AFFINE, NEGATIVE])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_itk_reads_rgb_and_geometry(tmp_path: Path, suffix: str, affine: np.ndarray) -> None:
    path = tmp_path / f"stain{suffix}"
    write_nifti(path, nifti_input(tmp_path, affine=affine), in_slabs())
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
    write_nifti(tmp_path / "stain.nii.gz", tiff_input(tmp_path, spacing), in_slabs())
    image: Any = nibabel.load(tmp_path / "stain.nii.gz")
    np.testing.assert_allclose(image.affine, np.diag([*diagonal, 1]), rtol=1e-6, atol=1e-12)
    assert image.header.get_xyzt_units()[0] == unit


@pytest.mark.parametrize("limit", [export.CLASSIC_TIFF_BYTES, 100])
@pytest.mark.parametrize("shape", [SHAPE, (1, 5, 7), (2, 1, 1), (3, 256, 512), (3, 300, 515), (2, 3, 4), (5, 257, 3)])
def test_tiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, shape: tuple[int, int, int]) -> None:
    monkeypatch.setattr(export, "CLASSIC_TIFF_BYTES", limit)
    spacing = (0.05, 0.1 + 0.2, 1 / 3)
    stain = np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)
    path = tmp_path / "stain.tif"
    write_tiff(path, AnyVolume(shape, spacing), in_slabs(stain, path))
    with tifffile.TiffFile(path) as tif:
        assert tif.is_bigtiff == (limit < stain.size)
        assert tif.is_ome
        assert len(tif.pages) == shape[0]
        assert len(tif.series) == 1
        series = tif.series[0]
        assert series.get_shape(squeeze=False) == (1, shape[0], 1, *shape[1:], 3)
        assert series.get_axes(squeeze=False) == "TZCYXS"
        if min(shape) > 1:
            assert series.axes == "ZYXS"
        for page in tif.pages:
            assert isinstance(page, (tifffile.TiffPage, tifffile.TiffFrame))
            keyframe = page.keyframe
            assert keyframe is not None
            assert keyframe.is_tiled
            assert keyframe.tile == (256, 256)
            assert keyframe.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
            assert keyframe.predictor == tifffile.PREDICTOR.HORIZONTAL
            assert keyframe.photometric == tifffile.PHOTOMETRIC.RGB
        np.testing.assert_array_equal(series.asarray().reshape(stain.shape), stain)
        np.testing.assert_allclose(tif.pages.first.resolution, (10 * 3, 10 / 0.3), rtol=1e-6)
        assert tif.pages.first.resolutionunit == tifffile.RESUNIT.CENTIMETER
    assert physical_sizes(path) == [(size, "mm") for size in spacing]
    with Image.open(path) as image:
        for index in range(shape[0]):
            image.seek(index)
            assert image.mode == "RGB"
            np.testing.assert_array_equal(np.asarray(image), stain[index])
    # ITK adds an opaque alpha to tiled images, and drops the third axis of a single page.
    voxels = itk.array_from_image(itk.imread(str(path)))
    np.testing.assert_array_equal(voxels[..., :3].reshape(stain.shape), stain)


def test_ome_metadata_as_bio_formats_expects_them(tmp_path: Path) -> None:
    """The samples of a pixel are one channel of three samples, and the pages run along z."""
    write_tiff(tmp_path / "stain.tif", AnyVolume(SHAPE), in_slabs())
    with tifffile.TiffFile(tmp_path / "stain.tif") as tif:
        root = ElementTree.fromstring(tif.ome_metadata or "")
        assert tif.pages.first.resolutionunit == tifffile.RESUNIT.NONE
    nodes = {node.tag.split("}")[1]: node.attrib for node in root.iter()}
    sizes = {key: value for key, value in nodes["Pixels"].items() if key.startswith("Size")}
    assert sizes == {"SizeX": "7", "SizeY": "5", "SizeC": "3", "SizeZ": "4", "SizeT": "1"}
    assert nodes["Pixels"]["Type"] == "uint8"
    assert nodes["Pixels"]["DimensionOrder"] == "XYCZT"
    assert nodes["Channel"]["SamplesPerPixel"] == "3"
    assert nodes["TiffData"] == {"IFD": "0", "PlaneCount": "4"}
    assert not any(key.startswith("PhysicalSize") for key in nodes["Pixels"])


def test_tiff_of_nifti_keeps_the_spacing_in_mm(tmp_path: Path) -> None:
    volume = nifti_input(tmp_path)
    write_tiff(tmp_path / "stain.tif", volume, in_slabs())
    assert physical_sizes(tmp_path / "stain.tif") == [(float(size), "mm") for size in volume.spacing or ()]
    np.testing.assert_allclose(volume.spacing or (), (0.05e-3, 0.02e-3, 0.03e-3), rtol=1e-6)
    with tifffile.TiffFile(tmp_path / "stain.tif") as tif:
        np.testing.assert_allclose(tif.pages.first.resolution, (1e4 / 0.03, 1e4 / 0.02), rtol=1e-6)


@pytest.mark.parametrize("suffix", EXPORTS)
class TestAll:
    """What all formats share."""

    @pytest.mark.parametrize(
        ("slabs", "message"),
        [
            ([], "only 0 slices"),
            ([STAIN[:3]], "only 3 slices, expected 4"),
            ([STAIN, STAIN[:1]], "at least 5 slices"),
            ([np.concatenate([STAIN] * 2)], "at least 8 slices"),
            ([STAIN[:, :-1]], r"expected \(n, 5, 7, 3\) uint8"),
            ([STAIN[0]], "expected"),
            ([STAIN.astype(float)], "float64, expected"),
        ],
    )
    def test_slabs_that_do_not_add_up(self, tmp_path: Path, suffix: str, slabs: list[np.ndarray], message: str) -> None:
        path = tmp_path / "out" / f"stain.{suffix}"
        with pytest.raises(ValueError, match=message):
            EXPORTS[suffix](path, tiff_input(tmp_path), slabs)
        assert not list(path.parent.iterdir())

    @pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
    def test_abort_keeps_an_earlier_file(self, tmp_path: Path, suffix: str, error: type[BaseException]) -> None:
        def slabs() -> Iterator[np.ndarray]:
            yield STAIN[:2]
            raise error

        path = tmp_path / "out" / f"stain.{suffix}"
        path.parent.mkdir()
        path.write_text("earlier")
        with pytest.raises(error):
            EXPORTS[suffix](path, tiff_input(tmp_path), slabs())
        assert list(path.parent.iterdir()) == [path]
        assert path.read_text() == "earlier"

    def test_replaces_an_earlier_file(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"stain.{suffix}"
        path.write_text("earlier")
        EXPORTS[suffix](path, tiff_input(tmp_path), in_slabs())
        assert path.stat().st_size > 100
        assert len(list(tmp_path.iterdir())) == 2

    def test_same_stain_same_bytes(self, tmp_path: Path, suffix: str) -> None:
        volume = tiff_input(tmp_path)
        first, second = tmp_path / "a" / f"stain.{suffix}", tmp_path / "b" / f"other.{suffix}"
        EXPORTS[suffix](first, volume, [STAIN])
        EXPORTS[suffix](second, volume, [np.asfortranarray(STAIN[:3]), STAIN[3:]])
        assert first.read_bytes() == second.read_bytes()

    def test_disk_that_fills_up(self, tmp_path: Path, suffix: str) -> None:
        shape = (6, 300, 300)
        slabs = [np.random.default_rng(0).integers(0, 256, (2, 300, 300, 3)).astype(np.uint8)] * 3
        path = tmp_path / "out" / f"stain.{suffix}"
        # A limit to the size of a file stands in for a full disk: writing fails with OSError half-way.
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, hard))
        try:
            with pytest.raises(InputError, match=r"cannot be written \(File too large\): free some space"):
                EXPORTS[suffix](path, AnyVolume(shape), slabs)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(path.parent.iterdir())

    def test_folder_that_cannot_be_written(self, tmp_path: Path, suffix: str) -> None:
        (tmp_path / "file").write_text("in the way of a folder")
        with pytest.raises(InputError, match=r"file/stain.* cannot be written.*--output_dir"):
            EXPORTS[suffix](tmp_path / "file" / f"stain.{suffix}", tiff_input(tmp_path), in_slabs())

    def test_input_is_never_overwritten(self, tmp_path: Path, suffix: str) -> None:
        volume = tiff_input(tmp_path)
        with pytest.raises(InputError, match=r"ct.tif would overwrite the input"):
            EXPORTS[suffix](tmp_path / "x" / ".." / "ct.tif", volume, in_slabs())
        np.testing.assert_array_equal(volume.read(0, 4), CT)


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    """OME-XML is UTF-8, and names from Windows' media may be Latin-1."""
    name = os.fsdecode("Schädel.tif".encode("latin-1"))
    tifffile.imwrite(tmp_path / name, np.arange(2 * 16 * 16, dtype=np.uint16).reshape(2, 16, 16))
    with open_volume(tmp_path / name) as volume:
        write_tiff(tmp_path / "out.tif", volume, iter([np.full((2, 16, 16, 3), 7, np.uint8)]))
    assert (tifffile.imread(tmp_path / "out.tif") == 7).all()
