"""Whether a command that a page tells the reader to type could be run, without running it."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Sequence

from monai.bundle import ConfigParser
from torch.distributed.run import get_args_parser

from bundle import cli
from scripts.options.arguments import read_arguments
from scripts.options.command_line import refuse_mistakes
from tests.conftest import ROOT

PYTHON = ("python", ".venv/bin/python", "python3")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")  # Python 3.10 has no parser of TOML
EXTRAS = re.findall(
    r"^([\w-]+) = \[", PROJECT.split("[project.optional-dependencies]")[1].split("\n[")[0], re.MULTILINE
)
BEFORE = ("export", "srun")  # words before a command, or before the setting of a variable
FOLDERS = ("configs/", "bundle/", "scripts/", "docs/", "tests/", "models/")
UNCHECKED = {  # beginning of a line: why it is not checked
    "source .venv/bin/activate": "made by `make venv`",
    ".venv/bin/tensorboard ": "another program's, whose options are its own",
    "napari --plugin napari-ome-zarr ": "another program's; tests/readers has its reader",
    "head=$(scontrol ": "Slurm's, which is not here",
    ".venv-monailabel/bin/python APP/serve.py ": "tests/monailabel starts it so, in its own environment",
    'curl "http://127.0.0.1:8000/': "tests/monailabel asks its server the same",
    "curl -X ": "the same",
}


class Wrong(AssertionError):
    """What a page says does not work."""


def lines(script: str) -> list[str]:
    """Commands of a script, continued lines joined."""
    return [line.strip() for line in script.replace("\\\n", " ").splitlines()]


def check(command: str) -> None:
    """Check one line of a shell.

    Raises:
        Wrong: it would fail, or nobody said how to check such a command.
    """
    if command.startswith(tuple(UNCHECKED)):
        return
    words = shlex.split(command, comments=True)
    while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in BEFORE):
        del words[0]
    if not words:
        return
    for word in words:
        _exists(word)
    if words[0] in PYTHON:
        words[0] = "python"
    for beginning, checker in CHECKERS.items():
        if tuple(words[: len(beginning)]) == beginning:
            return checker(words[len(beginning) :])
    raise Wrong(f"{command!r}: say in tests/docs/commands.py how to check it, or why it cannot be")


def _exists(word: str) -> None:
    if word.startswith(FOLDERS) and not list(ROOT.glob(word)):
        raise Wrong(f"there is no {word}")


def _make(words: Sequence[str]) -> None:
    for word in words:
        name, equals, _ = word.partition("=")
        if not re.search(rf"^{re.escape(name)} \?=" if equals else rf"^{re.escape(name)}:", MAKEFILE, re.MULTILINE):
            raise Wrong(f"the Makefile has no {name}")


def _bundle(words: Sequence[str]) -> None:
    try:
        cli.parse(words)
    except SystemExit as end:
        raise Wrong(f"python -m bundle {shlex.join(words)}: refused") from end


def _monai(words: Sequence[str]) -> None:
    if words[0] != "run":
        raise Wrong(f"python -m monai.bundle {words[0]}: only `run` is expected here")
    arguments = list(words)
    if "--config_file" not in arguments:
        raise Wrong(f"{shlex.join(words)}: no --config_file")
    value = arguments[arguments.index("--config_file") + 1]
    names = ast.literal_eval(value) if value.startswith("[") else [value]
    for name in names:
        if not (ROOT / name).is_file():
            raise Wrong(f"there is no {name}")
    files = [str(ROOT / name) for name in names]
    arguments[arguments.index("--config_file") + 1] = str(files)
    if words[1] not in ConfigParser.load_config_files(files):
        raise Wrong(f"{', '.join(names)} has no {words[1]}")
    refuse_mistakes(read_arguments(arguments))


def _torchrun(words: Sequence[str]) -> None:
    plain = [re.sub(r"\$\w+", "2", word) if word != "N" else "2" for word in words]  # what the shell fills in
    try:
        parsed = get_args_parser().parse_args(plain)
    except SystemExit as end:
        raise Wrong(f"torchrun {shlex.join(words)}: refused") from end
    if not parsed.module or parsed.training_script != "monai.bundle":
        raise Wrong(f"torchrun {shlex.join(words)}: no -m monai.bundle")
    _monai(parsed.training_script_args)


def _pip(words: Sequence[str]) -> None:
    for word in words:
        for extra in re.findall(r"\[([\w,-]+)\]", word):
            if extra not in EXTRAS:
                raise Wrong(f"pyproject.toml has no extra {extra}")


def _pytest(words: Sequence[str]) -> None:
    """Paths are looked at with all others."""


CHECKERS: dict[tuple[str, ...], Callable[[Sequence[str]], None]] = {
    ("make",): _make,
    ("python", "-m", "bundle"): _bundle,
    ("xray-stain",): _bundle,
    ("python", "-m", "monai.bundle"): _monai,
    ("python", "-m", "pytest"): _pytest,
    ("torchrun",): _torchrun,
    (".venv/bin/pip", "install"): _pip,
    ("pip", "install"): _pip,
}
