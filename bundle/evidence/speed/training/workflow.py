"""The trainer of `configs/train.yaml` with the phantom, ready to take steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.bundle.workflows import ConfigWorkflow

from bundle.shared.places import PHANTOM
from bundle.shared.workflow import make_workflow
from scripts.errors import InputError

QUICK = {  # networks and patches so small that every step takes milliseconds
    "network_def#channels": [4, 4, 8],
    "network_def#blocks": 1,
    "stain_to_ct#network#channels": [4, 4, 8],
    "stain_to_ct#network#blocks": 1,
    "stain_discriminator#channels": 4,
    "ct_discriminator#channels": 4,
    "patch_size": 64,
    "batch_size": 2,
}


def training(work: Path, **options: Any) -> ConfigWorkflow:
    """The training workflow, initialised.

    Args:
        work: folder for what it writes.
        options: entries of the config to override.

    Raises:
        InputError: there is no phantom.
    """
    if not (PHANTOM / "datalist.json").is_file():
        raise InputError(f"There is no phantom in {PHANTOM}: make it with `python -m bundle phantom`.")
    return make_workflow("training", {"dataset_dir": PHANTOM, "output_dir": work} | options)
