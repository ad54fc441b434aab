"""Importing torchvision where its compiled part does not fit the installed torch."""

from __future__ import annotations

import importlib

import torch

_MISSING = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_library: torch.library.Library | None = None  # its operators live as long as it does


def import_torchvision() -> None:
    """Import torchvision, if need be without its compiled operators.

    A torchvision built for CUDA beside a CPU torch cannot load them, and its import ends with "operator
    torchvision::nms does not exist", although networks such as AlexNet need none. Declaring these operators (their
    schemas, without an implementation) before the import cures that. Where torchvision is sound nothing is declared.

    Raises:
        ImportError: torchvision is not installed.
        RuntimeError: torchvision is broken in another way.
    """
    global _library
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        if _library is None:
            _library = torch.library.Library("torchvision", "FRAGMENT")
            for name, schema in _MISSING.items():
                _library.define(name + schema)
        importlib.import_module("torchvision")
