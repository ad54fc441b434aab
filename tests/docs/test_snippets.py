"""What the pages tell the reader to type or to write does work."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

import fire
import monai.bundle
import numpy as np
import pytest
import tifffile
from PIL import Image

from bundle import cli
from bundle.commands import COMMANDS as BUNDLE
from scripts.data import load_datalist
from scripts.options.command_line import RUN_OPTIONS
from scripts.options.entries import ids_of
from scripts.options.overlays import merge_overlays
from tests.conftest import ROOT
from tests.docs.commands import Wrong, check, lines
from tests.docs.pages import PAGES, Snippet, fenced, inline

SNIPPETS = fenced()
MENTIONED = [snippet for snippet in inline() if "…" not in snippet.text and snippet.page.name != "reference.md"]
WORKFLOWS = [ROOT / "configs" / name for name in ("train.yaml", "evaluate.yaml", "inference.yaml")]
COMMANDS = ("python -m bundle ", "python -m monai.bundle run ", "make ", ".venv/bin/pip ", "torchrun ")
LANGUAGES = {"bash", "python", "json", "bibtex"}
ELSEWHERE = ("monailabel.md",)  # its Python runs in 3D Slicer, or beside a server: tests/monailabel has one
EXECUTED = {  # what the README's first commands leave
    "evaluating": "output/evaluate/metrics_summary.csv",
    "inference": "output/inference/S03_ct_tif_stain.json",
}


def of(*languages: str) -> list[Snippet]:
    return [snippet for snippet in SNIPPETS if snippet.language in languages]


def test_languages() -> None:
    """Each is checked below."""
    assert {snippet.language for snippet in SNIPPETS} <= LANGUAGES
    assert len(of("bash")) > 15
    assert of("json")


@pytest.mark.parametrize("snippet", of("bash"), ids=str)
def test_commands(snippet: Snippet) -> None:
    for line in lines(snippet.text):
        check(line)


@pytest.mark.parametrize("snippet", [snippet for snippet in MENTIONED if snippet.text.startswith(COMMANDS)], ids=str)
def test_commands_in_the_text(snippet: Snippet, capsys: pytest.CaptureFixture[str]) -> None:
    """A command may be named without its options."""
    try:
        check(snippet.text)
    except Wrong:
        assert re.fullmatch(r"python -m bundle( [a-z-]+)+", snippet.text), "a command with options has to be right"
        with pytest.raises(SystemExit) as end:
            cli.main([*snippet.text.split()[3:], "--help"])
        assert end.value.code == 0
        assert f"usage: {snippet.text} [-h]" in capsys.readouterr().out


@pytest.mark.parametrize("name", [page.name for page in PAGES if page.name != "reference.md"])
def test_options_in_the_text(name: str) -> None:
    """Of a workflow or of a command. Those of the reference are tested with it."""
    texts = [snippet.text for snippet in MENTIONED if snippet.page.name == name and re.match(r"--\w", snippet.text)]
    mentioned = {option for text in texts for option in re.findall(r"(?<![^ ])--([^ =]+)", text)}
    assert mentioned <= options()


@cache
def options() -> set[str]:
    """Names of all that may be typed behind ``--``."""
    overlays = [path for path in (ROOT / "configs").rglob("*.yaml") if path not in WORKFLOWS]
    files = [[path] for path in WORKFLOWS] + [[WORKFLOWS[0], path] for path in overlays]
    known = {name for group in files for name in ids_of(merge_overlays(group[0], group[1:]))}
    return known | RUN_OPTIONS | {option.lstrip("-") for name in BUNDLE for option in _of_parser(cli.parser_of(name))}


def _of_parser(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _of_parser(command)


@pytest.mark.parametrize(
    "path",
    sorted({s.text for s in MENTIONED if re.fullmatch(r"(configs|bundle|scripts|tests|docs|models)/[\w./*]+", s.text)}),
)
def test_paths_in_the_text(path: str) -> None:
    assert list(ROOT.glob(path)), f"there is no {path}"


@pytest.mark.parametrize("snippet", of("json"), ids=str)
def test_json(snippet: Snippet, tmp_path: Path) -> None:
    """A data list is one that training takes, once its files are there."""
    content = json.loads(snippet.text)
    assert set(content) == {"training", "validation", "test"}, "say here what this is, and check it"
    (tmp_path / "datalist.json").write_text(snippet.text)
    random = np.random.default_rng(0)
    for entry in (entry for entries in content.values() for entry in entries):
        for key, shape in (("ct", (96, 96)), ("histology", (96, 96, 3)), ("mask", (96, 96))):
            if key in entry:
                path = tmp_path / entry[key]
                path.parent.mkdir(exist_ok=True)
                image = random.integers(0, 256, shape, dtype=np.uint8)
                Image.fromarray(image).save(path) if path.suffix == ".png" else tifffile.imwrite(path, image)
    for split, entries in content.items():
        items = load_datalist(tmp_path, split)
        assert [item["specimen"] for item in items] == [entry["specimen"] for entry in entries]


def test_citation() -> None:
    """One entry, whose braces close, of the paper that the Model Zoo is shown."""
    (snippet,) = of("bibtex")
    assert re.fullmatch(r"@misc\{\w+,(\n  \w+ += \{.+\},?)+\n\}\n", snippet.text)
    depths = list(accumulate({"{": 1, "}": -1}.get(letter, 0) for letter in snippet.text))
    assert min(depths) == 0
    assert depths.index(0, snippet.text.index("{")) == len(snippet.text.rstrip()) - 1
    (number,) = re.findall(r"eprint += \{(.+)\}", snippet.text)
    assert f"arXiv:{number}" in (ROOT / "docs" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("snippet", of("python"), ids=str)
@pytest.mark.usefixtures("folder_of_the_bundle")
def test_python(snippet: Snippet) -> None:
    code = compile(snippet.text, str(snippet), "exec")
    if snippet.page.name not in ELSEWHERE:
        exec(code, {"__name__": "snippet"})


@pytest.mark.parametrize("run_id", EXECUTED)
@pytest.mark.usefixtures("folder_of_the_bundle")
def test_the_first_commands_as_they_are(run_id: str) -> None:
    """The README's, with the shipped weights."""
    readme = [line for snippet in of("bash") if snippet.page == PAGES[0] for line in lines(snippet.text)]
    (line,) = (line for line in readme if line.startswith(f"python -m monai.bundle run {run_id} "))
    fire.Fire({"run": monai.bundle.run}, shlex.split(line)[3:])
    assert Path(EXECUTED[run_id]).is_file()


@pytest.fixture
def folder_of_the_bundle(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in what looks like the repository after ``python -m bundle phantom``, with a scan beside."""
    for name in ("configs", "scripts", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "phantom").symlink_to(phantom)
    (tmp_path / "scan.nii.gz").symlink_to(phantom / "volumes" / "S03_ct.nii.gz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # the configs put the folder there
    monkeypatch.setattr(monai.bundle.workflows, "_apply_logging_file", lambda file: None)  # logs are the process's


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("make teste", "no teste"),
        ("make test PYTHONS=3", "no PYTHONS"),
        ("python -m bundle phantoms", "refused"),
        ("python -m bundle lut --dataset_dir D", "refused"),
        (
            "python -m bundle benchmark default configs/baselines/pix3pix.yaml --dataset_dir D",
            "no configs/base",
        ),
        ("python -m monai.bundle run staining --config_file configs/inference.yaml", "no staining"),
        ("python -m monai.bundle run inference --config_file inference.yaml", "no inference.yaml"),
        (
            "python -m monai.bundle run inference --config_file configs/inference.yaml --inputs V",
            "did you mean",
        ),
        (
            "python -m monai.bundle run training --config_file \"['configs/train.yaml','configs/mlfow.yaml']\"",
            "no conf",
        ),
        ("torchrun --nproc_per_nodes 2 -m monai.bundle run x", "refused"),
        ("torchrun --nproc_per_node 2 -m monai.bundle run x --config_file configs/train.yaml", "no x"),
        ("export A=1 && torchrun", "say in tests/docs/commands.py"),
        (".venv/bin/pip install '.[tensorrt]'", "no extra tensorrt"),
        ("curl x", "say in tests/docs/commands.py"),
    ],
)
def test_what_would_not_work_is_found(command: str, message: str) -> None:
    with pytest.raises((Wrong, ValueError), match=re.escape(message)):
        check(command)
