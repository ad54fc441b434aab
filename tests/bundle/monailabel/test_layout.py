"""Tests of laying out the app."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bundle.cli import main
from bundle.shared.contents import contents, read_metadata
from bundle.shared.places import ROOT

NAME = read_metadata(ROOT)["name"]
FILES = ["configs/metadata.json", "configs/inference.json", "scripts/net.py", "models/model.ts", "docs/a/b.txt"]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A bundle that is not ours, with what does not belong to it."""
    root = tmp_path / "bundles" / "other"
    for name in [*FILES, ".git/HEAD", "scripts/__pycache__/net.pyc"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "configs" / "metadata.json").write_text(json.dumps({"name": "A title", "version": "1"}))
    (root / "secret").symlink_to(tmp_path)
    (root / "scripts" / "link.py").symlink_to(root / "scripts" / "net.py")
    return root


def test_this_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = tmp_path / "app"
    assert main(["monailabel", str(app)]) == 0
    assert files(app / "model" / NAME) == contents(ROOT)
    assert {path.name for path in app.iterdir()} == {"lib", "main.py", "model", "serve.py"}
    assert (app / "lib" / "torchvision_ops.py").read_bytes() == (
        ROOT / "scripts/metrics/torchvision_ops.py"
    ).read_bytes()
    shown = capsys.readouterr().out
    assert NAME in shown
    assert f"python {app / 'serve.py'} --studies" in shown


def test_the_app_needs_nothing_of_this_repository(tmp_path: Path) -> None:
    """Its modules without MONAI Label are imported where there is no `bundle` and no `scripts`."""
    app = tmp_path / "app"
    assert main(["monailabel", str(app)]) == 0
    code = "import lib.bundles, lib.options, lib.pairs, lib.prepare, lib.weights, lib.workflow"
    subprocess.run([sys.executable, "-c", code], cwd=app, check=True)
    for path in app.glob("**/*.py"):
        if "model" not in path.parts:
            assert "from bundle" not in path.read_text(), path
            assert "import bundle." not in path.read_text(), path


@pytest.mark.parametrize("packed", [False, True])
def test_another_bundle_beside_it(packed: bool, other: Path, tmp_path: Path) -> None:
    """It takes the folder's name, since its own is a title; neither links nor hidden files come along."""
    app = tmp_path / "app"
    given = other
    if packed:
        given = tmp_path / "zoo.zip"
        with zipfile.ZipFile(given, "w") as archive:
            for name in FILES:
                archive.write(other / name, f"other/{name}")
    assert main(["monailabel", str(app)]) == 0
    assert main(["monailabel", str(app), "--bundle", str(given)]) == 0
    assert {path.name for path in (app / "model").iterdir()} == {NAME, "other"}
    assert files(app / "model" / "other") == sorted(FILES)


def test_a_zip_without_a_folder_in_it(other: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "zoo"), "zip", other)
    assert main(["monailabel", str(tmp_path / "app"), "--bundle", packed]) == 0
    assert [path.name for path in (tmp_path / "app" / "model").iterdir()] == ["zoo"]


def test_weights_are_not_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = tmp_path / "app"
    assert main(["monailabel", str(app)]) == 0
    weights = app / "model" / NAME / "models" / "model.pt"
    weights.write_text("trained")
    (app / "main.py").write_text("class StainingApp: old")
    assert main(["monailabel", str(app)]) == 1
    assert "give --overwrite" in capsys.readouterr().err
    assert weights.read_text() == "trained"
    assert main(["monailabel", str(app), "--overwrite"]) == 0
    assert weights.read_bytes() == (ROOT / "models" / "model.pt").read_bytes()
    assert (app / "main.py").read_bytes() == (ROOT / "bundle/monailabel/app/main.py").read_bytes()
    assert not list(app.rglob("*.partial"))


def test_a_folder_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["monailabel", str(tmp_path)]) == 1
    assert "is no app" in capsys.readouterr().err
    assert main(["monailabel", str(tmp_path / "thesis.txt")]) == 1
    assert files(tmp_path) == ["thesis.txt"]


def test_what_is_no_bundle(tmp_path: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = tmp_path / "app"
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("a/../../evil.py", "evil")
    (tmp_path / "damaged.zip").write_bytes(b"PK")
    shutil.rmtree(other / "configs")
    for given, message in [
        (tmp_path / "evil.zip", "lies outside"),
        (tmp_path / "damaged.zip", "is no zip"),
        (tmp_path / "nothing", "does not exist"),
        (other, "is no bundle"),
    ]:
        assert main(["monailabel", str(app), "--bundle", str(given)]) == 1
        assert message in capsys.readouterr().err
    assert not app.exists()
    assert not list(tmp_path.rglob("*evil.py"))
