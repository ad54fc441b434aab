"""Reading volumes slab by slab, in every format, and bad volumes named."""

from __future__ import annotations

import gzip
import logging
import os
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

SHAPE = (6, 5, 7)
VOXELS = (np.arange(np.prod(SHAPE)).reshape(SHAPE) % 120).astype(np.uint8)
AFFINE = np.array([[-0.02, 0.001, 0, 5], [0, 0.03, 0, -6], [0.001, 0, 0.05, 7], [0, 0, 0, 1]])


def save_nifti(path: Path, voxels: np.ndarray, slope: tuple[float, float] | None = None) -> Path:
    """Save (Z, Y, X); byte order as the array's, slope and intercept written into the header as they are."""
    header = nibabel.Nifti1Header(endianness=">" if voxels.dtype.byteorder == ">" else "<")
    header.set_data_dtype(voxels.dtype)
    header.set_xyzt_units("mm")
    image = nibabel.Nifti1Image(voxels.T, AFFINE, header)
    if slope is not None:
        plain = path.with_suffix(".raw.nii")
        nibabel.save(image, plain)
        content = bytearray(plain.read_bytes())
        content[112:120] = np.array(slope, "<f4").tobytes()
        plain.unlink()
        path.write_bytes(content)
    else:
        nibabel.save(image, path)
    return path


def save_ome(path: Path, voxels: np.ndarray) -> None:
    metadata = {"axes": "ZYX", "PhysicalSizeZ": 5.0, "PhysicalSizeY": 2.0, "PhysicalSizeX": 0.003}
    tifffile.imwrite(path, voxels, metadata=metadata | {"PhysicalSizeXUnit": "mm"}, ome=True)


def save_imagej(path: Path, voxels: np.ndarray) -> None:
    """With 500 pixels per unit across and 400 down."""
    metadata = {"axes": "ZYX", "spacing": 0.005, "unit": "mm"}
    tifffile.imwrite(path, voxels, imagej=True, metadata=metadata, resolution=(500, 400))


def save(path: Path, kind: str, voxels: np.ndarray) -> Path:
    if kind in ("nii", "nii.gz"):
        return save_nifti(path / f"scan.{kind}", voxels)
    if kind == "folder":
        folder = path / "slices"
        folder.mkdir()
        for index, pixels in enumerate(voxels):
            tifffile.imwrite(
                folder / f"s{index + 7}.tif", pixels
            )  # s7 to s12: natural order differs from the alphabet's
        return folder
    file = path / ("scan.ome.tif" if kind == "ome" else "scan.tif")
    if kind == "ome":
        save_ome(file, voxels)
    elif kind.startswith("imagej"):
        save_imagej(file, voxels)
    else:
        options: dict[str, dict[str, Any]] = {
            "tif": {},
            "bigtiff": {"bigtiff": True},
            "zlib": {"compression": "zlib", "predictor": voxels.dtype.kind != "f"},
            "pages": {"metadata": None, "contiguous": False},
            "big-endian": {"byteorder": ">"},
        }
        tifffile.imwrite(file, voxels, photometric="minisblack", **options[kind])
    if kind == "imagej-single":  # as ImageJ writes more than 4 GB: the first directory has no successor
        with tifffile.TiffFile(file) as tif:
            first = tif.pages.first.offset
        content = bytearray(file.read_bytes())
        tags = int.from_bytes(content[first : first + 2], "little" if tif.byteorder == "<" else "big")
        content[first + 2 + 12 * tags : first + 6 + 12 * tags] = bytes(4)
        file.write_bytes(content)
    return file


KINDS = ["nii", "nii.gz", "folder", "tif", "bigtiff", "zlib", "pages", "big-endian", "imagej", "imagej-single", "ome"]


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4"])
@pytest.mark.parametrize("kind", KINDS)
def test_slabs_of_every_format(tmp_path: Path, kind: str, dtype: str) -> None:
    voxels = VOXELS.astype(dtype)
    path = save(tmp_path, kind, voxels)
    with open_volume(path) as volume:
        assert volume.shape == SHAPE
        assert volume.dtype == np.dtype(dtype)
        assert volume.source == str(path)
        assert volume.path == path
        assert volume.name == ("slices" if kind == "folder" else "scan")
        for start, stop in ((0, 2), (2, 6), (1, 3), (5, 6)):  # forwards and back again
            slab = volume.read(start, stop)
            assert slab.dtype == np.dtype(dtype)
            assert slab.flags["C_CONTIGUOUS"]
            np.testing.assert_array_equal(slab, voxels[start:stop])
        for start, stop in ((0, 7), (3, 3), (-1, 2)):
            with pytest.raises(IndexError):
                volume.read(start, stop)
    assert find_volumes(path) == [str(path)]


@pytest.mark.parametrize("dtype", [">u2", ">i2", ">f4", ">f8", "i1", "u4", "i4", "f8"])
@pytest.mark.parametrize("kind", ["nii.gz", "zlib"])
def test_other_types_and_byte_orders(tmp_path: Path, kind: str, dtype: str) -> None:
    voxels = VOXELS.astype(dtype)
    if kind == "zlib":
        tifffile.imwrite(tmp_path / "a.tif", voxels, compression="zlib", byteorder=">" if dtype[0] == ">" else "<")
        path = tmp_path / "a.tif"
    else:
        path = save_nifti(tmp_path / "a.nii.gz", voxels)
    with open_volume(path) as volume:
        assert volume.dtype.isnative
        assert volume.dtype.name == np.dtype(dtype).name
        np.testing.assert_array_equal(volume.read(1, 4), voxels[1:4])


def test_spacing_and_affine(tmp_path: Path) -> None:
    save_ome(tmp_path / "a.ome.tif", VOXELS)
    save_imagej(tmp_path / "b.tif", VOXELS)
    save_nifti(tmp_path / "c.nii", VOXELS)
    tifffile.imwrite(tmp_path / "d.tif", VOXELS, photometric="minisblack", resolution=(72, 72))
    # Lengths of the affine's columns; float32 in the header.
    lengths = np.linalg.norm(AFFINE[:3, :3], axis=0)[::-1]
    for name, spacing in (("a.ome.tif", (5e-3, 2e-3, 3e-3)), ("b.tif", (5e-3, 1 / 400, 1 / 500)), ("c.nii", lengths)):
        with open_volume(tmp_path / name) as volume:
            np.testing.assert_allclose(np.asarray(volume.spacing), np.asarray(spacing), rtol=1e-6)
            assert (volume.affine is None) == (name != "c.nii")
            if volume.affine is not None:
                np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-6)
    with open_volume(tmp_path / "d.tif") as volume:
        assert volume.spacing is None  # 72 dpi is about paper


def test_nifti_rescaling_and_units(tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "a.nii", VOXELS.astype(np.int16), slope=(0.25, -3.0))
    with open_volume(path) as volume:
        assert volume.dtype == np.float32
        np.testing.assert_array_equal(volume.read(2, 5), VOXELS[2:5] * 0.25 - 3)
    image = nibabel.Nifti1Image(VOXELS.T, np.diag([20, 30, 50, 1]))
    image.header.set_xyzt_units("micron")
    nibabel.save(image, tmp_path / "um.nii")
    with open_volume(tmp_path / "um.nii") as volume:
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.05, 0.03, 0.02))


def test_min_is_white_stack(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="miniswhite")
    with open_volume(tmp_path / "a.tif") as volume:
        np.testing.assert_array_equal(volume.read(0, 6), 255 - VOXELS)


def test_single_images_and_flat_nifti_are_one_slice(tmp_path: Path) -> None:
    Image.fromarray(VOXELS[0]).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", VOXELS[0])
    nibabel.save(nibabel.Nifti1Image(VOXELS[0].T, np.eye(4)), tmp_path / "a.nii")
    nibabel.save(nibabel.Nifti1Image(VOXELS.T[..., None], np.eye(4)), tmp_path / "four.nii")
    for name in ("a.png", "a.tif", "a.nii"):
        with open_volume(tmp_path / name) as volume:
            np.testing.assert_array_equal(volume.read(0, 1), VOXELS[:1])
    with open_volume(tmp_path / "four.nii") as volume:  # a fourth axis of length one is none
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)


def test_find_volumes(tmp_path: Path) -> None:
    for name in ("s10.nii.gz", "s9.nii", ".hidden.nii"):
        save_nifti(tmp_path / name, VOXELS)
    tifffile.imwrite(tmp_path / "s11.tif", VOXELS, photometric="minisblack")
    (tmp_path / "notes.txt").write_text("ignored")
    assert [Path(source).name for source in find_volumes(tmp_path)] == ["s9.nii", "s10.nii.gz", "s11.tif"]
    Image.fromarray(VOXELS[0]).save(tmp_path / "slice.png")
    with pytest.raises(InputError, match=r"both volumes.*slice.png"):
        find_volumes(tmp_path)


def test_nothing_to_find(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    for path, message in (
        (tmp_path, "no images"),
        (tmp_path / "gone", "does not exist"),
        (tmp_path / "gone.nii", "gone.nii"),
    ):
        for function in (find_volumes, open_volume):
            with pytest.raises(InputError, match=message):
                function(path)
    with pytest.raises(InputError, match=r"notes.txt is of no known"):
        open_volume(tmp_path / "notes.txt")


def test_gap_in_the_numbers_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = save(tmp_path, "folder", VOXELS)
    with caplog.at_level(logging.WARNING):
        open_volume(folder)
        assert not caplog.records
        (folder / "s9.tif").unlink()
        open_volume(folder)
    assert "s8.tif and s10.tif" in caplog.text


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (VOXELS[0, :-1], "s8.tif has 4 x 7 pixels of uint8.*s7.tif"),
        (VOXELS[0].astype(np.uint16), "s8.tif has 5 x 7 pixels of uint16"),
        (np.dstack([VOXELS[0]] * 3), "s8.tif is an RGB image"),
    ],
)
def test_odd_slice_is_named(tmp_path: Path, pixels: np.ndarray, message: str) -> None:
    folder = save(tmp_path, "folder", VOXELS)
    tifffile.imwrite(folder / "s8.tif", pixels)
    with pytest.raises(InputError, match=message):
        open_volume(folder)


def test_two_formats_in_a_folder(tmp_path: Path) -> None:
    folder = save(tmp_path, "folder", VOXELS)
    Image.fromarray(VOXELS[0]).save(folder / "s20.png")
    with pytest.raises(InputError, match="several formats"):
        find_volumes(folder)


def bad_volume(folder: Path, case: str) -> Path:
    path = folder / f"{case}.tif"
    rgb = np.stack([VOXELS] * 3, axis=-1)
    if case == "rgb":
        tifffile.imwrite(path, rgb, photometric="rgb")
    elif case == "hyperstack":
        tifffile.imwrite(path, np.stack([VOXELS] * 2), imagej=True, metadata={"axes": "TZYX"})
    elif case == "unnamed":  # tifffile calls both axes Q
        tifffile.imwrite(path, np.stack([VOXELS] * 2), photometric="minisblack")
    elif case == "channels":
        tifffile.imwrite(path, np.stack([VOXELS] * 2, axis=1), ome=True, metadata={"axes": "ZCYX"})
    elif case in ("bool", "complex64"):
        tifffile.imwrite(path, VOXELS.astype(case), photometric="minisblack")
    else:
        path = folder / f"{case}.nii.gz"
        arrays = {
            "nii4d": np.stack([VOXELS.T] * 2, axis=-1),
            "niicomplex": VOXELS.T.astype(np.complex64),
            "niirgb": np.ascontiguousarray(rgb).view([(c, "u1") for c in "RGB"])[..., 0].T,
        }
        nibabel.save(nibabel.Nifti1Image(arrays[case], np.eye(4)), path)
    return path


@pytest.mark.parametrize(
    ("case", "remedy"),
    [
        ("rgb", "convert it to greyscale"),
        ("niirgb", "convert it to greyscale"),
        ("hyperstack", "save one channel"),
        ("channels", "save one channel"),
        ("unnamed", "save one channel"),
        ("nii4d", "save one channel"),
        ("bool", "convert it"),
        ("complex64", "convert it"),
        ("niicomplex", "convert it"),
    ],
)
def test_bad_volume_is_named_with_a_remedy(tmp_path: Path, case: str, remedy: str) -> None:
    path = bad_volume(tmp_path, case)
    with pytest.raises(InputError) as caught:
        open_volume(path)
    assert str(path) in str(caught.value)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("share", [0.95, 0.6, 0.02])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
def test_truncated_volume_is_named(tmp_path: Path, kind: str, share: float) -> None:
    voxels = np.random.default_rng(0).integers(0, 65535, (6, 40, 50)).astype(np.uint16)
    path = save(tmp_path, kind, voxels)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    def read() -> None:
        with open_volume(path) as volume:
            assert volume.shape == voxels.shape  # never a shorter volume
            volume.read(0, 6)

    with pytest.raises(InputError, match=str(path)):
        read()


def test_what_comes_before_the_damage_is_readable(tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "a.nii", VOXELS)
    path.write_bytes(path.read_bytes()[: 352 + 4 * 35 + 3])
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 4), VOXELS[:4])
        with pytest.raises(InputError, match=r"a.nii.*ends in slice 4 of 6"):
            volume.read(3, 6)


@pytest.mark.parametrize("kind", ["nii", "nii.gz", "tif", "zlib", "folder"])
def test_nan_and_infinity_pass(tmp_path: Path, kind: str) -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[3, 1, 2], voxels[4, 0, 0] = np.nan, np.inf
    with open_volume(save(tmp_path, kind, voxels)) as volume:
        np.testing.assert_array_equal(volume.read(0, 6), voxels)


def noise(slices: int = 6) -> np.ndarray:
    """Voxels that zlib stores rather than compresses, so that a byte of the file belongs to a known slice."""
    return np.random.default_rng(0).integers(0, 65535, (slices, 40, 50)).astype(np.uint16)


def test_truncated_compressed_file_names_the_slice(tmp_path: Path) -> None:
    path = save(tmp_path, "nii.gz", noise())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    for start in (0, 3, 5):  # also by who skips it
        with open_volume(path) as volume, pytest.raises(InputError, match=r"scan.nii.gz.*it ends in slice 3 of 6"):
            volume.read(start, 6)


def test_damage_within_a_compressed_file_names_the_slice(tmp_path: Path) -> None:
    path = save(tmp_path, "nii.gz", noise())
    plain = gzip.decompress(path.read_bytes())
    # 352 bytes of header, 4000 per slice; the second half begins with a block of an unknown kind.
    first, second = gzip.compress(plain[: 352 + 3 * 4000 + 9]), gzip.compress(plain[352 + 3 * 4000 + 9 :])
    path.write_bytes(first + second[:10] + b"\xff" + second[11:])
    for start in (0, 5):
        with (
            open_volume(path) as volume,
            pytest.raises(InputError, match=r"scan.nii.gz.*slice 3 of 6: Error -1 Invalid deflate"),
        ):
            volume.read(start, 6)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 3), noise()[:3])
        with pytest.raises(InputError):
            volume.read(5, 6)
        np.testing.assert_array_equal(volume.read(0, 2), noise()[:2])


@pytest.mark.parametrize("change", ["checksum", "no checksum", "more voxels"])
def test_checksum_is_compared(tmp_path: Path, change: str) -> None:
    path = save(tmp_path, "nii.gz", noise())
    content = path.read_bytes()
    if change == "more voxels":  # as after damage that makes the stream decode to more
        content = gzip.compress(gzip.decompress(content) + bytes(2**21))
    path.write_bytes(content[:-8] + (b"" if change == "no checksum" else bytes(8)))
    with open_volume(path) as volume:
        volume.read(0, 5)
        with pytest.raises(InputError, match=r"slice 5 of 6: .*(checksum|check)"):
            volume.read(5, 6)


def test_gzip_members_and_padding(tmp_path: Path) -> None:
    """As bgzip and pigz write them, and as they lie on tapes."""
    path = save(tmp_path, "nii.gz", VOXELS)
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(b"".join(gzip.compress(content[i : i + 99]) for i in range(0, len(content), 99)) + bytes(512))
    with open_volume(path) as volume:
        for start in (4, 0):
            np.testing.assert_array_equal(volume.read(start, 6), VOXELS[start:])


@pytest.mark.parametrize("level", [0, 9])
def test_skipping_through_a_compressed_file_takes_no_memory(tmp_path: Path, level: int) -> None:
    voxels = np.zeros((64, 512, 512), np.uint16)
    voxels[-1] = np.arange(512)
    plain = save_nifti(tmp_path / "a.nii", voxels)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(plain.read_bytes(), level))
    with open_volume(path) as volume:
        tracemalloc.start()
        try:
            slab = volume.read(63, 64)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    np.testing.assert_array_equal(slab, voxels[63:])
    # The slice as stored and as returned, and a piece of 1 MiB twice while it grows.
    assert peak < 2 * voxels[0].nbytes + 2.5 * 2**20


@pytest.mark.parametrize("kind", ["zlib", "pages"])
def test_damaged_page_is_named(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path, kind, noise())
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[4].dataoffsets[0]
    content = path.read_bytes()
    if kind == "zlib":
        path.write_bytes(content[: offset + 100] + bytes(500) + content[offset + 600 :])
    else:
        path.write_bytes(content[: offset + 9])

    def read() -> None:
        with open_volume(path) as volume:
            np.testing.assert_array_equal(volume.read(0, 4), noise()[:4])
            volume.read(2, 6)

    with pytest.raises(InputError, match=r"scan.tif" if kind == "pages" else r"scan.tif.*page 4: "):
        read()


@pytest.mark.parametrize("kind", ["tif", "imagej-single"])
def test_missing_page_of_a_stack_in_one_piece_is_named(tmp_path: Path, kind: str) -> None:
    path = save(tmp_path, kind, noise())
    with tifffile.TiffFile(path) as tif:
        start = tif.pages.first.dataoffsets[0]
    with open_volume(path) as volume:
        os.truncate(path, start + 4 * 4000 + 9)
        np.testing.assert_array_equal(volume.read(0, 4), noise()[:4])
        with pytest.raises(InputError, match=r"scan.tif.*page 4: "):
            volume.read(2, 6)


def test_damaged_slice_names_index_and_file(tmp_path: Path) -> None:
    folder = save(tmp_path, "folder", noise())
    with open_volume(folder) as volume:
        (folder / "s10.tif").write_bytes((folder / "s10.tif").read_bytes()[:1000])
        volume.read(0, 3)
        with pytest.raises(InputError, match=r"Slice 3 of 6: .*s10.tif"):
            volume.read(0, 6)


def test_negative_directions_keep_the_order_of_the_voxels(tmp_path: Path) -> None:
    affine = np.array([[0, -0.2, 0, 5], [-0.1, 0, 0, 6], [0, 0, -0.3, 7], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(VOXELS.T, affine), tmp_path / "a.nii.gz")
    with open_volume(tmp_path / "a.nii.gz") as volume:
        np.testing.assert_allclose(np.asarray(volume.affine), affine, atol=1e-6)
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.3, 0.2, 0.1))
        np.testing.assert_array_equal(volume.read(0, 6), VOXELS)


def test_folder_of_all_formats(tmp_path: Path) -> None:
    for name in ("v2.nii", "v10.mhd", "v10.raw", "v3.h5", "v4.NXS", "v5.nrrd", "v6.nhdr", "v7.mha", ".v.h5"):
        (tmp_path / name).touch()  # found by their names
    for name in ("v8.zarr", "v9.ome.zarr", "v1.zarr.partial", "v1.nii.gz.partial", "folder"):
        (tmp_path / name).mkdir()
    found = [Path(source).name for source in find_volumes(tmp_path)]
    assert found == ["v2.nii", "v3.h5", "v4.NXS", "v5.nrrd", "v6.nhdr", "v7.mha", "v8.zarr", "v9.ome.zarr", "v10.mhd"]
