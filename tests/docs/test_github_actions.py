"""The workflow of GitHub Actions says what Makefile and pyproject.toml say."""

from __future__ import annotations

import os
import re
import subprocess

import yaml

from bundle.release.package.pythons import PYTHONS
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


def pip_lines(options: str) -> list[list[str]]:
    """Words of each line by which make would install packages."""
    command = ["make", "--dry-run", "--always-make", "venv"]
    environment = os.environ | {"PIP_OPTIONS": options}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines() if "pip install" in line]


def test_pip_options_reach_make() -> None:
    """An empty variable, as where the repository has none, changes nothing."""
    assert "PIP_OPTIONS" in JOB["env"]
    plain, told = pip_lines(""), pip_lines("--extra-index-url https://example.org/cpu")
    assert plain
    for without, with_options in zip(plain, told, strict=True):
        after = without.index("constraints.txt") + 1
        assert with_options == [*without[:after], "--extra-index-url", "https://example.org/cpu", *without[after:]]
