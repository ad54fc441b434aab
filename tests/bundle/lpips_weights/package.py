"""A stand-in for the registry package."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

from bundle.lpips_weights.source import MEMBER
from scripts.metrics.lpips_weights import CONVOLUTIONS, build_lpips
from tests.scripts.metrics.random_alexnet import random_features


def package_content() -> dict[str, Any]:
    """What the package's pickle holds, with random convolutions and the true heads."""
    features = random_features()
    convolutions = {}
    for number, index in enumerate(CONVOLUTIONS):
        kernel = features[f"features.{index}.weight"].numpy().transpose(2, 3, 1, 0)
        convolutions[f"Conv_{number}"] = {"kernel": kernel, "bias": features[f"features.{index}.bias"].numpy()}
    content: dict[str, Any] = {"AlexNet_0": convolutions}
    for number, head in enumerate(build_lpips(features).lins):
        kernel = head.model[1].weight.numpy().transpose(2, 3, 1, 0)
        content[f"NetLinLayer_{number}"] = {"Conv_0": {"kernel": kernel}}
    return content


def dump(content: object) -> bytes:
    """Pickle as the package's author did, with a numpy before version 2."""
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.", b"numpy.core.")


def make_archive(folder: Path, content: bytes) -> Path:
    path = folder / "package.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(MEMBER)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return path
