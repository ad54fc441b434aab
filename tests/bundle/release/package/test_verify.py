"""Tests of checking packages."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from pathlib import Path

import pytest

from bundle.cli import main
from bundle.release.package import inside
from bundle.release.package import verify as module
from bundle.release.package.archive import write_package, write_zip
from bundle.release.package.verify import Check, requirements, verify
from bundle.shared.contents import contents


@pytest.mark.timeout(300)
def test_this_bundle_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that needs no network; what does is not said to have passed."""
    monkeypatch.setattr(module, "_reachable", lambda address, local: False)
    assert main(["package", "--out", str(tmp_path), "--pythons"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("not checked")] == [
        "not checked: metadata follow the schema (the schema cannot be downloaded: give it with --schema)"
    ]
    passed = [line.split(": ")[1].split(" (")[0] for line in lines if line.startswith("passed")]
    assert len(passed) == 9
    assert not [line for line in lines if line.startswith("FAILED")]


def test_mistakes_are_found(small_bundle: Path, tmp_path: Path) -> None:
    """A package that was made of other files, lacks its version in the changelog, holds a test and lacks a licence."""
    folder, archive = write_package(small_bundle, tmp_path / "out")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    metadata = json.loads((other / "configs" / "metadata.json").read_text())
    del metadata["changelog"][metadata["version"]]
    (other / "configs" / "metadata.json").write_text(json.dumps(metadata))
    same, files, _ = islice(verify(other, archive, None, []), 3)
    assert same.passed is False
    assert files.passed
    _, changed = write_package(other, tmp_path / "again")
    same, _, version = islice(verify(other, changed, None, []), 3)
    assert same.passed
    assert version.passed is False
    names = [name for name in contents(small_bundle) if name != "LICENSE"]
    (other / "tests").mkdir()
    (other / "tests" / "test_a.py").write_text("")
    write_zip(other, [*names, "tests/test_a.py"], archive, folder.name)
    _, files = islice(verify(small_bundle, archive, None, []), 2)
    assert files.passed is False
    assert files.detail == "missing: LICENSE; foreign: tests/test_a.py"


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked by MONAI's commands, of them the first, without the time that a process takes to start."""

    def run(name: str, folder: Path, words: list[str]) -> Check:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            inside.main(*words[1:])
        return Check(name, True)

    steps = inside.steps
    monkeypatch.setattr(inside, "steps", lambda *given: islice(steps(*given), 1))
    monkeypatch.setattr(module, "_run", run)
    monkeypatch.setattr(module, "make_phantom", lambda *_, **__: None)


@pytest.mark.usefixtures("in_this_process")
def test_metadata_against_a_schema(small_bundle: Path, tmp_path: Path) -> None:
    _, archive = write_package(small_bundle, tmp_path / "out")
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"type": "object", "required": ["name", "colour"]}))
    *_, found = islice(verify(small_bundle, archive, schema, []), 4)
    assert found.name == "metadata follow the schema"
    assert found.passed is False
    assert "colour" in found.detail
    schema.write_text(json.dumps({"type": "object", "required": ["name"]}))
    *_, found = islice(verify(small_bundle, archive, schema, []), 4)
    assert found.passed


def test_a_process_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has found by then counts, and its end is a failure."""
    (tmp_path / "outcomes").write_text('["properties of train.yaml", ""]\n')
    monkeypatch.setattr(module, "_run", lambda name, *_: Check(name, False, "killed"))
    first, end = module._inside(tmp_path, tmp_path, None)
    assert (first.name, first.passed) == ("properties of train.yaml", True)
    assert (end.passed, end.detail) == (False, "killed")


def test_pins_are_those_of_the_metadata() -> None:
    said = {"monai_version": "1", "pytorch_version": "2", "numpy_version": "3", "required_packages_version": {"a": "4"}}
    assert requirements(said) == {"monai": "1", "torch": "2", "numpy": "3", "a": "4"}
