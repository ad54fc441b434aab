"""The workflow of GitHub Actions says what Makefile and pyproject.toml say."""

from __future__ import annotations

import re

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


def test_may_do_little() -> None:
    """Read the repository, for an hour, once for each branch; no secret and no host is named."""
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is True
    assert JOB["timeout-minutes"] <= 60
    assert not re.search(r"secrets\.|https?:", FILE.read_text(encoding="utf-8"))


def test_pip_options_reach_make() -> None:
    """As a variable of the environment, which the Makefile takes."""
    assert "PIP_OPTIONS" in JOB["env"]
    assert re.search(r"^PIP_OPTIONS \?=", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
