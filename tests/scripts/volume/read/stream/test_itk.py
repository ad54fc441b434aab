"""MetaImage and NRRD, as ITK writes them and as others do; ITK says what is right."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import itk
import numpy as np
import pytest

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

SHAPE = (5, 6, 7)
VOXELS = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE) * 250
SUFFIXES = (".mha", ".mhd", ".nrrd", ".nhdr")


def save(path: Path, voxels: np.ndarray = VOXELS, compressed: bool = False, turned: bool = False) -> Path:
    image = itk.image_from_array(voxels)
    image.SetSpacing([0.002, 0.003, 0.005][: voxels.ndim])
    image.SetOrigin([1.0, -2.0, 3.0][: voxels.ndim])
    if turned:  # x runs to the anterior, y to the right, z downwards: in LPS as columns
        image.SetDirection(itk.matrix_from_array(np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])))
    itk.imwrite(image, str(path), compression=compressed)
    return path


def meta(path: Path, fields: str = "", voxels: np.ndarray = VOXELS, data: str = "LOCAL", content: bytes = b"") -> Path:
    kind = {"u1": "UCHAR", "i2": "SHORT", "u2": "USHORT", "f4": "FLOAT", "f8": "DOUBLE"}[voxels.dtype.str[1:]]
    sizes = " ".join(map(str, voxels.shape[::-1]))
    head = f"ObjectType = Image\nNDims = {voxels.ndim}\nDimSize = {sizes}\nElementType = MET_{kind}\n"
    path.write_bytes(f"{head}{fields}ElementDataFile = {data}\n".encode() + content)
    return path


def nrrd(path: Path, fields: str, voxels: np.ndarray = VOXELS, content: bytes = b"") -> Path:
    sizes = " ".join(map(str, voxels.shape[::-1]))
    kind = {"u1": "uint8", "i2": "int16", "u2": "uint16", "f4": "float", "f8": "double"}[voxels.dtype.str[1:]]
    endian = "" if voxels.itemsize == 1 else f"endian: {'big' if voxels.dtype.str[0] == '>' else 'little'}\n"
    head = f"NRRD0004\n# made by hand\nkey:=value\ntype: {kind}\ndimension: {voxels.ndim}\nsizes: {sizes}\n{endian}"
    path.write_bytes(f"{head}{fields}\n".encode() + content)
    return path


def assert_reads(path: Path, voxels: np.ndarray = VOXELS) -> None:
    with open_volume(path) as volume:
        assert volume.shape == voxels.shape
        assert volume.dtype.isnative
        assert volume.dtype.name == voxels.dtype.name
        for start, stop in ((0, 2), (3, 5), (1, 4)):
            np.testing.assert_array_equal(volume.read(start, stop), voxels[start:stop])


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "u4", "f4", "f8"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_itk_writes(tmp_path: Path, suffix: str, compressed: bool, dtype: str) -> None:
    path = save(tmp_path / f"a{suffix}", VOXELS.astype(dtype), compressed)
    assert_reads(path, VOXELS.astype(dtype))
    with open_volume(path) as volume:
        assert volume.name == "a"
        assert volume.source == str(path)
        assert len(volume.files) == (1 if suffix in (".mha", ".nrrd") else 2)
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.005, 0.003, 0.002))
        expected = np.array([[-0.002, 0, 0, -1], [0, -0.003, 0, 2], [0, 0, 0.005, 3], [0, 0, 0, 1]])
        np.testing.assert_allclose(np.asarray(volume.affine), expected)
    assert find_volumes(tmp_path) == [str(path)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_turned_axes_keep_the_order_of_the_voxels(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", turned=True)
    assert_reads(path)
    with open_volume(path) as volume:
        expected = np.array([[0, 0.003, 0, -1], [0.002, 0, 0, 2], [0, 0, -0.005, 3], [0, 0, 0, 1]])
        np.testing.assert_allclose(np.asarray(volume.affine), expected)


def test_right_handed_space_and_micrometres(tmp_path: Path) -> None:
    place = "space directions: (2,0,0) (0,-3,0) (0,0,5)\nspace origin: (1,2,3)\n"
    fields = f'space: right-anterior-superior\n{place}space units: "um" "um" "um"\nencoding: raw\n'
    with open_volume(nrrd(tmp_path / "a.nrrd", fields, content=VOXELS.tobytes())) as volume:
        expected = np.array([[2, 0, 0, 1], [0, -3, 0, 2], [0, 0, 5, 3], [0, 0, 0, 1000]]) / 1000
        np.testing.assert_allclose(np.asarray(volume.affine), expected)
    fields = "DistanceUnits = um\nElementSpacing = 2 3 5\n"
    with open_volume(meta(tmp_path / "a.mha", fields, content=VOXELS.tobytes())) as volume:
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.005, 0.003, 0.002))


def test_no_spacing_in_the_header(tmp_path: Path) -> None:
    for path in (
        meta(tmp_path / "a.mha", content=VOXELS.tobytes()),
        nrrd(tmp_path / "a.nrrd", "encoding: raw\n", content=VOXELS.tobytes()),
    ):
        with open_volume(path) as volume:
            assert volume.spacing is None
            assert volume.affine is None


@pytest.mark.parametrize("dtype", [">u2", ">i2", ">f4", ">f8"])
def test_big_endian(tmp_path: Path, dtype: str) -> None:
    voxels = (VOXELS - 99).astype(dtype)
    raw = voxels.tobytes()
    for key in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"):
        assert_reads(meta(tmp_path / "a.mha", f"BinaryData = True\n{key} = True\n", voxels, content=raw), voxels)
    assert_reads(nrrd(tmp_path / "a.nrrd", "encoding: raw\n", voxels, raw), voxels)
    assert_reads(nrrd(tmp_path / "b.nrrd", "encoding: gz\n", voxels, gzip.compress(raw)), voxels)


RAW, SKIPPED = VOXELS.astype("<u2").tobytes(), b"1234"
MEMBERS = gzip.compress(RAW[:100]) + gzip.compress(RAW[100:])
PLACES = {
    "raw": ("", RAW),
    "HeaderSize": ("HeaderSize = 4\n", SKIPPED + RAW),
    "HeaderSize -1": ("HeaderSize = -1\n", SKIPPED + RAW),
    "zlib": ("CompressedData = True\n", zlib.compress(RAW)),
    "gzip": ("CompressedData = True\n", gzip.compress(RAW)),
    "zlib and HeaderSize": ("CompressedData = True\nHeaderSize = 4\n", SKIPPED + zlib.compress(RAW)),
}
NRRD_PLACES = {
    "raw": ("encoding: raw\n", RAW),
    "byte skip": ("encoding: raw\nbyte skip: 4\n", SKIPPED + RAW),
    "byte skip -1": ("encoding: raw\nbyteskip: -1\n", SKIPPED + RAW),
    "line skip": ("encoding: raw\nline skip: 2\n", b"a\nbc\n" + RAW),
    "both": ("encoding: raw\nline skip: 1\nbyte skip: 4\n", b"a\n" + SKIPPED + RAW),
    "gzip": ("encoding: gzip\n", gzip.compress(RAW)),
    "members": ("Encoding: GZ\n", MEMBERS),
    "gzip and both": ("encoding: gz\nlineskip: 1\nbyte skip: 4\n", b"a\n" + gzip.compress(SKIPPED + RAW)),
}


@pytest.mark.parametrize("case", PLACES)
def test_places_of_meta_image(tmp_path: Path, case: str) -> None:
    fields, content = PLACES[case]
    if "zlib and" in case:  # ITK wants to know the size then
        fields += f"CompressedDataSize = {len(content) - len(SKIPPED)}\n"
    (tmp_path / "my data.raw").write_bytes(content)
    path = meta(tmp_path / "a.mhd", f"BinaryData = True\n{fields}", data="my data.raw")
    np.testing.assert_array_equal(itk.array_from_image(itk.imread(str(path))), VOXELS)
    assert_reads(path)


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("case", NRRD_PLACES)
def test_places_of_nrrd(tmp_path: Path, case: str, attached: bool) -> None:
    fields, content = NRRD_PLACES[case]
    if attached:
        path = nrrd(tmp_path / "a.nrrd", fields, content=content)
    else:
        (tmp_path / "data.bin").write_bytes(content)
        path = nrrd(tmp_path / "a.nhdr", f"{fields}data file: data.bin\n")
    np.testing.assert_array_equal(itk.array_from_image(itk.imread(str(path))), VOXELS)
    assert_reads(path)


def test_flat_image_is_one_slice(tmp_path: Path) -> None:
    for suffix in (".mha", ".nrrd"):
        with open_volume(save(tmp_path / f"a{suffix}", VOXELS[2])) as volume:
            assert volume.shape == (1, 6, 7)
            np.testing.assert_allclose(np.asarray(volume.spacing), (1, 0.003, 0.002))
            np.testing.assert_array_equal(volume.read(0, 1), VOXELS[2:3])


def test_nan_passes(tmp_path: Path) -> None:
    voxels = np.where(VOXELS == 250, np.nan, VOXELS).astype(np.float32)
    assert_reads(save(tmp_path / "a.mha", voxels, compressed=True), voxels)


BAD = {
    "text.mha": ("BinaryData = False\n", "LOCAL", "stored as text"),
    "list.mhd": ("", "LIST", "several data files"),
    "pattern.mhd": ("", "s%03d.raw 0 4 1", "several data files"),
    "gone.mhd": ("", "lost.raw", "lost.raw, which does not exist"),
    "channels.mha": ("ElementNumberOfChannels = 3\n", "LOCAL", "3 channels"),
}
BAD_NRRD = {
    "text": "encoding: ascii\n",
    "bzip2": "encoding: bzip2\n",
    "back": "encoding: gzip\nbyte skip: -1\n",
    "list": "encoding: raw\ndata file: LIST\na.raw\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_meta_image(tmp_path: Path, name: str) -> None:
    fields, data, message = BAD[name]
    with pytest.raises(InputError, match=f"{name}.*{message}.*: (save|copy)"):
        open_volume(meta(tmp_path / name, fields, data=data, content=RAW * 3))


@pytest.mark.parametrize("case", BAD_NRRD)
def test_bad_nrrd(tmp_path: Path, case: str) -> None:
    with pytest.raises(InputError, match=r"a.nrrd.*: save it again"):
        open_volume(nrrd(tmp_path / "a.nrrd", BAD_NRRD[case], content=RAW))


def test_more_dimensions_and_colours(tmp_path: Path) -> None:
    four = np.stack([VOXELS] * 2)
    for path in (
        meta(tmp_path / "four.mha", voxels=four, content=four.tobytes()),
        nrrd(tmp_path / "four.nrrd", "encoding: raw\n", four, four.tobytes()),
    ):
        with pytest.raises(InputError, match=r"other axes than x, y and z \(7 x 6 x 5 x 2\)"):
            open_volume(path)
    rgb = VOXELS.astype(np.uint8)[..., None].repeat(3, axis=-1)
    kinds = "kinds: RGB-color domain domain domain\nencoding: raw\n"
    with pytest.raises(InputError, match="3 channels"):
        open_volume(nrrd(tmp_path / "rgb.nrrd", kinds, rgb, rgb.tobytes()))
    one = VOXELS[None]  # a fourth axis of length one is none
    path = meta(tmp_path / "one.mha", voxels=one, content=one.tobytes())
    assert_reads(path)


def test_what_is_no_image(tmp_path: Path) -> None:
    for name in ("a.mha", "a.nrrd"):
        (tmp_path / name).write_bytes(b"garbage\n" * 9)
        with pytest.raises(InputError, match=f"{name} cannot be read"):
            open_volume(tmp_path / name)
    with pytest.raises(InputError, match=r"b.nrrd cannot be read \(ITK: .*already set"):
        open_volume(nrrd(tmp_path / "b.nrrd", "type: float\nencoding: raw\n"))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_file_names_the_slice(tmp_path: Path, suffix: str, compressed: bool) -> None:
    voxels = np.random.default_rng(0).integers(0, 65535, (6, 40, 50)).astype(np.uint16)
    path = save(tmp_path / f"a{suffix}", voxels, compressed)
    with open_volume(path) as volume:
        data = volume.files[-1]
    data.write_bytes(data.read_bytes()[: int(data.stat().st_size * 0.6)])
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 3), voxels[:3])
        for start in (0, 5):  # found where it is, also by who skips it
            with pytest.raises(InputError, match=f"{data.name} cannot be read .it ends in slice 3 of 6"):
                volume.read(start, 6)


def test_file_too_short_to_count_from_its_end(tmp_path: Path) -> None:
    path = meta(tmp_path / "a.mhd", "HeaderSize = -1\n", data="a.raw")
    (tmp_path / "a.raw").write_bytes(RAW[:-3])
    with pytest.raises(InputError, match=r"a.raw is 3 bytes too short"):
        open_volume(path)
