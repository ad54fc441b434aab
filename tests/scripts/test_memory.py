"""How much memory is free, by the control group's files, and what C's allocator keeps."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from scripts import memory
from scripts.memory import free_memory, total_memory
from scripts.virtual_stainer import VirtualStainer


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


V1 = ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")


@pytest.mark.parametrize(
    ("files", "allowed"),
    [
        ({"memory.max": "1000", "memory.current": "400"}, 600),
        ({"memory.max": "1000", "memory.current": "1400"}, 0),
        ({"memory.max": "max", "memory.current": "400"}, None),
        ({"memory.max": "1000"}, None),
        ({V1[0]: "3000", V1[1]: "1000"}, 2000),
        ({"memory.max": "max", "memory.current": "1", V1[0]: "3000", V1[1]: "1000"}, 2000),
        ({}, None),
    ],
)
def test_what_the_control_group_allows(files: dict[str, str], allowed: int | None, tmp_path: Path) -> None:
    assert memory._allowance(write(tmp_path, files)) == allowed


def test_the_cache_of_files_counts_as_free(tmp_path: Path) -> None:
    """The kernel gives it up when the group needs the memory; after a large file was read it fills the rest."""
    statistics = "anon 100\nfile 850\ninactive_file 800\nactive_file 50"
    group = {"memory.max": "1000", "memory.current": "1000", "memory.stat": statistics}
    assert memory._allowance(write(tmp_path, group)) == 800


@pytest.mark.parametrize(("allowed", "free"), [(5, 5), (None, 70), (90, 70)])
def test_the_lesser_of_group_and_machine(allowed: int | None, free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_allowance", lambda: allowed)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 70}))
    assert free_memory() == free


@pytest.mark.parametrize(("limit", "total"), [((50, 20), 50), (None, 70), ((90, 20), 70)])
def test_all_memory_is_that_of_group_or_machine(
    limit: tuple[int, int] | None, total: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_limit", lambda: limit)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"total": 70}))
    assert total_memory() == total


def test_of_this_machine() -> None:
    assert 0 < free_memory() <= total_memory() <= psutil.virtual_memory().total


# pages that the system hands out while a hundred blocks of 1 MB are filled and freed, again and again
FILL = """
import importlib.util, resource, sys
spec = importlib.util.spec_from_file_location("memory", sys.argv[1])  # all of `scripts` would take its time
memory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(memory)
def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        blocks = [bytearray(1_000_000) for _ in range(100)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
pages()
default = pages()
memory.keep_freed_memory()
pages()
kept = pages()
memory.give_back_freed_memory()
print(default, kept, pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have neither mallopt nor malloc_trim")
def test_freed_memory_is_kept_until_it_is_given_back() -> None:
    words = [sys.executable, "-c", FILL, str(memory.__file__)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    default, kept, given_back = (int(word) for word in printed.split())
    volume = 100 * 1_000_000 // 4096  # pages of 4 KiB, the smallest that Linux has
    assert default > volume  # each of the four times most of it is handed out anew
    assert kept < volume // 10
    assert volume // 2 < given_back < 2 * volume  # once


SETTINGS = [(-3, 2**25), (-1, 2**30)]  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, bytes


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is asked of C's allocator, by a library that takes note instead."""
    settings: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, name: int, value: int) -> None:
            settings.append((name, value))

        def malloc_trim(self, pad: int) -> None:
            pass

    monkeypatch.setattr(memory, "_libc", Library)
    return settings


def test_only_a_workflow_and_a_command_set_up_the_allocator(
    asked: list[tuple[int, int]],
    workflow: Callable[..., ConfigWorkflow],
    phantom: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
) -> None:
    """Whoever uses the API keeps the allocator that the process had."""
    source = phantom / "volumes" / "S03_ct.tif"
    VirtualStainer(tiny_checkpoint, "cpu")(source)
    assert asked == []
    workflow("inference", checkpoint=tiny_checkpoint, input=source, output_dir=tmp_path / "out")
    assert sorted(asked) == SETTINGS
    asked.clear()
    given = ["--checkpoint", str(tiny_checkpoint), "--device", "cpu"]
    assert main(["stain", str(source), "--out", str(tmp_path / "stain.tif"), *given]) == 0
    assert sorted(asked) == SETTINGS
