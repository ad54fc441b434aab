"""A network that names the tissues of a section or a stain."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from monai.inferers import SlidingWindowInferer
from monai.networks.nets import UNet
from torch import nn

from scripts.errors import InputError
from scripts.metrics.tissue_classes import CLASSES
from scripts.weights.checkpoint import read_checkpoint

HOW_TO_GET = "fit one with `python -m bundle tissue` in the source repository"


class TissueClassifier(nn.Module):
    """Section or stain (N, 3, H, W) in [0, 1] to a value per class (N, classes, H, W), the largest for its tissue.

    MONAI's ``UNet``, fitted on sections (`python -m bundle tissue`), which judges stains.

    Args:
        classes: how many.
        channels: features at half, quarter ... resolution; H and W are multiples of 8 with four of them.
    """

    def __init__(self, classes: int = len(CLASSES), channels: Sequence[int] = (32, 64, 128, 128)) -> None:
        super().__init__()
        self.unet = UNet(2, 3, classes, channels=channels, strides=[2] * (len(channels) - 1), norm="batch")
        self.windows = SlidingWindowInferer(
            roi_size=512, sw_batch_size=1, overlap=0.25, mode="gaussian", padding_mode="replicate"
        )

    def forward(self, stain: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self.unet(2 * stain - 1)
        return values

    @torch.no_grad()
    def classify(self, stain: torch.Tensor) -> torch.Tensor:
        """Class ids (H, W) of a whole section or stain (3, H, W) in [0, 1], any H and W."""
        self.eval()
        return self.windows(stain[None], self)[0].argmax(dim=0)


def load_tissue_classifier(path: str | os.PathLike[str]) -> TissueClassifier:
    """Read a classifier that `python -m bundle tissue` wrote.

    Raises:
        InputError: the file is missing or holds something else.
    """
    state = read_checkpoint(path, HOW_TO_GET, what="tissue classifier")
    classifier = TissueClassifier()
    try:
        classifier.load_state_dict(state)
    except (RuntimeError, AttributeError) as error:
        raise InputError(f"{path} holds no tissue classifier: {HOW_TO_GET}.") from error
    return classifier.eval()
