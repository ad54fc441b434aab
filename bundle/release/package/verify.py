"""Checking a package as the Model Zoo does, on what was unpacked from its zip."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle.release.package import inside
from bundle.release.package.archive import write_package
from bundle.release.package.fresh import run_in_fresh_environment
from bundle.release.package.pythons import PYTHONS
from bundle.shared.contents import FOLDERS, LARGEST, NEEDED, read_metadata
from bundle.shared.unpack import unpack
from bundle.synthetic.phantom.generate import make_phantom

OFFLINE = ("NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "NameResolutionError", "ProxyError")
LOAD = """
import os, sys
import torch
from monai.bundle import load
name, folder = sys.argv[1:]
sys.path.insert(0, os.path.join(folder, name))
network = load(name, bundle_dir=folder).eval()
weights = torch.load(os.path.join(folder, name, "models", "model.pt"), weights_only=True)
state = {key: value.cpu() for key, value in network.state_dict().items() if key != "network_def"}  # it is no number
same = [torch.equal(value.nan_to_num(), weights[key].nan_to_num()) for key, value in state.items()]  # NaN: no window
assert all(same), "other weights"
left = os.listdir()
assert not left, f"it left {left} behind"
"""


@dataclass(frozen=True)
class Check:
    """What came of one check.

    Attributes:
        name: what was checked.
        passed: None where it could not be checked.
        detail: in words.
    """

    name: str
    passed: bool | None
    detail: str = ""


def verify(
    root: Path, archive: Path, schema: Path | None, pythons: Sequence[str] = PYTHONS, fresh: Sequence[str] = ()
) -> Iterator[Check]:
    """Check a zip, each thing as soon as it is known.

    Args:
        root: folder of the bundle that it was made of.
        archive: the zip.
        schema: the metadata's JSON schema, None to download what the metadata name.
        pythons: versions for which the pinned packages must be there.
        fresh: interpreters, each to make an environment in which the bundle is run.
    """
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        write_package(root, work / "again")
        same = (work / "again" / archive.name).read_bytes() == archive.read_bytes()
        yield Check("made twice, the same bytes", same)
        unpack(archive, work / "unpacked")
        (package,) = (work / "unpacked").iterdir()
        metadata = read_metadata(package)
        yield _files(package)
        yield Check("version in the changelog", metadata["version"] in metadata.get("changelog", {}))
        found = _schema(metadata, schema, work / "schema.json")
        if found is None:
            detail = "the schema cannot be downloaded: give it with --schema"
            yield Check("metadata follow the schema", None, detail)
        make_phantom(work / "data", specimens=3, slices=1, size=128, volumes=1, depth=2, processes=1)
        yield from _inside(package, work, found)
        (work / "elsewhere").mkdir()
        where = [package.name, str(package.parent)]
        yield _run("monai.bundle.load gives the network", work / "elsewhere", ["-c", LOAD, *where])
        for python in pythons:
            yield _pins(metadata, python, work)
        (volume,) = (work / "data" / "volumes").glob("*.nii.gz")
        for python in fresh:
            yield _fresh(package, volume, python, requirements(metadata), work)


def _files(package: Path) -> Check:
    names = [path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()]
    missing = [name for name in NEEDED if name not in names]
    foreign = [name for name in names if name.split("/")[0] not in {*FOLDERS, "LICENSE", "models"}]
    large = [name for name in names if (package / name).stat().st_size > LARGEST]
    wrong = [
        f"{what}: {', '.join(found)}"
        for what, found in (("missing", missing), ("foreign", foreign), ("too large", large))
        if found
    ]
    total = sum((package / name).stat().st_size for name in names) / 1e6
    return Check("files", not wrong, "; ".join(wrong) or f"{len(names)} of {total:.1f} MB together")


def _schema(metadata: dict[str, Any], given: Path | None, local: Path) -> Path | None:
    """The metadata's schema: the file given, or else `local`, downloaded; None where it cannot be."""
    if given is None:
        return local if _reachable(metadata.get("schema", ""), local) else None
    shutil.copyfile(given, local)
    return local


def _inside(package: Path, work: Path, schema: Path | None) -> Iterator[Check]:
    """What `bundle.release.package.inside` finds; if its process ends before its end, that is a failure, too."""
    outcomes = work / "outcomes"
    words = [inside.__file__, str(outcomes), str(work / "data"), str(work), *([str(schema)] if schema else [])]
    ended = _run("MONAI's commands", package, words)
    for line in outcomes.read_text(encoding="utf-8").splitlines() if outcomes.is_file() else ():
        name, reason = json.loads(line)
        yield Check(name, not reason, reason)
    if not ended.passed:
        yield ended


def _reachable(address: str, local: Path) -> bool:
    from monai.apps.utils import download_url  # it imports much

    try:
        download_url(address, local, progress=False)
    except Exception:  # offline, refused, an address of nothing: all the same here
        return False
    return local.is_file()


def _pins(metadata: dict[str, Any], python: str, work: Path) -> Check:
    """Whether pip finds a set of wheels that goes together; it downloads descriptions, no packages."""
    name = f"packages for Python {python}"
    wanted = [f"{package}=={version}" for package, version in requirements(metadata).items()]
    target = ["--target", str(work / "nowhere"), "--python-version", python, "--only-binary", ":all:"]
    words = ["-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", *target, *wanted]
    done = subprocess.run([sys.executable, *words], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        return Check(name, None, "no package registry is reached")
    return _outcome(name, done)


def _fresh(package: Path, volume: Path, python: str, pins: dict[str, str], work: Path) -> Check:
    name = f"inference in a fresh environment of {python}"
    with tempfile.TemporaryDirectory(dir=work) as folder:  # gone before the next: PyTorch for a GPU has gigabytes
        try:
            run_in_fresh_environment(package, volume, python, pins, Path(folder))
        except RuntimeError as error:
            return Check(name, False, str(error))
    return Check(name, True)


def requirements(metadata: dict[str, Any]) -> dict[str, str]:
    """Versions by package, as the zoo reads them from the metadata."""
    core = {"monai": metadata["monai_version"], "torch": metadata["pytorch_version"]}
    required: dict[str, str] = metadata["required_packages_version"]
    return core | {"numpy": metadata["numpy_version"]} | required


def _run(name: str, folder: Path, words: Sequence[str]) -> Check:
    """Run Python in a folder, whose ``scripts`` it finds first, as it would elsewhere."""
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    return _outcome(name, done)


def _outcome(name: str, done: subprocess.CompletedProcess[str]) -> Check:
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return Check(name, done.returncode == 0, "" if done.returncode == 0 else "\n".join(said[-5:]))
