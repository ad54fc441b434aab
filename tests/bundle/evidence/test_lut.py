from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from bundle.evidence import lut
from scripts.errors import InputError
from tests.scripts.lookup_table.known_table import colour, noise


def write_dataset(folder: Path, sigma: float) -> None:
    content: dict[str, list[dict[str, Any]]] = {}
    for number, split in enumerate(("training", "validation", "test")):
        content[split] = []
        for index in range(2):
            image = noise(10 * number + index)
            name = f"{split}_{index}"
            tifffile.imwrite(folder / f"{name}.tif", np.rint(image[0] * 60000).astype(np.uint16))
            pixels = np.rint(colour(image, sigma) * 255).astype(np.uint8).transpose(1, 2, 0)
            Image.fromarray(pixels).save(folder / f"{name}.png")
            item = {"ct": f"{name}.tif", "histology": f"{name}.png", "specimen": split, "ct_window": [0, 60000]}
            content[split].append(item)
    (folder / "datalist.json").write_text(json.dumps(content))


def run(*options: str) -> int:
    parser = argparse.ArgumentParser()
    lut.add_arguments(parser)
    return lut.run(parser.parse_args(options))


def test_command_writes_the_evaluations_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))  # no LPIPS weights there
    write_dataset(tmp_path, sigma=1.0)
    assert run("--dataset_dir", str(tmp_path), "--out", str(tmp_path / "out"), "--bins", "64") == 0
    assert "sigma 1 pixels" in capsys.readouterr().out
    with open(tmp_path / "out" / "metrics_per_image.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["test_0.tif", "test_1.tif"]
    assert list(rows[0]) == ["image", "specimen", "psnr", "ssim", "psnr_foreground", "ssim_foreground"]
    # The table learns the colours as rounded to 8 bits, so that it is even better than the table that made them.
    truth = colour(noise(20), 1.0)
    rounding = peak_signal_noise_ratio(truth, np.rint(truth * 255) / 255, data_range=1)
    assert float(rows[0]["psnr"]) > rounding
    assert (tmp_path / "out" / "metrics_summary.csv").is_file()


def test_bins_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 bins"):
        run("--dataset_dir", str(tmp_path), "--out", str(tmp_path), "--bins", "0")


def test_missing_data_are_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"datalist\.json"):
        run("--dataset_dir", str(tmp_path), "--out", str(tmp_path / "out"))
