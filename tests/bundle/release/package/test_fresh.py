"""Tests of the run in a fresh environment, with an interpreter that only notes what it is asked to do."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from bundle.release.package.fresh import run_in_fresh_environment

STAND_IN = """#!{python}
import pathlib, shutil, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*words, file=log)
if words[:2] == ["-m", "venv"]:
    place = pathlib.Path(words[2]) / "bin" / "python"
    place.parent.mkdir(parents=True)
    shutil.copy(__file__, place)
elif {fails!r} in words:
    sys.exit("no such luck")
elif "inference" in words:
    out = pathlib.Path(words[words.index("--output_dir") + 1])
    out.mkdir()
    for suffix in {suffixes!r}:
        (out / ("scan_stain." + suffix)).touch()
"""
ALL = ["ome.zarr", "tif", "nii.gz", "png", "json"]


def stand_in(folder: Path, fails: str = "", suffixes: list[str] = ALL) -> Path:
    path = folder / "python"
    path.write_text(
        STAND_IN.format(python=sys.executable, log=str(folder / "log"), fails=fails or "nothing", suffixes=suffixes)
    )
    path.chmod(0o755)
    return path


def run(folder: Path, python: Path | str) -> None:
    shutil.rmtree(folder / "environment", ignore_errors=True)
    shutil.rmtree(folder / "stained", ignore_errors=True)
    run_in_fresh_environment(folder, folder / "scan.nii.gz", str(python), {"a": "1", "b": "2"}, folder)


def test_what_is_done_in_it(tmp_path: Path) -> None:
    run(tmp_path, stand_in(tmp_path))
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[0] == f"-m venv {tmp_path / 'environment'}"
    assert lines[1] == "-m pip install --quiet a==1 b==2"
    assert lines[2].startswith(f"-m monai.bundle run inference --config_file configs/inference.yaml --input {tmp_path}")
    assert len(lines) == 3


def test_what_fails_in_it(tmp_path: Path) -> None:
    for fails in ("pip", "inference"):
        with pytest.raises(RuntimeError, match="no such luck"):
            run(tmp_path, stand_in(tmp_path, fails))
    with pytest.raises(RuntimeError, match="it wrote no tif"):
        run(tmp_path, stand_in(tmp_path, suffixes=["ome.zarr", "nii.gz", "png", "json"]))
    with pytest.raises(RuntimeError, match=r"python3.99 cannot be run"):
        run(tmp_path, "python3.99")
