"""The workflow of GitHub Actions says what Makefile and pyproject.toml say."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
import yaml

from bundle.release.package.command import PYTHONS
from tests.conftest import ROOT
from tests.docs.commands import check

FILE = ROOT / ".github" / "workflows" / "test.yml"
WORKFLOW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
(JOB,) = WORKFLOW["jobs"].values()


def test_runs_the_two_commands_of_the_readme() -> None:
    commands = [step["run"] for step in JOB["steps"] if "run" in step]
    assert commands == ["make test", "make demo"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in commands:
        check(command)
        assert f"```bash\n{command}\n```" in readme


def test_on_every_python_that_is_allowed() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project)
    assert bounds is not None
    versions = [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]
    assert JOB["strategy"]["matrix"]["python"] == versions == list(PYTHONS)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"not (3, {bounds[1]}) <= sys.version_info[:2] <= (3, {int(bounds[2]) - 1})" in makefile


@pytest.mark.parametrize("options", ["", "--extra-index-url https://example.org/cpu"])
def test_pip_options_reach_make(options: str) -> None:
    """An empty variable of the environment changes nothing, as where the repository has none."""
    assert "PIP_OPTIONS" in JOB["env"]
    command = ["make", "--dry-run", "--always-make", "venv"]
    environment = os.environ | {"PIP_OPTIONS": options}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines() if "pip install" in line]
    assert len(lines) == 2
    for words in lines:
        after = words[words.index("constraints.txt") + 1 :]
        assert after[: len(options.split())] == options.split()
        assert not options.split() or after[len(options.split()) :][0] in ("torch", "'.[dev]'")
