"""The command ``stain`` of a single file."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from bundle.cli import main
from scripts.virtual_stainer import VirtualStainer

TINY = "network_def:\n  _target_: scripts.networks.StainGenerator\n  channels: [4, 4, 8]\n  blocks: 1\n"


@pytest.fixture
def words(tiny_checkpoint: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return ["--checkpoint", str(tiny_checkpoint), "--overlay", str(tmp_path / "tiny.yaml"), "--device", "cpu"]


def test_a_volume_and_a_slice(phantom: Path, words: list[str], tmp_path: Path) -> None:
    source = phantom / "volumes" / "S03_ct.tif"
    ct = tifffile.imread(source)
    stainer = VirtualStainer(words[1], "cpu", words[3])
    assert main(["stain", str(source), "--out", str(tmp_path / "volume.tif"), *words]) == 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "volume.tif"), stainer(ct))

    tifffile.imwrite(tmp_path / "slice.tif", ct[1])
    window = ["--ct_window", "4000", "30000"]
    assert main(["stain", str(tmp_path / "slice.tif"), "--out", str(tmp_path / "slice.png"), *words, *window]) == 0
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "slice.png")), stainer(ct[1], (4000, 30000)))
    assert not list(tmp_path.glob(".*"))


def test_mistakes(phantom: Path, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(phantom / "volumes" / "S03_ct.tif")
    (tmp_path / "there.tif").write_bytes(b"")
    for out, sentence in {"a.jpg": "no known format", "there.tif": "exists already", "a.png": "has 3 slices"}.items():
        assert main(["stain", source, "--out", str(tmp_path / out), *words]) == 1
        assert sentence in capsys.readouterr().err
    assert main(["stain", source, "--out", str(tmp_path / "a.tif"), *words, "--ct_window", "3", "2"]) == 1
    assert "is not [lo, hi]" in capsys.readouterr().err
    for idle in (["--uncertainty"], ["--axis", "y"], ["--overwrite"], ["--output_format", "tif"], ["--set", "views=2"]):
        assert main(["stain", source, "--out", str(tmp_path / "a.tif"), *words, *idle]) == 1
        assert f"{idle[0]} has no effect on the single file" in capsys.readouterr().err
    assert main(["stain", source, source, "--out", str(tmp_path / "a.tif"), *words]) == 1
    assert "takes one INPUT" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.tif", "tiny.yaml"]


def test_a_full_disk(
    phantom: Path, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", full)
    assert main(["stain", str(phantom / "volumes" / "S03_ct.tif"), "--out", str(tmp_path / "a.tif"), *words]) == 1
    assert "a.tif cannot be written (No space left on device)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]
