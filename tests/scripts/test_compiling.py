"""Compilation, and a machine that cannot."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from scripts.compiling import compile_in_place
from scripts.errors import InputError


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler, and there is no g\+\+ or"):
        compile_in_place([nn.Linear(1, 1)], "cpu")


def test_compiler_that_was_named_and_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "absent++")
    with pytest.raises(InputError, match=r"there is no absent\+\+"):
        compile_in_place([nn.Linear(1, 1)], "cpu")


def test_a_gpu_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "absent++")
    network = nn.Linear(1, 1)
    compile_in_place([network], torch.device("cuda"))
    assert network._compiled_call_impl is not None
