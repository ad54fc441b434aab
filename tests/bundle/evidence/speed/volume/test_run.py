"""What of two runs is compared, and the command lines that start them."""

from __future__ import annotations

import sys
from pathlib import Path

from bundle.evidence.speed.volume.run import command, tree


def test_records_are_not_compared(tmp_path: Path) -> None:
    (tmp_path / "scan.ome.zarr" / "0").mkdir(parents=True)
    (tmp_path / "scan.ome.zarr" / ".zattrs").write_bytes(b"{}")
    (tmp_path / "scan.ome.zarr" / "0" / "0").write_bytes(b"chunk")
    (tmp_path / "scan.json").write_bytes(b"record")
    expected = {Path("scan.ome.zarr/.zattrs"): b"{}", Path("scan.ome.zarr/0/0"): b"chunk"}
    assert tree(tmp_path) == {str(path): content for path, content in expected.items()}


def test_command_of_one_process() -> None:
    words = command(slab_size=8)
    assert words[:5] == [sys.executable, "-m", "monai.bundle", "run", "inference"]
    assert words[-2:] == ["--slab_size", "8"]


def test_command_of_two_processes() -> None:
    words = command(2)
    assert words[1:7] == ["-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "monai.bundle"]
