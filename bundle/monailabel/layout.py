"""Laying out a MONAI Label app: its own files, and a bundle that it serves."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from bundle.shared.contents import contents, read_metadata
from bundle.shared.unpack import unpack
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import whole_file, whole_folder, writing

APP = Path(__file__).with_name("app")
SHARED = "scripts/metrics/torchvision_ops.py"  # the app needs this file before it loads a bundle
SIGN = "class StainingApp"  # in the main.py of every app that this command wrote
LEFT_OUT = (".", "__pycache__")


def lay_out(app: Path, root: Path, bundle: Path | None = None, overwrite: bool = False) -> Path:
    """Write the app, or renew it, and put a bundle into its folder ``model``.

    Args:
        app: folder for it; new, empty, or an app that was laid out before.
        root: folder of this bundle, of which goes along what is published.
        bundle: another one to serve, a folder or a zip; None: this one.
        overwrite: replace a bundle of the same name.

    Returns:
        The bundle's folder in the app.

    Raises:
        InputError: `app` holds something else or cannot be written; the bundle is none, or a damaged or dangerous zip;
            one of its name is there already.
    """
    is_ours = (app / "main.py").is_file() and SIGN in (app / "main.py").read_text(encoding="utf-8", errors="replace")
    if app.exists() and not is_ours and (not app.is_dir() or any(app.iterdir())):
        raise InputError(f"{app} exists and is no app of this command: give another folder.")
    with tempfile.TemporaryDirectory() as temporary:
        if bundle is None:
            source, name, names = root, str(read_metadata(root)["name"]), contents(root)
        else:
            source = _opened(bundle, Path(temporary))
            named_after = bundle.stem if source == Path(temporary) else source.resolve().name
            name, names = _name(source, named_after), _files(source)
        place = app / "model" / name
        if place.exists() and not overwrite:
            raise InputError(f"{place} exists already: give --overwrite to replace it, its trained weights included.")
        writable_folder(app, "APP_DIR")
        _write_app(app, root)
        place.parent.mkdir(exist_ok=True)
        with whole_folder(place, place.with_name(f".{name}.partial")) as partial:
            for file in names:
                _copy(source / file, partial / file)
    return place


def _opened(bundle: Path, temporary: Path) -> Path:
    """The folder of a bundle, which a zip may hold as its only one."""
    if not bundle.exists():
        raise InputError(f"{bundle} does not exist: give --bundle the folder or the zip of a bundle.")
    source = bundle
    if not bundle.is_dir():
        unpack(bundle, temporary)
        entries = list(temporary.iterdir())
        source = entries[0] if len(entries) == 1 and entries[0].is_dir() else temporary
    if not (source / "configs" / "metadata.json").is_file():
        raise InputError(f"{bundle} has no configs/metadata.json, so it is no bundle: give --bundle another one.")
    return source


def _name(source: Path, folder: str) -> str:
    """The name that the server lists: the metadata's, or the folder's where that is a title of several words."""
    plain = [
        name for name in (read_metadata(source)["name"], folder) if re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII)
    ]
    if not plain:
        raise InputError(f"The bundle {folder!r} has no name that can be a folder's: rename it to letters and digits.")
    return plain[0]


def _files(source: Path) -> list[str]:
    """All files of a bundle but hidden ones, caches and links."""
    found = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.is_symlink()]
    names = [path.relative_to(source) for path in found]
    return [name.as_posix() for name in names if not any(part.startswith(LEFT_OUT) for part in name.parts)]


def _write_app(app: Path, root: Path) -> None:
    for path in sorted(APP.rglob("*.py")):
        _copy(path, app / path.relative_to(APP))
    _copy(root / SHARED, app / "lib" / Path(SHARED).name)


def _copy(source: Path, target: Path) -> None:
    """Copy a file; `target` is the old one or the whole new one."""
    with writing(target, f"make {target.parent} writable"):
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as partial:
            shutil.copyfile(source, partial)
