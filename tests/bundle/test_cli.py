from __future__ import annotations

import argparse
import io
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bundle import cli
from bundle.commands import COMMANDS, GROUPS
from bundle.evidence import lut
from scripts.errors import InputError
from tests.conftest import ROOT


def wrapped() -> None:
    try:
        raise InputError("scan.tif is empty: export it again.")
    except InputError as error:
        raise RuntimeError("applying transform failed") from error


def ending(monkeypatch: pytest.MonkeyPatch, result: Any) -> int:
    """Run the command ``lut`` with something else in its place."""

    def run(options: argparse.Namespace) -> int:
        assert options.dataset_dir == Path("data")
        assert options.bins == 7
        if isinstance(result, BaseException):
            raise result
        return result() or 0

    monkeypatch.setattr(lut, "run", run)
    return cli.main(["lut", "--dataset_dir", "data", "--out", "out", "--bins", "7"])


def test_command_gets_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ending(monkeypatch, lambda: None) == 0


def test_mistake_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(monkeypatch, InputError("scan.tif is empty: export it again.")) == 1
    assert capsys.readouterr() == ("", "error: scan.tif is empty: export it again.\n")


def test_names_that_are_no_text_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal and a pipe take UTF-8 only."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout", output)
    assert ending(monkeypatch, lambda: print("Sch\udce4del")) == 0
    output.flush()
    assert output.buffer.getvalue().splitlines() == [rb"Sch\udce4del"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_tells_a_default_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "(default: None)" not in said
    assert not re.search(r"\(default: [^()]*\) \(default", said)


def test_mistake_behind_another_exception(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(monkeypatch, wrapped) == 1
    assert capsys.readouterr() == ("", "error: scan.tif is empty: export it again.\n")


def test_other_exceptions_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        ending(monkeypatch, ZeroDivisionError())


def test_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted: nothing half written counts; give the same command again\n"


@pytest.mark.parametrize("arguments", [["stain"], [], ["lut"], ["lut", "--dataset_dir", "a", "--out", "b", "--c"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        cli.main(arguments)
    assert exit_status.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("usage: python -m bundle")
    assert "error:" in shown


def test_a_misspelt_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["trian", "data"])
    assert ended.value.code == 2
    assert "there is no command 'trian': did you mean train?" in capsys.readouterr().err


def test_the_other_spelling_of_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["lut", "--dataset_dir", "data", "--output_dir", "out"])
    assert ended.value.code == 2
    assert "--output_dir is called --out here" in capsys.readouterr().err


def test_sentences_name_the_options_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(monkeypatch, InputError("out cannot be written: give another --output_dir.")) == 1
    assert capsys.readouterr().err == "error: out cannot be written: give another --out.\n"


def test_sentences_name_the_program_that_was_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/xray-stain"])
    assert ending(monkeypatch, InputError("no phantom: make one with `python -m bundle phantom`.")) == 1
    assert capsys.readouterr().err == "error: no phantom: make one with `xray-stain phantom`.\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == json.loads((ROOT / "configs" / "metadata.json").read_text())["version"]


def test_help_lists_each_command_once_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    place = {line.split()[0]: number for number, line in enumerate(lines) if line.strip()}
    for group, commands in GROUPS.items():
        assert all(place[name] > place[f"{group}:"] for name in commands)
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)


LATE = ("torch", "monai", "matplotlib", "numpy", "scripts")


@pytest.mark.parametrize("command", ["", *sorted(COMMANDS)])
def test_help_is_quick(command: str) -> None:
    """It imports nothing that takes seconds."""
    code = (
        "import sys\nfrom bundle.cli import main\n"
        f"try:\n    main({[*command.split(), '--help']})\nexcept SystemExit: pass\n"
        f"sys.exit(', '.join(name for name in {LATE} if name in sys.modules) or None)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_status:
        cli.main([command, "--help"])
    assert exit_status.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"usage: python -m bundle {command}" in shown
    assert COMMANDS[command].summary in shown


def test_as_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A real mistake of a user: the status is handed to the shell."""
    monkeypatch.setattr(sys, "argv", ["bundle", "lut", "--dataset_dir", str(tmp_path), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_status:
        runpy.run_module("bundle", run_name="__main__")
    assert exit_status.value.code == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("error: ")
    assert "datalist.json" in line


@pytest.mark.parametrize(
    "words",
    [
        ["stain", "", "--out", "a.png"],
        ["stain", "a.tif", "--out", ""],
        ["stain", "a.tif", "--out="],
        ["convert", "s", "--to", "tif", "--out= "],
    ],
)
def test_an_empty_argument_is_not_the_current_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "is empty: give it a value" in capsys.readouterr().err


def test_a_removed_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert cli.main(["stain", "a.tif", "--out", "m"]) == 1
    assert capsys.readouterr().err == "error: The current folder was removed: change to one that is there.\n"


@pytest.mark.parametrize(("command", "status"), [("lut", 0), ("lut --help", 0)])
def test_nobody_reads_the_output(command: str, status: int) -> None:
    """The work is done to its end: what it prints before does not stop it."""
    code = (
        "import sys\nfrom bundle import cli\nfrom bundle.evidence import lut\n"
        "def run(options):\n    print('x' * 100000, flush=True)\n    print('y')\n"
        "    sys.stderr.write('done')\n    return 0\n"
        f"lut.run = run\nwords = {command.split()}\n"
        "sys.exit(cli.main(words if len(words) > 1 else [*words, '--dataset_dir', 'a', '--out', 'b']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == status
    assert said == ("" if "--help" in command else "done")
