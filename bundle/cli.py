"""The command line ``python -m bundle``, which is ``xray-stain`` where the bundle is installed."""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from bundle.commands import COMMANDS, GROUPS, Command
from bundle.shared.broken_pipe import output_may_break
from bundle.shared.last_line import last_line
from bundle.shared.our_words import in_our_words, program
from bundle.shared.places import CONFIGS


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Adds its default to an option's help, where there is one and the help does not say it."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        silent = action.default is None or action.default is False or action.default == []
        if silent or "(default" in (action.help or ""):
            return action.help
        return super()._get_help_string(action)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status; a user's mistake ends in one sentence and status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text, as on the error output
    with output_may_break():
        return _run(list(sys.argv[1:] if arguments is None else arguments))


def _run(words: Sequence[str]) -> int:
    command = COMMANDS[_name_of_command(words)]
    if not _is_somewhere():
        print("error: The current folder was removed: change to one that is there.", file=sys.stderr)
        return 1
    options = argparse.Namespace()
    try:
        options = parser_of(words[0]).parse_args(words[1:])
        module = importlib.import_module(command.module)
        status = int(module.run(options))
        if line := last_line(module, options):
            print(line)
        return status
    except KeyboardInterrupt:
        print(f"interrupted: {_how_to_go_on(command, options)}", file=sys.stderr)
        return 130
    except Exception as error:
        from scripts.errors import find_input_error  # late: it brings PyTorch

        mistake = find_input_error(error)  # MONAI wraps what a transform raises
        if mistake is None:
            raise
        print(f"error: {_translated(str(mistake), command, options, words)}", file=sys.stderr)
        return 1


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line and run nothing.

    Raises:
        SystemExit: it is wrong, or asks for help.
    """
    return parser_of(_name_of_command(words)).parse_args(words[1:])


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of what follows a command's name."""
    command = COMMANDS[name]
    parser = argparse.ArgumentParser(
        prog=f"{program()} {name}", description=command.summary, formatter_class=Defaults, allow_abbrev=False
    )
    importlib.import_module(command.module).add_arguments(parser)
    return parser


def version() -> str:
    """The bundle's, as ``configs/metadata.json`` has it."""
    return str(json.loads((CONFIGS / "metadata.json").read_text(encoding="utf-8"))["version"])


def _name_of_command(words: Sequence[str]) -> str:
    """The first word, or an end with the help, the version or what is wrong."""
    every = argparse.ArgumentParser(
        prog=program(),
        usage=f"{program()} COMMAND ...",
        description="Virtual toluidine-blue staining of micro-CT.",
        epilog=_list_of_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    every.add_argument("--version", action="version", version=version())
    if not words:
        every.error(f"give a command; {program()} --help lists them")
    if words[0] not in COMMANDS:
        every.parse_known_args(words[:1])
        _refuse_command(every, words[0])
    for word in words:
        option, equals, value = word.partition("=") if word.startswith("--") else ("", "=", word)
        if equals and not value.strip():  # an empty path would be the current folder
            what = f"the value of {option}" if option else "an argument"
            every.error(f"{what} is empty: give it a value, or leave it and its option out")
        if word.split("=")[0] == "--output_dir":
            every.error("--output_dir is called --out here: write --out")
    return words[0]


def _list_of_commands() -> str:
    lines = []
    for group, commands in GROUPS.items():
        lines += [f"{group}:", *(f"  {name:<15}{command.summary}" for name, command in commands.items()), ""]
    return "\n".join([*lines, f"{program()} COMMAND --help says more of one."])


def _refuse_command(every: argparse.ArgumentParser, word: str) -> NoReturn:
    close = difflib.get_close_matches(word, COMMANDS, n=1)
    every.error(f"there is no command {word!r}: " + (f"did you mean {close[0]}?" if close else "--help lists them"))


def _is_somewhere() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _how_to_go_on(command: Command, options: argparse.Namespace) -> str:
    """What a command says of its options and of what it has left, or what holds for all of its kind."""
    says = getattr(importlib.import_module(command.module), "interrupted", None)
    return str(says(options)) if says and vars(options) else command.interrupted


def _translated(sentence: str, command: Command, options: argparse.Namespace, words: Sequence[str]) -> str:
    module = importlib.import_module(command.module)
    names = {"--output_dir": "--out", **getattr(module, "NAMES", {})}

    def settable(entry: str) -> bool:
        if entry in vars(options) or not hasattr(module, "KIND"):
            return False
        from bundle.workflows.typed import is_entry  # late: it brings PyTorch

        return is_entry(module.KIND, entry)

    return in_our_words(sentence, names, settable, words, program())
