"""Whether the published bundle runs where nothing is installed but what its metadata name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FORMATS = ("ome.zarr", "tif", "nii.gz")


def run_in_fresh_environment(package: Path, volume: Path, python: str, pins: dict[str, str], work: Path) -> None:
    """Make a virtual environment, install the pins, and have the bundle stain a volume as its users would.

    Args:
        package: the bundle, unpacked.
        volume: CT to stain.
        python: interpreter that makes the environment.
        pins: version by package; pip's own settings say where from.
        work: folder for all of it.

    Raises:
        RuntimeError: with the last lines of what failed.
    """
    environment = work / "environment"
    _run([python, "-m", "venv", str(environment)], work)
    installed = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    _run([installed, "-m", "pip", "install", "--quiet", *(f"{name}=={pin}" for name, pin in pins.items())], work)
    out = work / "stained"
    words = ["--config_file", "configs/inference.yaml", "--input", str(volume), "--output_dir", str(out)]
    words += ["--output_format", ",".join(FORMATS)]
    _run([installed, "-m", "monai.bundle", "run", "inference", *words], package)
    name = volume.name.split(".")[0]
    missing = [suffix for suffix in (*FORMATS, "png", "json") if not (out / f"{name}_stain.{suffix}").exists()]
    if missing:
        raise RuntimeError(f"it wrote no {', '.join(missing)}")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RuntimeError(f"{command[0]} cannot be run ({error.strerror})") from error
    if done.returncode:
        raise RuntimeError("\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]))
