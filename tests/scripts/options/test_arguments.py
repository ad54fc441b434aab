"""A command line taken apart: the same parts that Python Fire sees, with values as they were typed."""

from __future__ import annotations

from typing import Any

import fire
import pytest

from scripts.errors import InputError
from scripts.options.arguments import read_arguments


def as_fire_reads(arguments: list[str]) -> dict[str, Any]:
    def run(run_id: Any = None, init_id: Any = None, **options: Any) -> dict[str, Any]:
        return {"run_id": run_id, "init_id": init_id, **options}

    return fire.Fire({"run": run}, command=arguments, serialize=lambda _: "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "training", "--input", "text", "--output-dir=there", "-seed", "word"],
        ["run", "--input", "a=b", "training", "--x=", "--y", "last"],
        ["run", "--input=--text", "training", "stray"],
    ],
)
def test_the_parts_are_those_of_fire(arguments: list[str]) -> None:
    words, options = read_arguments(arguments)
    read = as_fire_reads(arguments)
    assert [word for word in words[1:]] == [read.pop(name) for name in ("run_id", "init_id")][: len(words) - 1]
    assert options == {name: value for name, value in read.items() if name != "init_id"}


@pytest.mark.parametrize("text", ["2024_05_17", "0012", "1e3", "True", "None", "a,b", "(x)", "-1", "", "'x'"])
def test_values_stay_text(text: str) -> None:
    assert read_arguments(["run", "--input", text, "--seed", "1"]).options == {"input": text, "seed": "1"}
    assert read_arguments(["run", f"--input={text}"]).options == {"input": text}


def test_no_value() -> None:
    assert read_arguments(["--input", "--output_dir", "-x.tif"]).options == {
        "input": None,
        "output_dir": None,
        "x.tif": None,
    }


@pytest.mark.parametrize("arguments", [["--input", "a", "--input", "b"], ["--input", "-"], ["a", "--", "--input", "b"]])
def test_what_would_be_lost(arguments: list[str]) -> None:
    with pytest.raises(InputError, match=r"twice|would leave out"):
        read_arguments(arguments)
