"""A user's mistake: found behind other exceptions, one sentence on MONAI's command line, left alone in a library."""

from __future__ import annotations

import errno
import io
import logging
import sys
import types
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pytest
from monai.bundle.config_parser import ConfigParser
from monai.data import Dataset

from scripts.errors import InputError, end_in_one_sentence, find_input_error
from scripts.networks import StainGenerator


def raised(function: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as caught:
        function()
    return caught.value


def mistake() -> None:
    raise InputError("the file is empty")


def test_itself() -> None:
    error = InputError("wrong")
    assert find_input_error(error) is error
    assert isinstance(error, ValueError)


def test_behind_a_cause() -> None:
    def wrap() -> None:
        try:
            mistake()
        except InputError as error:
            raise RuntimeError("applying a transform failed") from error

    assert str(find_input_error(raised(wrap))) == "the file is empty"


def test_behind_a_context_and_another() -> None:
    def wrap() -> None:
        try:
            try:
                mistake()
            finally:
                raise KeyError("while cleaning up")
        except KeyError as error:
            raise RuntimeError from error

    assert str(find_input_error(raised(wrap))) == "the file is empty"


def test_behind_monais_transforms() -> None:
    data = Dataset([0], transform=lambda item: mistake())
    assert str(find_input_error(raised(lambda: data[0]))) == "the file is empty"


def test_none() -> None:
    assert find_input_error(None) is None
    assert find_input_error(ValueError("something else")) is None
    first, second = RuntimeError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first  # a circle ends
    assert find_input_error(first) is None


def config_of(part: dict[str, Any]) -> Callable[[], Any]:
    return lambda: ConfigParser({"part": part}).get_parsed_content("part")


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"_target_": "Nonsense"}, "The config's _target_ Nonsense is not found"),
        ({"_target_": "scripts.checkpoint.load_generator"}, "the changelog says what was moved"),
        (
            {"_target_": "torch.optim.Adam", "params": "$[torch.zeros(1)]", "lr": -1},
            "The config's torch.optim.Adam cannot be built (Invalid learning rate: -1): correct its options.",
        ),
    ],
)
def test_parts_of_a_config(part: dict[str, Any], sentence: str) -> None:
    assert sentence in str(find_input_error(raised(config_of(part))))


def test_a_fault_of_ours_in_a_config_is_none_of_the_users() -> None:
    part = {"_target_": "scripts.networks.StainGenerator", "nonsense": 1}
    assert find_input_error(raised(config_of(part))) is None


def test_library_callers_are_left_alone() -> None:
    hook, filters = sys.excepthook, [list(handler.filters) for handler in logging.getLogger().handlers]
    end_in_one_sentence()
    assert sys.excepthook is hook
    assert [list(handler.filters) for handler in logging.getLogger().handlers] == filters


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """A process whose main module is `monai.bundle`, and what its log shows."""
    main = types.ModuleType("__main__")
    main.__spec__ = ModuleSpec("monai.bundle.__main__", None)
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handlers = [handler, logging.lastResort]
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    end_in_one_sentence()
    yield log
    for other in handlers:
        if other is not None:
            other.filters.clear()


def log_as_ignite_does(error: Exception) -> None:
    log = logging.getLogger("ignite.engine.engine.Engine")
    log.error("an error before")
    try:
        raise error
    except Exception as caught:
        log.error(f"Engine run is terminating due to exception: {caught}")
        log.warning("a warning")


def test_command_line_ends_in_one_sentence(command_line: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    log_as_ignite_does(InputError("nothing lies there"))
    assert command_line.getvalue().splitlines() == ["an error before", "a warning"]
    wrapped = RuntimeError("applying a transform failed")
    wrapped.__cause__ = InputError("nothing lies there")
    sys.excepthook(RuntimeError, wrapped, None)
    assert capsys.readouterr() == ("", "error: nothing lies there\n")


def test_command_line_shows_other_errors_in_full(command_line: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    log_as_ignite_does(ZeroDivisionError("by zero"))
    assert "Engine run is terminating due to exception: by zero" in command_line.getvalue()
    error = raised(lambda: 1 / 0)
    sys.excepthook(type(error), error, error.__traceback__)
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback (most recent call last):")
    assert "ZeroDivisionError" in shown


def test_a_full_disk_is_no_bug() -> None:
    error = RuntimeError("Failed to run")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "out/stain.tif")
    found = find_input_error(error)
    assert found is not None
    assert "out/stain.tif" in str(found)
    assert "free some space" in str(found)
    assert find_input_error(OSError(errno.ECONNRESET, "Connection reset")) is None


def test_an_option_refused_by_this_package_is_no_bug() -> None:
    with pytest.raises(ValueError) as refused:
        StainGenerator(upsample="cubic")
    found = find_input_error(refused.value)
    assert found is not None
    assert "upsample must be one of" in str(found)
    with pytest.raises(ValueError) as elsewhere:
        int("x")
    assert find_input_error(elsewhere.value) is None
