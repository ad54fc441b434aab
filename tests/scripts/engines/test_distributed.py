"""Averaging over processes, with two real ones."""

from __future__ import annotations

from pathlib import Path

import ignite.distributed as idist
import torch

from scripts.engines.distributed import average, decided_by_first, join_if_started_by_torchrun
from tests.forked import in_two


def test_single_process() -> None:
    tensor = torch.tensor([1.0, 2.0])
    average([tensor])
    assert tensor.tolist() == [1, 2]
    assert decided_by_first(lambda: 5) == 5


def member(folder: Path) -> None:
    """What each process does; leaves its tensors in a file."""
    join_if_started_by_torchrun()
    number = idist.get_rank()
    floats = torch.full((2, 3), float(number))
    half = torch.tensor([1.0 + 2 * number], dtype=torch.bfloat16)
    whole = torch.tensor([number])  # like num_batches_tracked
    unknown = torch.tensor([torch.nan, 1.0])  # like ct_window
    places = [floats.data_ptr(), half.data_ptr()]
    average(tensor for tensor in (floats, whole, half, unknown))
    average([])
    kept = places == [floats.data_ptr(), half.data_ptr()]
    decided = decided_by_first(lambda: number + 7)
    torch.save([decided, kept, floats, half, whole, unknown], folder / f"{number}.pt")
    idist.finalize()


def test_two_processes(tmp_path: Path) -> None:
    in_two(member, tmp_path)
    for number in range(2):
        decided, kept, floats, half, whole, unknown = torch.load(tmp_path / f"{number}.pt")
        assert decided == 7  # by the first
        assert kept  # in place: optimisers hold on to these tensors
        assert floats.tolist() == [[0.5] * 3] * 2
        assert half.tolist() == [2.0]
        assert half.dtype == torch.bfloat16
        assert whole.tolist() == [number]  # integers stay as they are
        assert unknown[0].isnan()
        assert unknown[1] == 1
