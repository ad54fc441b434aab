"""What several processes of a training share, by the overlay, without starting them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import ignite.distributed as idist
import pytest
from monai.bundle import ConfigWorkflow


def test_validation_is_shared_out_but_the_lookup_table_sees_all_pairs(
    workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(phantom, data)
    listed = json.loads((data / "datalist.json").read_text(encoding="utf-8"))
    listed["validation"] *= 2
    (data / "datalist.json").write_text(json.dumps(listed), encoding="utf-8")
    monkeypatch.setattr("scripts.engines.distributed.join_processes", lambda backend: None)
    options = {"dataset_dir": data, "output_dir": tmp_path / "out"}
    run = workflow("train", overlay="multi_gpu_train", **options)
    monkeypatch.setattr(idist, "get_world_size", lambda: 2)
    assert len(run.parser.get_parsed_content("validate#dataset")) == 1
    account = run.parser.get_parsed_content("account")
    assert len(account.validation) == 2
    assert set(account.validation[1]) >= {"image", "label", "mask"}
