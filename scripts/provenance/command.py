"""The command that this process was started by."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from scripts.errors import on_command_line
from scripts.provenance.config import LOGIN


def command_line() -> str:
    """The command, quoted for a shell.

    Of a program that calls the bundle its name alone: its own options are not ours to publish.
    """
    program, *words = sys.orig_argv
    if not on_command_line():
        return Path(sys.argv[0]).name if sys.argv else ""
    return LOGIN.sub("***@", shlex.join([Path(program).name, *words]))
