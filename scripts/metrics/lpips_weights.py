"""The AlexNet convolutions that LPIPS is computed with: finding the file, reading it, building the network."""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.metrics.torchvision_ops import import_torchvision
from scripts.weights.checkpoint import read_checkpoint

OWN_FILE = "alexnet_features.pth"  # written by `python -m bundle lpips-weights`
TORCHVISION_FILE = "alexnet-owt-7be5be79.pth"  # the whole AlexNet, as torchvision downloads it
TORCHVISION_SHA256 = "7be5be79"  # begin of its SHA-256, which torchvision puts into the name
HOW_TO_GET = (
    "give a file with torchvision's AlexNet weights, or run `python -m bundle lpips-weights` in the source repository"
)

# torchvision's index of each convolution -> (slice of the LPIPS network it sits in, shape of its kernel)
CONVOLUTIONS: dict[int, tuple[int, tuple[int, ...]]] = {
    0: (1, (64, 3, 11, 11)),
    3: (2, (192, 64, 5, 5)),
    6: (3, (384, 192, 3, 3)),
    8: (4, (256, 384, 3, 3)),
    10: (5, (256, 256, 3, 3)),
}


def lpips_cache_dir() -> Path:
    """The folder that torch keeps downloaded weights in (``TORCH_HOME`` moves it)."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def find_lpips_weights(path: str | PathLike[str] | None = None) -> Path | None:
    """Find the AlexNet weights for LPIPS: the given file, else torch's cache, where either name is taken.

    Args:
        path: torchvision's AlexNet state dict, whole or its ``features.*`` only; None or "": search the cache.

    Returns:
        The file, or None if none was given and the cache has none.

    Raises:
        InputError: the given file does not exist, or the file found does not hold AlexNet weights.
    """
    if path:
        candidates = [Path(path)]
        if not candidates[0].is_file():
            raise InputError(f"The LPIPS weights {path} do not exist: {HOW_TO_GET}.")
    else:
        candidates = [lpips_cache_dir() / name for name in (OWN_FILE, TORCHVISION_FILE)]
    for candidate in candidates:
        if candidate.is_file():
            read_alexnet_features(candidate)
            return candidate
    return None


def read_alexnet_features(path: str | PathLike[str]) -> dict[str, torch.Tensor]:
    """Read ``features.*`` of AlexNet, float32, from torchvision's state dict.

    Raises:
        InputError: not a file of tensors, or damaged; convolutions missing, of other shapes, or not finite.
    """
    if Path(path).name == TORCHVISION_FILE and not file_digest(path).startswith(TORCHVISION_SHA256):
        raise InputError(f"The LPIPS weights {path} are damaged, their digest is another: {HOW_TO_GET}.")
    content = read_checkpoint(path, HOW_TO_GET, HOW_TO_GET, "file of LPIPS weights")
    features = {}
    for index, (_, shape) in CONVOLUTIONS.items():
        for name, expected in ((f"features.{index}.weight", shape), (f"features.{index}.bias", shape[:1])):
            value = content.get(name)
            if not isinstance(value, torch.Tensor) or value.shape != expected or not value.isfinite().all():
                raise InputError(f"{path} does not hold AlexNet's convolutions ({name} is amiss): {HOW_TO_GET}.")
            features[name] = value.float()
    return features


def build_lpips(features: dict[str, torch.Tensor]) -> Any:
    """Build ``lpips.LPIPS(net="alex")``, version 0.1, without any download.

    The linear heads come with the `lpips` package, the convolutions are `features` (see `read_alexnet_features`). The
    random number generator is left as it was.

    Returns:
        The ``lpips.LPIPS`` module (the package has no type hints), in evaluation mode and without gradients.
    """
    import_torchvision()
    import lpips

    with _Unfilled(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # lpips says `pretrained=False` in torchvision's old way
        model = lpips.LPIPS(pretrained=True, net="alex", version="0.1", pnet_rand=True, verbose=False)
    model.net.load_state_dict(
        {
            f"slice{where}.{index}.{part}": features[f"features.{index}.{part}"]
            for index, (where, _) in CONVOLUTIONS.items()
            for part in ("weight", "bias")
        }
    )
    return model.eval().requires_grad_(False)


class _Unfilled(TorchFunctionMode):
    """Leaves new layers unfilled: `LPIPS` draws the 60 million weights of a whole AlexNet, and none of them is kept.

    They would take half a second, and shift the random numbers of a training.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)
