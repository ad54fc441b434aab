"""The one way to start a workflow: what it is told, in this process and as a command line."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bundle.shared.places import CONFIGS, ROOT
from bundle.shared.workflow import make_workflow, workflow_command
from scripts.errors import find_input_error


def test_command_of_one_process() -> None:
    assert workflow_command("inference", {"slab_size": 8}) == [
        sys.executable,
        *("-m", "monai.bundle", "run", "inference"),
        *("--config_file", str(CONFIGS / "inference.yaml"), "--bundle_root", str(ROOT), "--slab_size", "8"),
    ]


def test_command_of_two_processes_with_an_overlay() -> None:
    words = workflow_command("training", {}, [Path("a b.yaml")], processes=2, python=["python"])
    assert words[:7] == ["python", "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "monai.bundle"]
    assert ast.literal_eval(words[10]) == [str(CONFIGS / "train.yaml"), "a b.yaml"]


def test_a_workflow_in_this_process_checks_its_options(phantom: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as raised:
        make_workflow("evaluating", {"dataset_dir": phantom, "output_dir": tmp_path, "split": "all"})
    assert "option --split is 'all'" in str(find_input_error(raised.value))


def test_an_overlay_comes_behind_the_config(phantom: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "more.yaml"
    overlay.write_text("split: validation\n", encoding="utf-8")
    workflow = make_workflow("evaluating", {"dataset_dir": phantom, "output_dir": tmp_path / "out"}, [overlay])
    assert workflow.parser.get_parsed_content("split") == "validation"
    assert workflow.parser.get("dataset_dir") == str(phantom)


def test_words_need_no_torch() -> None:
    code = (
        "import sys; from bundle.shared.workflow import workflow_words; workflow_words('training', {});"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
