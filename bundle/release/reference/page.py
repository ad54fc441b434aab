"""The page: what the comments of the configs say, as tables of options."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from bundle.release.reference.entries import ConfigFile, Entry
from bundle.shared.places import ROOT

WORKFLOWS = ("train.yaml", "evaluate.yaml", "inference.yaml")
NESTED = ("train", "validate")  # top-level entries that only hold others
INTRODUCTION = """\
# Configuration reference

Written by `python -m bundle reference` from the comments of `configs/*.yaml`; a test compares the two. What belongs
together and why is in the [guide](guide.md).

**Configs are code.** MONAI runs expressions that begin with `$` and builds whatever `_target_` names. Use only configs
and options that you trust.

Every option is typed behind `python -m monai.bundle run … --config_file …` as `--OPTION VALUE`:

```bash
python -m monai.bundle run training --config_file configs/train.yaml --network_def#blocks 4 --val_interval 10
```

- `#` goes from an entry to what is in it, a number to an item of a list: `train#augmentation#transforms#1#scale`.
- Defaults are shown as they are typed. YAML's `null` is typed `None`, and `true` and `false` are typed `True` and
  `False`; `resume`, `overwrite`, `uncertainty`, `amp`, `compile` and `skip` take the small letters as well.
- `@seed` stands for the value of `seed`; what begins with `$` is a Python expression, in which it may occur, too.
  Quote both, and lists, for the shell.
- An overlay goes behind the file that it changes, `--config_file "['configs/train.yaml','configs/mlflow.yaml']"`. What
  it says of an option replaces the default; where it has no comment, the meaning is that of `train.yaml`.
- A name in the second column is the class or function that is built with the options below it.
- What only connects parts is left out. It stands in the files and can be set in the same way.
"""


def write_reference(configs: Path) -> str:
    """The whole page for a folder of config files."""
    parts = [INTRODUCTION]
    files = read_configs(configs)
    known = comments_of(files[0])
    for file in files:
        name = file.path.relative_to(configs).as_posix()
        shown = _shown(file.entries)
        tables = _workflow(shown, known) if name in WORKFLOWS else ["\n".join(_table(shown, known))]
        parts += [f"## {name}", *_header(file.header), *tables]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def read_configs(configs: Path) -> list[ConfigFile]:
    """The three workflows, training first, then the overlays, all of which may go behind the training's."""
    workflows = [ConfigFile(configs / name) for name in WORKFLOWS]
    overlays = (path for path in configs.rglob("*.yaml") if path.relative_to(configs).as_posix() not in WORKFLOWS)
    ordered = sorted(overlays, key=lambda path: (len(path.parts), path))
    return workflows + [ConfigFile(path, changed=workflows[0]) for path in ordered]


def comments_of(file: ConfigFile) -> dict[str, str]:
    """By option."""
    return {entry.option: entry.comment for entry in file.entries}


def typed(value: Any) -> str:
    """A value as it is typed on the command line, but for the shell's quotes."""
    return value if isinstance(value, str) else repr(value)


def meaning(entry: Entry, known: dict[str, str]) -> str:
    """The entry's comment, or where an overlay says nothing that of the file that it changes."""
    return entry.comment or known.get(entry.option, "")


def _workflow(entries: list[Entry], known: dict[str, str]) -> Iterator[str]:
    for section, members in groupby(entries, key=lambda entry: entry.section):
        if section:
            yield f"### {section[0].upper()}{section[1:]}"
        for group, rows in groupby(members, key=_group):
            options = list(rows)
            if group:
                about = options.pop(0) if options[0].option == group else None
                words = [_class(about.target), _cell(about.comment)] if about else []
                yield " ".join([f"**`{group}`**", ": ".join(filter(None, words))])
            if options:
                yield "\n".join(_table(options, known))


def _shown(entries: list[Entry]) -> list[Entry]:
    """Hyper-parameters, and what they are in."""
    wanted = {entry.option for entry in entries if entry.is_hyper_parameter}
    parents = {option[: match.start()] for option in wanted for match in re.finditer("#", option)}
    return [entry for entry in entries if entry.option in wanted or (entry.option in parents and entry.target)]


def _group(entry: Entry) -> str:
    """What has a table of its own: a top-level entry that holds others, in `train` and `validate` an entry of these."""
    names = entry.option.split("#")
    if len(names) == 1:
        return names[0] if entry.is_built else ""
    return "#".join(names[: 2 if names[0] in NESTED else 1])


def _header(lines: list[str]) -> Iterator[str]:
    for is_command, group in groupby(lines, key=lambda line: line.startswith("  ")):
        words = [line.strip() for line in group]
        if is_command:
            commands = [re.sub(r" \[--.*\]$| \.\.\.$", "", command) for command in words]
            yield "\n".join(["```bash", *commands, "```"])
        else:
            yield _cell(" ".join(words))


def _table(entries: list[Entry], known: dict[str, str]) -> Iterator[str]:
    yield "| option | default | meaning |"
    yield "| --- | --- | --- |"
    for entry in entries:
        if entry.lead:
            yield f"| | | *{_cell(entry.lead)}* |"
        default = _class(entry.target) if entry.is_built else _code(typed(entry.value))
        yield f"| `--{entry.option}` | {default} | {_cell(meaning(entry, known))} |".replace("|  |", "| |")


def _class(target: str) -> str:
    """Link to the file that defines a class of this bundle; the name of another."""
    if not target:
        return ""
    if not target.startswith("scripts."):
        return f"`{target}`" if "." in target else f"MONAI's `{target}`"
    module, name = target.rsplit(".", 1)
    source = inspect.getsourcefile(inspect.unwrap(getattr(importlib.import_module(module), name)))
    assert source is not None
    return f"[{name}](../{Path(source).resolve().relative_to(ROOT).as_posix()})"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", r"\|")


def _cell(text: str) -> str:
    """Markdown in which a comment reads as in the file; what stands between backticks is code there, too."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", r"\|"))
    plain = r"([*<]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))"
    return "".join(part if part.startswith("`") else re.sub(plain, r"\\\1", part) for part in parts)
