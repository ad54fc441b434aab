"""Tests of the command's arguments."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

HEAVY = ("torch", "monai", "matplotlib", "scipy", "scripts")


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import argparse, sys
from bundle.pairs.command import add_arguments
parser = argparse.ArgumentParser()
add_arguments(parser)
parser.format_help()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
