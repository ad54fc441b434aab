from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from bundle.cli import main
from bundle.evidence.blocks.writing import split_columns
from scripts.data import load_datalist
from scripts.data.image.read import read_ct, read_histology, read_mask


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    ct, section = tmp_path / "ct.tif", tmp_path / "section.tif"
    tifffile.imwrite(ct, rng.integers(0, 60000, (200, 800)).astype(np.uint16))
    tifffile.imwrite(section, rng.integers(0, 256, (200, 800, 3)).astype(np.uint8), photometric="rgb")
    return ct, section


def test_splits_lie_apart() -> None:
    assert split_columns(1128, 64) == {"training": (0, 600), "validation": (664, 814), "test": (878, 1128)}


def test_blocks_are_the_pair(pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask = np.ones((200, 800), np.uint8)
    mask[:100, 700:] = 0
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    words = ["blocks", *map(str, pair), str(tmp_path / "set"), "--mask", str(tmp_path / "mask.tif"), "--gap", "20"]
    assert main(words) == 0
    assert "one specimen" in capsys.readouterr().out
    stretches = split_columns(800, 20)
    ct, section = read_ct(pair[0]), read_histology(pair[1])
    for split, (left, right) in stretches.items():
        items = load_datalist(tmp_path / "set", split)
        assert [item["specimen"] for item in items] == [f"ct {split}"] * 2
        window = np.percentile(ct[:, slice(*stretches["training"])], (0.5, 99.5))  # of the training stretch for all
        assert all(item["ct_window"] == pytest.approx(window, rel=1e-3) for item in items)
        for row, item in enumerate(items):
            rows = slice(100 * row, 100 * row + 100)
            np.testing.assert_array_equal(read_ct(item["image"]), ct[rows, left:right])
            np.testing.assert_allclose(read_histology(item["label"]), section[:, rows, left:right], atol=1e-6)
            np.testing.assert_array_equal(read_mask(item["mask"]), mask[rows, left:right])
    assert main(words) == 1
    assert "not empty" in capsys.readouterr().err


def test_mistakes(pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ct, section = map(str, pair)
    assert main(["blocks", ct, section, str(tmp_path / "a"), "--rows", "3"]) == 1
    assert "fewer --rows" in capsys.readouterr().err
    for option in (["--rows", "0"], ["--gap", "-100"]):
        assert main(["blocks", ct, section, str(tmp_path / "a"), *option]) == 1
        assert "gap of 0 or more" in capsys.readouterr().err
    tifffile.imwrite(tmp_path / "small.tif", np.ones((100, 800), np.uint8))
    assert main(["blocks", ct, section, str(tmp_path / "b"), "--mask", str(tmp_path / "small.tif")]) == 1
    assert "resample" in capsys.readouterr().err
    nothing_right = np.ones((200, 800), np.uint8)
    nothing_right[:, 500:] = 0
    tifffile.imwrite(tmp_path / "right.tif", nothing_right)
    assert main(["blocks", ct, section, str(tmp_path / "c"), "--mask", str(tmp_path / "right.tif")]) == 1
    assert "leaves nothing for test" in capsys.readouterr().err
    assert not any((tmp_path / "c").iterdir())
