"""Running inference as a user does, in this process or in another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from bundle.shared.places import ROOT

CONFIG = ROOT / "configs" / "inference.yaml"


def inference(**options: Any) -> ConfigWorkflow:
    """The bundle's inference workflow, initialised and ready to run."""
    values = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    workflow = ConfigWorkflow(
        config_file=str(CONFIG), workflow_type="infer", logging_file=False, bundle_root=str(ROOT), **values
    )
    workflow.initialize()
    return workflow


def stain(**options: Any) -> None:
    """Run inference from beginning to end."""
    workflow = inference(**options)
    workflow.run()
    workflow.finalize()


def command(processes: int = 0, **options: Any) -> list[str]:
    """The command line that does the same in a process of its own, or in several with ``torchrun``."""
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)] if processes else []
    words = ["-m", "monai.bundle", "run", "inference", "--config_file", str(CONFIG), "--bundle_root", str(ROOT)]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    return [sys.executable, *launcher, *words]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the records, which hold times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".json"
    }
