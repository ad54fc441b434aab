from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio

from bundle.evidence import lut
from scripts.errors import InputError

BINS = 64


def true_table() -> np.ndarray:
    """A colour per bin, (BINS, 3)."""
    grey = (np.arange(BINS) + 0.5) / BINS
    return np.stack([1 - grey, 0.5 + 0.4 * np.sin(6 * grey), grey**2], axis=1)


def noise(seed: int, size: int = 64) -> np.ndarray:
    """Grey values in [0, 1], (1, size, size) float32."""
    return np.random.default_rng(seed).random((1, size, size), dtype=np.float32)


def colour(image: np.ndarray, sigma: float) -> np.ndarray:
    """The true table applied to the smoothed image, written out."""
    smooth = gaussian_filter(image[0], sigma) if sigma else image[0]
    return true_table()[np.minimum((smooth * BINS).astype(int), BINS - 1)].transpose(2, 0, 1)


def pairs(seeds: range, sigma: float) -> list[dict]:
    return [{"image": noise(seed), "label": colour(noise(seed), sigma).astype(np.float32)} for seed in seeds]


def test_known_table_is_recovered():
    table = lut.fit_lut(pairs(range(4), 0), 0, BINS)
    # The colours are means of float32 numbers.
    assert np.abs(table - true_table()).max() < 1e-6
    image = noise(9)
    assert np.abs(lut.apply_lut(image, table, 0) - colour(image, 0)).max() < 1e-6


def test_mean_colour_mask_and_empty_bins_by_hand():
    image = np.array([[[0.0, 0.1, 1.0, 0.6]]])  # bins 0, 0, 3, 2 of 4
    label = np.array([0.2, 0.4, 0.9, 0.0])[None, None].repeat(3, axis=0)
    mask = np.array([[[1, 1, 1, 0]]])
    table = lut.fit_lut([{"image": image, "label": label, "mask": mask}], 0, 4)
    # Bin 0: mean of 0.2 and 0.4; bin 3: 0.9; bins 1 and 2 lie on the line between.
    assert np.allclose(table, np.array([0.3, 0.5, 0.7, 0.9])[:, None].repeat(3, axis=1))


def test_smoothing_is_found_on_validation_pairs():
    sigma, table = lut.choose_lut(pairs(range(4), 1.0), pairs(range(4, 6), 1.0), (0.0, 0.5, 1.0, 2.0), BINS)
    assert sigma == 1.0
    seen = lut.fit_lut(pairs(range(4), 1.0), 1.0, BINS)
    assert np.array_equal(table, seen)


def test_nothing_to_fit_on():
    item = {"image": noise(0), "label": colour(noise(0), 0), "mask": np.zeros((1, 64, 64))}
    with pytest.raises(ValueError, match="no pixel"):
        lut.fit_lut([item], 0, BINS)


def write_dataset(folder: Path, sigma: float) -> None:
    content: dict[str, list] = {}
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


def test_command_writes_the_evaluations_tables(tmp_path, monkeypatch, capsys):
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


def test_bins_must_be_positive(tmp_path):
    with pytest.raises(InputError, match="0 bins"):
        run("--dataset_dir", str(tmp_path), "--out", str(tmp_path), "--bins", "0")


def test_missing_data_are_the_users_mistake(tmp_path):
    with pytest.raises(InputError, match=r"datalist\.json"):
        run("--dataset_dir", str(tmp_path), "--out", str(tmp_path / "out"))
