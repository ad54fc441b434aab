"""What MONAI makes of an unpacked package: run as a program in its folder, by `bundle.release.package.verify`.

All in one process, since each would import PyTorch and MONAI anew. Nothing of ``bundle/`` may be imported here: the
package has none.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORKFLOWS = {"train": "train.yaml", "eval": "evaluate.yaml", "infer": "inference.yaml"}
METADATA = "configs/metadata.json"
GIVEN: dict[str, Any] = {
    "net_id": "network_def",
    "meta_file": METADATA,
    "config_file": "configs/inference.yaml",
    "bundle_root": ".",
}
Steps = Iterator[tuple[str, Callable[[], object]]]


def steps(data: str, work: str, schema: str | None) -> Steps:
    """What is checked, and by what: a function that raises where the check fails.

    Args:
        data: folder of a phantom.
        work: folder for what the workflows and the export write.
        schema: file of the metadata's JSON schema, None to leave that out.
    """
    from monai.bundle import ckpt_export, verify_metadata, verify_net_in_out

    if schema is not None:
        name = "metadata follow the schema"
        yield name, functools.partial(verify_metadata, meta_file=METADATA, filepath=schema)
    for kind, config in WORKFLOWS.items():
        yield f"properties of {config}", functools.partial(_properties, kind, config, data, f"{work}/output")
    yield "shapes and types of the network", functools.partial(verify_net_in_out, **GIVEN)
    weights = "models/model.pt"
    yield (
        "export to TorchScript",
        functools.partial(ckpt_export, filepath=f"{work}/model.ts", ckpt_file=weights, **GIVEN),
    )


def _properties(kind: str, config: str, data: str, out: str) -> None:
    """Raise unless a workflow has all properties that MONAI asks for."""
    from monai.bundle import ConfigWorkflow

    # LPIPS's weights are not published
    options: dict[str, Any] = {"loss_weights#perceptual": 0} if kind == "train" else {}
    workflow = ConfigWorkflow(
        workflow_type=kind,
        config_file=f"configs/{config}",
        meta_file=METADATA,
        logging_file="configs/logging.conf",
        bundle_root=".",
        dataset_dir=data,
        output_dir=out,
        **options,
    )
    workflow.initialize()
    missing = workflow.check_properties()
    if missing:
        raise ValueError(f"not found: {missing}")


def main(outcomes: str, data: str, work: str, *schema: str) -> None:
    """Take all steps; write to `outcomes`, a line each, name and reason as JSON, no reason where a step went well."""
    with Path(outcomes).open("w", encoding="utf-8") as file:
        for name, step in steps(data, work, *schema or (None,)):
            try:
                step()
                reason = ""
            except (Exception, SystemExit):  # whatever it is: the check has failed, and the others are made
                reason = "\n".join(traceback.format_exc().strip().splitlines()[-5:])
            print(json.dumps([name, reason]), file=file, flush=True)


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # not this file's folder: `scripts` is the package's
    main(*sys.argv[1:])
