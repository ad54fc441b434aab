"""The wheel: its layout, its size, and the face of the package as it lies in an installed wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

INSIDE = "xray_stain/bundle_root/"
MEGABYTES = 12
BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, so that the build leaves nothing in the repository."""
    pytest.importorskip("setuptools", minversion="77", reason="the build needs setuptools 77 or later")
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("configs", "scripts", "bundle", "models", "docs", "xray_stain"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (copy / "scripts" / ".hidden").mkdir()
    (copy / "scripts" / ".hidden" / "a.py").write_text("")
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install` would put into site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_only_its_own_names_come_to_the_top(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"xray_stain"}


def test_it_carries_the_bundle(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    folders = {
        "configs": ("yaml", "json", "conf"),
        "scripts": ("py", "html", "css", "js"),
        "bundle": ("py", "yaml", "html", "css", "js"),
    }
    expected = {"LICENSE", "models/model.pt", "docs/README.md"}
    for folder, endings in folders.items():
        expected |= {p.relative_to(ROOT).as_posix() for end in endings for p in (ROOT / folder).rglob(f"*.{end}")}
    assert {INSIDE + name for name in expected} <= names
    code = {name for name in names if name.startswith((f"{INSIDE}scripts/", f"{INSIDE}bundle/"))}
    assert code == {INSIDE + name for name in expected if name.startswith(("scripts/", "bundle/"))}


def test_every_file_of_the_bundle_has_an_ending_that_is_carried() -> None:
    """A page, a style or a template of another kind would be missing only where the wheel is installed."""
    others = {
        path.suffix
        for folder in ("scripts", "bundle", "configs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert others <= {".py", ".yaml", ".html", ".css", ".js", ".txt", ".json", ".conf"}


def test_its_size(wheel: Path) -> None:
    assert wheel.stat().st_size < MEGABYTES * 1e6


def run(installed: Path, code: str, folder: Path) -> str:
    """What Python prints that finds this wheel before everything else."""
    command = [sys.executable, "-c", f"import sys; sys.path[0] = {str(installed)!r}; {code}"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_face_is_thin(installed: Path, tmp_path: Path) -> None:
    said = run(
        installed, "import xray_stain; print(xray_stain.__version__, 'torch' in sys.modules, *sys.path[:2])", tmp_path
    )
    version, torch, *path = said.split()
    assert version == json.loads((ROOT / "configs" / "metadata.json").read_text(encoding="utf-8"))["version"]
    assert torch == "False"
    assert str(installed / "xray_stain" / "bundle_root") not in path


def test_the_stainer_is_the_one_inside(installed: Path, tmp_path: Path) -> None:
    code = "import inspect, xray_stain; print(inspect.getfile(xray_stain.VirtualStainer))"
    expected = installed / "xray_stain" / "bundle_root" / "scripts" / "virtual_stainer.py"
    assert Path(run(installed, code, tmp_path).strip()) == expected


def test_the_command(installed: Path, tmp_path: Path) -> None:
    code = "import xray_stain; sys.argv = ['xray-stain', '--help']; xray_stain.main()"
    assert run(installed, code, tmp_path).startswith("usage: xray-stain COMMAND ...")
    assert list(tmp_path.iterdir()) == []


def test_the_face_in_the_repository() -> None:
    import xray_stain

    assert xray_stain.BUNDLE_ROOT == ROOT
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = xray_stain.nonsense


def test_the_code_of_another_bundle_is_not_run(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "__init__.py").write_text("")
    code = f"sys.path.insert(1, {str(tmp_path)!r}); import scripts, xray_stain; xray_stain.VirtualStainer"
    command = [sys.executable, "-c", f"import sys; sys.path[0] = {str(installed)!r}; {code}"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ImportError: Another package named scripts was imported before" in ended.stderr


def test_nothing_hidden_is_carried(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if any(part.startswith(".") for part in name.split("/"))]
