"""The trainer and what it needs."""

from scripts.engines.generator_losses import GeneratorLosses
from scripts.engines.image_pool import ImagePool
from scripts.engines.known_features import NoteFeatures
from scripts.engines.schedule import constant_then_linear
from scripts.engines.trainer import PairedCycleGANTrainer
from scripts.engines.training_scans import note_training_scans

__all__ = [
    "GeneratorLosses",
    "ImagePool",
    "NoteFeatures",
    "PairedCycleGANTrainer",
    "constant_then_linear",
    "note_training_scans",
]
