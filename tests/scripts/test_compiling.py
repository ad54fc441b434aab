"""Compilation, and a machine that cannot."""

from __future__ import annotations

from collections.abc import Callable

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


def test_calls_go_through_what_was_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU, for which no C++ compiler is needed; weights keep their names."""
    monkeypatch.setenv("CXX", "absent++")
    seen: list[torch.Tensor] = []

    def compiled(call: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
        def noted(image: torch.Tensor) -> torch.Tensor:
            seen.append(image)
            return call(image)

        return noted

    monkeypatch.setattr(torch, "compile", compiled)
    networks = [nn.Linear(2, 1), nn.Linear(2, 3)]
    image = torch.ones(1, 2)
    expected = [network(image) for network in networks]
    compile_in_place(networks, torch.device("cuda"))
    for network, before in zip(networks, expected, strict=True):
        torch.testing.assert_close(network(image), before)
        assert list(network.state_dict()) == ["weight", "bias"]
    assert seen == [image, image]
