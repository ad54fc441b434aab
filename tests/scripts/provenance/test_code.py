"""Which code ran, in a checkout and elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.provenance.code import code_version
from scripts.provenance.command import command_line


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of one file."""
    root = tmp_path / "bundle"
    (root / "configs").mkdir(parents=True)
    (root / "scripts").mkdir()
    (root / "configs" / "metadata.json").write_text('{"version": "1.2.3"}')
    (root / "configs" / "train.yaml").write_text("seed: 0\n")
    (root / "scripts" / "a.py").write_text("A = 1\n")
    return root


def git(folder: Path, *words: str) -> str:
    own = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *own, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_checkout_names_its_commit_and_whether_it_was_changed(bundle: Path) -> None:
    git(bundle, "init", "-q")
    git(bundle, "add", ".")
    git(bundle, "commit", "-qm", "Begin")
    said = code_version(bundle)
    assert (said["bundle"], said["commit"], said["changed"]) == ("1.2.3", git(bundle, "rev-parse", "HEAD"), False)
    (bundle / "scripts" / "a.py").write_text("A = 2\n")
    changed = code_version(bundle)
    assert changed["changed"] is True
    assert changed["sha256"] != said["sha256"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_checkout_of_something_else_is_not_named(bundle: Path) -> None:
    git(bundle.parent, "init", "-q")
    git(bundle.parent, "commit", "-qm", "Begin", "--allow-empty")
    assert code_version(bundle)["commit"] is None


def test_without_git(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bundle))
    said = code_version(bundle)
    assert (said["commit"], said["changed"], len(said["sha256"])) == (None, None, 64)


def test_without_metadata(bundle: Path) -> None:
    (bundle / "configs" / "metadata.json").unlink()
    assert code_version(bundle)["bundle"] == "unknown"


def test_of_another_program_only_the_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/home/me/program.py", "--password", "secret"])
    assert command_line() == "program.py"


def test_a_command_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.provenance.command.on_command_line", lambda: True)
    words = ["/usr/bin/python", "-m", "bundle", "train", "my data", "--set", "tracking=http://me:secret@host/x"]
    monkeypatch.setattr("sys.orig_argv", words)
    assert command_line() == "python -m bundle train 'my data' --set tracking=http://***@host/x"
