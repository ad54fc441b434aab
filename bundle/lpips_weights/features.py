"""AlexNet's convolutions out of the package, checked to be those that LPIPS was published with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bundle.lpips_weights.source import PACKAGE
from scripts.errors import InputError
from scripts.metrics.lpips_weights import CONVOLUTIONS, build_lpips

#: Digest, see `features_digest`, of the weights with which LPIPS gives the published distances.
FEATURES_SHA256 = "44534cd66e37ce9a6258bb5e845ef8cd47c33aa68024441c7e616d63c0c1c41a"


def convert(content: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Turn the package's tree of arrays, kernels (rows, columns, in, out), into torchvision's ``features.*``.

    Raises:
        InputError: the tree is another one.
    """
    features = {}
    try:
        for number, index in enumerate(CONVOLUTIONS):
            layer = content["AlexNet_0"][f"Conv_{number}"]
            kernel = np.asarray(layer["kernel"], dtype=np.float32).transpose(3, 2, 0, 1)
            features[f"features.{index}.weight"] = torch.from_numpy(kernel.copy())
            features[f"features.{index}.bias"] = torch.from_numpy(np.array(layer["bias"], dtype=np.float32))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{PACKAGE} does not hold AlexNet's layers as expected ({error!r}): do not use it.") from error
    return features


def features_digest(features: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of names and numbers (float32, C order), by name."""
    digest = hashlib.sha256()
    for name in sorted(features):
        digest.update(name.encode())
        digest.update(features[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def check_digest(features: Mapping[str, torch.Tensor], source: Path) -> None:
    """Check that these are bit for bit the weights that gave the published distances.

    Raises:
        InputError: they are not.
    """
    if features_digest(features) != FEATURES_SHA256:
        raise InputError(
            f"{source} does not hold the AlexNet weights that LPIPS was published with (their checksum differs): "
            "do not use them."
        )


def check_heads(content: Mapping[str, Any], features: dict[str, torch.Tensor]) -> None:
    """Check that the package's linear heads are bit-equal to those in `lpips`: both are of one version.

    Raises:
        InputError: they are not.
    """
    for number, head in enumerate(build_lpips(features).lins):
        ours = content[f"NetLinLayer_{number}"]["Conv_0"]["kernel"].transpose(3, 2, 0, 1)
        if not np.array_equal(ours, head.model[1].weight.numpy()):
            raise InputError(f"Linear head {number} of {PACKAGE} differs from that in `lpips`: do not use its weights.")
