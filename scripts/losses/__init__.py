"""Terms of the training loss that MONAI does not have."""

from scripts.losses.contrast import PatchContrastLoss
from scripts.losses.greyscale import GreyscaleConsistencyLoss
from scripts.losses.perceptual import PerceptualLoss
from scripts.losses.pixel import PyramidL1Loss
from scripts.losses.weights import LossWeights

__all__ = ["GreyscaleConsistencyLoss", "LossWeights", "PatchContrastLoss", "PerceptualLoss", "PyramidL1Loss"]
