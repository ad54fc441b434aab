"""Generators."""

from scripts.networks.ensemble import StainEnsemble
from scripts.networks.exported import ExportedGenerator
from scripts.networks.folding import fold_layers
from scripts.networks.generator import ResNetGenerator
from scripts.networks.lower_resolution import LowerResolution
from scripts.networks.stain_generator import StainGenerator
from scripts.networks.unet import StainUNet
from scripts.networks.windowing import KeepsWindowing

Stainer = StainGenerator | StainUNet | StainEnsemble | ExportedGenerator  # what CT goes through to become stain

__all__ = [
    "ExportedGenerator",
    "KeepsWindowing",
    "LowerResolution",
    "ResNetGenerator",
    "StainEnsemble",
    "StainGenerator",
    "StainUNet",
    "Stainer",
    "fold_layers",
]
