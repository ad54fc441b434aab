"""Checks the command line as soon as it is imported, which each config does.

MONAI evaluates the imports of a config whatever it runs, also where stray words take the place of every list of steps:
``run bundle_root a b`` would otherwise do nothing and end as if all was well.
"""

from __future__ import annotations

import sys

from scripts.errors import InputError, end_in_one_sentence, on_command_line
from scripts.options.arguments import read_arguments
from scripts.options.command_line import refuse_mistakes

if on_command_line() and sys.argv[1:2] == ["run"]:
    end_in_one_sentence()
    try:
        refuse_mistakes(read_arguments(sys.argv[1:]))
    except InputError as mistake:
        sys.exit(f"error: {mistake}")  # MONAI keeps any other exception of an import to itself
