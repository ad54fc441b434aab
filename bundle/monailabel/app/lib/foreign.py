"""MONAI Label's own tasks, by which other bundles are served."""

from __future__ import annotations

from .torchvision_ops import import_torchvision

import_torchvision()  # these tasks import torchvision, which fails beside a CPU build of torch

from monailabel.tasks.infer.bundle import BundleInferTask  # noqa: E402
from monailabel.tasks.train.bundle import BundleTrainTask  # noqa: E402

__all__ = ["BundleInferTask", "BundleTrainTask"]
