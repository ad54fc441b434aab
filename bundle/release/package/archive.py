"""Writes the package, byte for byte the same whenever its files are."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

from monai.bundle.config_parser import ConfigParser

from bundle.shared.contents import FOLDERS, contents, read_metadata
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import whole_file, whole_folder, writing

TRAIN_YAML, TRAIN_JSON = "configs/train.yaml", "configs/train.json"
MADE = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip knows
READABLE = 0o100644 << 16  # a plain file that its owner may write


def write_package(root: Path, out: Path) -> tuple[Path, Path]:
    """Write ``out/<name>`` and ``out/<name>_v<version>.zip``.

    Args:
        root: folder of the bundle.
        out: folder; a package of the same name in it is replaced.

    Returns:
        Folder and zip; each has its name only when it is whole.

    Raises:
        InputError: see `contents`; `out` cannot be written, or something else has the package's name there.
    """
    metadata = read_metadata(root)
    names = contents(root)
    writable_folder(out, "--out")
    inside = [name for name in FOLDERS if out.resolve().is_relative_to((root / name).resolve())]
    if inside:
        raise InputError(f"{out} lies in {inside[0]}, which is published itself: give another --out.")
    folder = out / metadata["name"]
    archive = out / f"{metadata['name']}_v{metadata['version']}.zip"
    is_package = (folder / "configs" / "metadata.json").is_file() and not folder.is_symlink()
    if (folder.exists() or folder.is_symlink()) and not is_package:
        raise InputError(f"{folder} exists and is no package: give another --out.")
    if archive.exists() and not archive.is_file():
        raise InputError(f"{archive} exists and is no file: give another --out.")
    partial = out / f".{metadata['name']}.partial"
    with writing(out, "give another --out"), whole_folder(folder, partial), whole_file(archive) as unfinished:
        for name in names:
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, partial / name)
        write_as_json(partial / TRAIN_YAML, partial / TRAIN_JSON)
        write_zip(partial, sorted({*names, TRAIN_JSON}), unfinished, metadata["name"])
    return folder, archive


def write_as_json(config: Path, path: Path) -> None:
    """Write a config file once more, as JSON: `monai.bundle.load` looks for the network in ``configs/train.json``, and
    finds it in no YAML.
    """
    path.write_text(json.dumps(ConfigParser.load_config_file(config), indent=2) + "\n", encoding="utf-8")


def write_zip(folder: Path, names: list[str], archive: Path, top: str) -> None:
    """Write a zip whose bytes depend on names and contents of the files alone.

    Args:
        folder: where they lie.
        names: relative paths, in this order.
        archive: file to write.
        top: folder in the zip that holds them all.
    """
    with zipfile.ZipFile(archive, "w") as packed:
        for name in names:
            entry = zipfile.ZipInfo(f"{top}/{name}", MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = READABLE
            entry.create_system = 3  # Unix, whatever wrote it
            packed.writestr(entry, (folder / name).read_bytes(), compresslevel=9)
