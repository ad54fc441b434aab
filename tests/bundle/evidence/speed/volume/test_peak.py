"""One measurement of memory, of a volume that hardly takes any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bundle.evidence.speed.volume.peak import peak_in_another_process
from bundle.evidence.speed.volume.scan import WINDOW, write_folder


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc/self, which only Linux has")
def test_tiny_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    source = write_folder(tmp_path / "scan", (2, 64, 64), "uint16")
    options = {"input": source, "ct_window": WINDOW, "device": "cpu", "slab_size": 8}
    first, second = ({**options, "output_dir": tmp_path / name} for name in ("first", "second"))
    assert 0 < peak_in_another_process(first, second) < 500e6
