"""What of two runs is compared."""

from __future__ import annotations

from pathlib import Path

from bundle.evidence.speed.volume.tree import tree


def test_records_are_not_compared(tmp_path: Path) -> None:
    (tmp_path / "scan.ome.zarr" / "0").mkdir(parents=True)
    (tmp_path / "scan.ome.zarr" / ".zattrs").write_bytes(b"{}")
    (tmp_path / "scan.ome.zarr" / "0" / "0").write_bytes(b"chunk")
    (tmp_path / "scan.json").write_bytes(b"record")
    expected = {Path("scan.ome.zarr/.zattrs"): b"{}", Path("scan.ome.zarr/0/0"): b"chunk"}
    assert tree(tmp_path) == {str(path): content for path, content in expected.items()}
