"""One export for all that look at it: its ONNX takes longer than all of their tests."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from bundle.cli import main
from bundle.export import exporting
from scripts.networks import StainGenerator

OPTIONS: dict[str, Any] = {"channels": [4, 4, 8, 8], "blocks": 1, "upsample": "bilinear", "dark_end": 0.0}


class Export(NamedTuple):
    """A folder with ``model.ts``, ``model.onnx`` and ``model_int8.onnx``, of what, and the last line of the command."""

    folder: Path
    checkpoint: Path
    overlay: Path
    said: str


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """Speed is measured once, on a small image."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "TIMED", (1, 1, 64, 64))
        patch.setattr(exporting, "ROUNDS", 1)
        yield


@pytest.fixture(scope="session")
def export(quick: None, phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Of random weights that were trained with the phantom's window, of a generator that is not the default one.

    TorchScript with an overlay that agrees with the weights, ONNX without one.
    """
    folder = tmp_path_factory.mktemp("export")
    checkpoint, overlay, out = folder / "model.pt", folder / "tiny.yaml", folder / "out"
    torch.manual_seed(0)
    network = StainGenerator(**OPTIONS)
    network.set_windowing((5000, 35000), (0.5, 99.5))
    torch.save(network.state_dict(), checkpoint)
    overlay.write_text(json.dumps({"network_def": {"_target_": "scripts.networks.StainGenerator", **OPTIONS}}))
    words = ["export", "--out", str(out), "--checkpoint", str(checkpoint)]
    assert main([*words, "--formats", "ts", "--overlay", str(overlay)]) == 0
    assert [path.name for path in out.iterdir()] == ["model.ts"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main([*words, "--formats", "onnx", "--int8", str(phantom)]) == 0
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".ts") == [
        f"{name}{end}" for name in ("model.onnx", "model_int8.onnx") for end in ("", ".sha256")
    ]
    return Export(out, checkpoint, overlay, said.getvalue().splitlines()[-1])


@pytest.fixture(scope="session")
def exported(export: Export) -> Path:
    """The folder of the export."""
    return export.folder
