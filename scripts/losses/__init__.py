"""Terms of the training loss that MONAI does not have."""

from scripts.losses.greyscale import GreyscaleConsistencyLoss
from scripts.losses.pixel import PyramidL1Loss
from scripts.losses.weights import LossWeights

__all__ = ["GreyscaleConsistencyLoss", "LossWeights", "PyramidL1Loss"]
