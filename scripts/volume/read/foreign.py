"""Formats that are not read: how to get from there to one that is."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.files.opening import has_suffix

#: Voxels behind a header of some length, or behind none.
RAW_SUFFIXES = (".raw", ".vol", ".isq", ".aim", ".img", ".bin", ".dat", ".rec")
SHORT_SUFFIXES = (".isq", ".aim")  # whose voxels have a sign
#: What describes such a file.
ABOUT_RAW = {".vgi": ".vol", ".xtekct": ".vol", ".hdr": ".img", ".pcr": ".vol"}
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
ARRAYS = {
    ".npy": 'numpy.load("{name}")',
    ".npz": 'next(iter(numpy.load("{name}").values()))',
    ".mrc": 'mrcfile.read("{name}")',
    ".mat": 'scipy.io.loadmat("{name}")["NAME OF THE ARRAY"]',
}
ADVICE = {
    (".txm", ".txrm"): "export it as TIFF slices, with the scanner's software or with the Python package dxchange",
    (".am", ".vti", ".vtk", ".mnc", ".mgz"): "save it as .mha, .nrrd, .nii.gz or TIFF slices in the program it is from",
    (".czi", ".lif", ".nd2", ".oir", ".vsi"): "save it as OME-TIFF, for example with Fiji or bfconvert",
    (".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"): "unpack it and give what is in it",
}
#: The lines of a MetaImage header for voxels in another file; HeaderSize -1 takes them from the end of the file.
MHD = (
    "ObjectType = Image",
    "NDims = 3",
    "DimSize = X Y Z",
    "ElementType = {kind}",
    "ElementByteOrderMSB = False",
    "ElementSpacing = DX DY DZ",
    "HeaderSize = -1",
    "ElementDataFile = {name}",
)


def advice(path: Path) -> str | None:
    """Say what a file of another format is and what to do, or None if nothing is known of it. Begins with its path."""
    name = re.sub(r";\d+$", "", path.name)
    bare = path.with_name(name)
    if is_dicom(path):
        return f"{path} is DICOM, which is not read: {_from_dicom()}."
    if has_suffix(bare, RAW_SUFFIXES):
        return f"{path} is read by means of a header: {_mhd(path.name, bare.stem)}."
    for suffix, voxels in ABOUT_RAW.items():
        if has_suffix(bare, (suffix,)):
            return f"{path} describes voxels in another file, which is read by: {_mhd(bare.stem + voxels, bare.stem)}."
    for suffix, call in ARRAYS.items():
        if has_suffix(bare, (suffix,)):
            code = f"""tifffile.imwrite("{bare.stem}.tif", {call.format(name=path.name)}, photometric="minisblack")"""
            return f"{path} is an array without voxel size: save it as TIFF with Python, {code}, and give --voxel_um."
    for suffixes, remedy in ADVICE.items():
        if has_suffix(bare, suffixes):
            return f"{path} is of a format that is not read: {remedy}."
    return None


def is_dicom(path: Path) -> bool:
    """Whether a regular file is DICOM by its name or its signature."""
    if has_suffix(path, DICOM_SUFFIXES):
        return True
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def dicom_folder(folder: Path, files: list[Path]) -> str:
    """The sentence for a folder of DICOM files."""
    return f"The folder {folder} holds DICOM files ({files[0].name}), which are not read: {_from_dicom()}."


def _from_dicom() -> str:
    return "convert the series to NIfTI with dcm2niix or 3D Slicer, and give the .nii.gz"


def _mhd(name: str, stem: str) -> str:
    kind = "MET_SHORT" if name.lower().split(";")[0].endswith(SHORT_SUFFIXES) else "MET_USHORT"
    lines = ", ".join(f'"{line.format(name=name, kind=kind)}"' for line in MHD)
    return (
        f"write a text file {stem}.mhd beside it with the lines {lines} (X Y Z voxels, DX DY DZ their size in mm; "
        "MET_UCHAR, MET_SHORT, MET_USHORT or MET_FLOAT), and give that file"
    )
