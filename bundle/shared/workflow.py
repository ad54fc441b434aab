"""The one way to start a workflow of the bundle: in this process, or as the words of a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bundle.shared.places import CONFIGS, ROOT

if TYPE_CHECKING:
    from monai.bundle.workflows import ConfigWorkflow

CONFIG_OF = {"training": "train.yaml", "evaluating": "evaluate.yaml", "inference": "inference.yaml"}
LOGGING = CONFIGS / "logging.conf"


def config_files(kind: str, overlays: Sequence[str | os.PathLike[str]] = ()) -> list[str]:
    """The config of a workflow, then its overlays.

    Args:
        kind: ``training``, ``evaluating`` or ``inference``.
        overlays: config files of what differs.
    """
    return [str(CONFIGS / CONFIG_OF[kind]), *[os.fspath(overlay) for overlay in overlays]]


def make_workflow(
    kind: str, options: Mapping[str, Any], overlays: Sequence[str | os.PathLike[str]] = (), logging: bool = False
) -> ConfigWorkflow:
    """Make a workflow and initialise it.

    Args:
        kind: ``training``, ``evaluating`` or ``inference``.
        options: entries of the config by id, such as ``network_def#blocks``. A path becomes text.
        overlays: config files of what differs from the workflow's own.
        logging: whether the bundle's ``logging.conf`` applies, else the caller's logging stays as it is.

    Raises:
        RuntimeError: MONAI's, of a mistake that `scripts.errors.find_input_error` finds in it.
    """
    from monai.bundle.workflows import ConfigWorkflow

    values = {name: os.fspath(value) if isinstance(value, Path) else value for name, value in options.items()}
    workflow = ConfigWorkflow(
        config_file=config_files(kind, overlays),
        workflow_type="train" if kind == "training" else "infer",
        logging_file=str(LOGGING) if logging else False,
        run_id=kind,
        bundle_root=str(ROOT),
        **values,
    )
    workflow.initialize()
    return workflow


def run_workflow(
    kind: str, options: Mapping[str, Any], overlays: Sequence[str | os.PathLike[str]] = (), logging: bool = False
) -> None:
    """Run a workflow from its beginning to its end in this process; the arguments are those of `make_workflow`."""
    workflow = make_workflow(kind, options, overlays, logging)
    workflow.run()
    workflow.finalize()


def workflow_words(kind: str, options: Mapping[str, Any], overlays: Sequence[str | os.PathLike[str]] = ()) -> list[str]:
    """Words of the command that runs a workflow: ``run training --config_file ...``, behind ``-m monai.bundle``.

    Args:
        kind: ``training``, ``evaluating`` or ``inference``.
        options: entries of the config by id; MONAI's command line reads the text of a value.
        overlays: config files of what differs from the workflow's own.
    """
    files = config_files(kind, overlays)
    words = ["run", kind, "--config_file", str(files) if overlays else files[0], "--bundle_root", str(ROOT)]
    return words + [word for name, value in options.items() for word in (f"--{name}", str(value))]


def workflow_command(
    kind: str,
    options: Mapping[str, Any],
    overlays: Sequence[str | os.PathLike[str]] = (),
    processes: int = 0,
    python: Sequence[str] = (sys.executable,),
) -> list[str]:
    """Command line that runs a workflow in a process of its own.

    Args:
        kind: ``training``, ``evaluating`` or ``inference``.
        options: entries of the config by id.
        overlays: config files of what differs from the workflow's own.
        processes: how many ``torchrun`` starts; 0 for one process without it.
        python: words of the interpreter.
    """
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)] if processes else []
    return [*python, *launcher, "-m", "monai.bundle", *workflow_words(kind, options, overlays)]
