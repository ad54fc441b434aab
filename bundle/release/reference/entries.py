"""What a config file says of each of its entries: option, default, class and comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import yaml

RUNNING = (
    "imports",
    "initialize",
    "training",
    "evaluating",
    "inference",
    "run",
    "finalize",
    "train#checked",
)  # what is done
# Names of images in a batch, and what bars and logs say: how parts are connected, of no use to anyone who tunes.
WIRING = {"keys", "mode", "displacement_key", "split", "track_meta", "_disabled_"}
WIRING |= {"description", "unit", "progress", "print_lr", "iteration_log"}
DIVIDER = re.compile(r"--- (.+?) -+")


@dataclass(frozen=True)
class Entry:
    """An entry of a config file.

    Attributes:
        option: as typed behind ``--``, such as ``network_def#blocks``.
        value: the value that is in the file; None for a mapping or a list that spreads over several lines.
        target: what a mapping builds, its ``_target_``; empty otherwise.
        comment: what stands behind the entry, and below it if it goes on there.
        lead: the comment on lines of its own before it.
        section: the divider ``# --- NAME ---`` that it comes after.
        plain: whether it is a value as such, neither an expression nor a reference nor a mapping.
    """

    option: str
    value: Any
    target: str
    comment: str
    lead: str
    section: str
    plain: bool

    @property
    def is_built(self) -> bool:
        """Whether it holds other entries, on lines of their own."""
        return self.value is None and not self.plain

    @property
    def is_hyper_parameter(self) -> bool:
        """Whether a reader would want to know: it has a comment, or is a value that is no wiring."""
        return bool(self.comment) or (self.plain and self.option.split("#")[-1] not in WIRING)


class Comment(NamedTuple):
    """A comment, without its ``#``."""

    column: int
    text: str
    alone: bool  # nothing else stands on the line


class ConfigFile:
    """The entries of a YAML file in their order, and what its first lines say.

    Args:
        path: the file.
        changed: the file that it goes behind, if it is an overlay: to a list of that it adds items at the end.
    """

    def __init__(self, path: Path, changed: ConfigFile | None = None) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self._there = {entry.option for entry in changed.entries} if changed else set()
        text = path.read_text(encoding="utf-8")
        self._lines = text.splitlines()
        self._comments = _comments(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        assert isinstance(root, yaml.MappingNode)
        before = [line for line in self._comments if line < root.start_mark.line]
        self.header = [self._comments.pop(line).text for line in before]
        self.entries += self._walk(root, "")

    def _walk(self, node: yaml.Node, prefix: str, first: int = 0) -> Iterator[Entry]:
        for name, key, value in _children(node, first):
            if prefix + name in RUNNING:
                continue
            option = prefix + name
            block = isinstance(value, yaml.CollectionNode) and not value.flow_style
            target = _target(value) if block else None
            last = key.start_mark.line if block else value.end_mark.line
            comments = [self._behind(last, key.start_mark.column)]
            if target is not None and target.start_mark.line != last:
                comments.append(self._behind(target.start_mark.line, target.start_mark.column))
            content = None if block else _value(value)
            if name != "_target_":
                yield Entry(
                    option=option,
                    value=content,
                    target="" if target is None else target.value,
                    comment="; ".join(filter(None, comments)),
                    lead=self._before(key.start_mark.line),
                    section=self._section(key.start_mark.line),
                    plain=not block and not _refers(content),
                )
            if block:
                adds = key.value is not value and str(key.value).startswith("+")
                yield from self._walk(value, f"{option}#", self._length(option) if adds else 0)

    def _length(self, option: str) -> int:
        """Of a list in the file that an overlay changes."""
        return next(index for index in count() if f"{option}#{index}" not in self._there)

    def _behind(self, line: int, column: int) -> str:
        """The comment on a line, and lines of comment below it that are indented further than the entry."""
        first = self._comments.get(line)
        words = [first.text] if first is not None else []
        while words and (comment := self._comments.get(line := line + 1)) and comment.alone and comment.column > column:
            words.append(comment.text)
        return " ".join(words)

    def _before(self, line: int) -> str:
        """Lines of comment before an entry, as far to the left as it is."""
        indent = len(self._lines[line]) - len(self._lines[line].lstrip())
        words: list[str] = []
        while (comment := self._comments.get(line - 1)) is not None and comment.alone and comment.column == indent:
            if DIVIDER.fullmatch(comment.text):
                break
            words.insert(0, comment.text)
            line -= 1
        return " ".join(words)

    def _section(self, line: int) -> str:
        """The name in the last divider before a line."""
        found = ""
        for number, comment in self._comments.items():
            divider = DIVIDER.fullmatch(comment.text)
            if number < line and divider is not None:
                found = divider[1]
        return found


def _comments(text: str) -> dict[int, Comment]:
    """By line, from 0. What the scanner passes over between two tokens is space and comments and nothing else."""
    found, end = {}, 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        for match in re.finditer(r"#[^\n]*", text[end : token.start_mark.index]):
            place = end + match.start()
            begin = text.rfind("\n", 0, place) + 1
            alone = not text[begin:place].strip()
            words = match[0].removeprefix("#").removeprefix(" ").rstrip()
            found[text.count("\n", 0, place)] = Comment(place - begin, words, alone)
        end = max(end, token.end_mark.index)
    return found


def _children(node: yaml.Node, first: int = 0) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Name, node of the name, node of the value; items of a list are counted from `first`."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value.removeprefix("+"), key, value  # an overlay's `+` merges
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value, first):
            yield str(index), item, item


def _target(node: yaml.Node) -> yaml.ScalarNode | None:
    for name, _, value in _children(node):
        if name == "_target_" and isinstance(value, yaml.ScalarNode):
            return value
    return None


def _value(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def _refers(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_refers, value))
    return isinstance(value, str) and value[:1] in ("$", "@", "%") and len(value) > 1
