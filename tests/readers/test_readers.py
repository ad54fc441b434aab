"""Stained volumes in the readers of the programs that people open them with.

napari reads OME-Zarr by napari-ome-zarr; ITK-SNAP reads NIfTI by ITK, 3D Slicer by ITK and VTK. What has no screen can
be tested here: voxels, colours, voxel size and place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import zarr

from scripts.volume.read.reader import open_volume
from scripts.volume.write.export import EXPORTS
from scripts.volume.write.maps import STAIN, UNCERTAINTY
from scripts.volume.write.stain_store import StainStore

Voxels = dict[str, list[np.ndarray]]  # by kind, a level each

CHANNELS = {"stain": 3, "uncertainty": 1}
SHAPE = (5, 64, 300)  # longer than 256: the OME-Zarr has two levels
SPACING = (0.05, 0.03, 0.02)
# x goes to anterior or posterior, y to left, z to superior
TURNED = np.array([[0, -0.03, 0, 5], [0.02, 0, 0, -6], [0, 0, 0.05, 7], [0, 0, 0, 1]])
MIRRORED = np.array([[0, -0.03, 0, 5], [-0.02, 0, 0, -6], [0, 0, 0.05, 7], [0, 0, 0, 1]])
LPS = np.diag([-1, -1, 1])  # ITK's axes in NIfTI's, which are right, anterior, superior


@pytest.fixture(scope="module", params=[TURNED, MIRRORED], ids=["turned", "mirrored"])
def affine(request: pytest.FixtureRequest) -> np.ndarray:
    """From voxels (x, y, z) to mm."""
    return request.param


@pytest.fixture(scope="module")
def stained(affine: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stain and its uncertainty in all formats, written as inference writes them; the colours are random."""
    folder = tmp_path_factory.mktemp("readers")
    image = nibabel.Nifti1Image(np.zeros(SHAPE[::-1], np.uint16), affine)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    nibabel.save(image, folder / "ct.nii")
    with open_volume(folder / "ct.nii") as volume:
        for kind, channels in (("stain", STAIN.channels), ("uncertainty", UNCERTAINTY.channels)):
            store = StainStore(folder / f"ct_{kind}.ome.zarr", SHAPE, 8, channels)
            store.create("ct", volume.spacing, volume.affine)
            store.write(0, random_voxels(len(channels)))
            for suffix, write in EXPORTS.items():
                write(folder / f"ct_{kind}.{suffix}", volume, store.slabs(), len(channels))
    return folder


def random_voxels(channels: int) -> np.ndarray:
    """uint8 (channels, z, y, x)."""
    return np.random.default_rng(channels).integers(0, 256, (channels, *SHAPE)).astype(np.uint8)


@pytest.fixture(scope="module")
def voxels(stained: Path) -> dict[str, list[np.ndarray]]:
    """Both levels (C, z, y, x) of stain and uncertainty; the second by zarr."""
    return {
        kind: [random_voxels(channels), zarr.open_group(str(stained / f"ct_{kind}.ome.zarr"), mode="r")["1"][:]]  # type: ignore[index]
        for kind, channels in CHANNELS.items()
    }


@pytest.mark.parametrize(
    ("kind", "colormaps"),
    [("stain", ["red", "green", "blue"]), ("uncertainty", ["gray"])],
    ids=["stain", "uncertainty"],
)
class TestNapari:
    """With napari-ome-zarr, up to the layers that napari draws."""

    @pytest.fixture
    def read(self, stained: Path, kind: str) -> tuple[Any, dict[str, Any]]:
        """Data and metadata, as the plugin hands them to napari."""
        reader = pytest.importorskip("napari_ome_zarr", reason="needs napari-ome-zarr: make readers-test")
        path = str(stained / f"ct_{kind}.ome.zarr")
        [(data, metadata, layer_type)] = reader.napari_get_reader(path)(path)
        assert layer_type == "image"
        return data, metadata

    @pytest.fixture
    def layers(self, read: tuple[Any, dict[str, Any]]) -> list[Any]:
        """What napari makes of it."""
        model = pytest.importorskip("napari.components", reason="needs napari: make readers-test")
        added = model.ViewerModel().add_image(read[0], **read[1])
        return added if isinstance(added, list) else [added]

    def test_voxels_of_each_colour_at_each_level(
        self, layers: list[Any], kind: str, colormaps: list[str], voxels: Voxels
    ) -> None:
        assert len(layers) == len(colormaps)
        for colour, layer in enumerate(layers):
            assert [tuple(shape) for shape in layer.level_shapes] == [SHAPE, (3, 32, 150)]
            for level, expected in zip(layer.data, voxels[kind], strict=True):
                np.testing.assert_array_equal(np.asarray(level), expected[colour])

    def test_colours_add_up(self, layers: list[Any], kind: str, colormaps: list[str]) -> None:
        """Each grey level as itself: from 0 to 255, in the colour's own hue, added to what lies below."""
        assert [layer.colormap.name for layer in layers] == colormaps
        for layer in layers:
            assert tuple(layer.contrast_limits) == (0, 255)
            assert layer.gamma == 1
            assert layer.visible
        assert all(layer.blending == "additive" for layer in layers[1:])
        brightest = sum(np.asarray(layer.colormap.map(np.array([1.0])))[0, :3] for layer in layers)
        np.testing.assert_array_equal(brightest, [1, 1, 1])

    def test_voxel_size(self, layers: list[Any], kind: str, colormaps: list[str]) -> None:
        for layer in layers:
            np.testing.assert_allclose(layer.scale, [1000 * side for side in SPACING], rtol=1e-6)  # float32 in NIfTI
            np.testing.assert_array_equal(layer.translate, [0, 0, 0])

    def test_unit(self, read: tuple[Any, dict[str, Any]], layers: list[Any], kind: str, colormaps: list[str]) -> None:
        if "units" not in read[1]:
            pytest.skip("napari-ome-zarr hands on no units: version 0.10 does, which needs zarr 3")
        for layer in layers:
            assert {str(unit) for unit in layer.units} == {"micrometer"}


@pytest.mark.parametrize("kind", ["stain", "uncertainty"])
def test_ome_zarr_is_what_the_specification_says(stained: Path, kind: str) -> None:
    models = pytest.importorskip("ome_zarr_models.v04", reason="needs ome-zarr-models and zarr 3")
    image = models.Image.from_zarr(zarr.open_group(str(stained / f"ct_{kind}.ome.zarr"), mode="r"))
    assert [axis.name for axis in image.attributes.multiscales[0].axes] == ["c", "z", "y", "x"]


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@pytest.mark.parametrize("kind", ["stain", "uncertainty"])
class TestNifti:
    def test_itk(self, stained: Path, affine: np.ndarray, suffix: str, kind: str, voxels: Voxels) -> None:
        itk = pytest.importorskip("itk", reason="needs itk: make readers-test")
        image, ct = itk.imread(str(stained / f"ct_{kind}.{suffix}")), itk.imread(str(stained / "ct.nii"))
        assert image.GetNumberOfComponentsPerPixel() == CHANNELS[kind]
        read = np.asarray(itk.array_from_image(image)).reshape(*SHAPE, CHANNELS[kind])
        np.testing.assert_array_equal(np.moveaxis(read, -1, 0), voxels[kind][0])
        np.testing.assert_allclose(list(image.GetSpacing()), SPACING[::-1], rtol=1e-6)
        np.testing.assert_allclose(list(image.GetOrigin()), LPS @ affine[:3, 3], rtol=1e-6)
        direction = LPS @ affine[:3, :3] / SPACING[::-1]
        np.testing.assert_allclose(itk.array_from_matrix(image.GetDirection()), direction, atol=1e-6)
        for get in ("GetSpacing", "GetOrigin"):  # it lies where the CT lies, so that the two can be overlaid
            assert list(getattr(image, get)()) == list(getattr(ct, get)())

    def test_vtk(self, stained: Path, affine: np.ndarray, suffix: str, kind: str, voxels: Voxels) -> None:
        """VTK knows no mirrored axes: it turns the order of the slices over, and the matrix with them."""
        vtk = pytest.importorskip("vtk", reason="needs vtk: make readers-test")
        support = pytest.importorskip("vtk.util.numpy_support")
        path = str(stained / f"ct_{kind}.{suffix}")
        reader = vtk.vtkNIFTIImageReader()
        assert reader.CanReadFile(path)
        reader.SetFileName(path)
        reader.Update()
        image = reader.GetOutput()
        assert image.GetDimensions() == SHAPE[::-1]
        assert image.GetScalarTypeAsString() == "unsigned char"
        assert image.GetNumberOfScalarComponents() == CHANNELS[kind]
        read = support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(*SHAPE, CHANNELS[kind])
        place = affine
        if np.linalg.det(affine) < 0:
            read = read[::-1]
            place = affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, SHAPE[0] - 1], [0, 0, 0, 1]])
        np.testing.assert_array_equal(np.moveaxis(read, -1, 0), voxels[kind][0])
        np.testing.assert_allclose(image.GetSpacing(), SPACING[::-1], rtol=1e-6)
        # from mm along the axes to the scanner's; a quaternion of float32 may be off by the root of its 6e-8
        for matrix, tolerance in ((reader.GetSFormMatrix(), 1e-6), (reader.GetQFormMatrix(), 1e-4)):
            values = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
            np.testing.assert_allclose(values @ np.diag([*SPACING[::-1], 1]), place, atol=tolerance)


@pytest.mark.parametrize("kind", ["stain", "uncertainty"])
def test_ome_tiff(stained: Path, kind: str, voxels: Voxels) -> None:
    with tifffile.TiffFile(stained / f"ct_{kind}.tif") as tif:
        assert tif.is_ome
        assert tif.series[0].kind == "ome"
        assert tif.series[0].axes == {"stain": "ZYXS", "uncertainty": "ZYX"}[kind]
        read = tif.series[0].asarray().reshape(*SHAPE, -1)
    np.testing.assert_array_equal(np.moveaxis(read, -1, 0), voxels[kind][0])
