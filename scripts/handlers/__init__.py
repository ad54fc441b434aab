"""Handlers that attach to the engines."""

from scripts.handlers.averaging import WeightAverage
from scripts.handlers.checkpoint import BestModel, TrainingCheckpoint
from scripts.handlers.history import History
from scripts.handlers.metrics import LPIPS, PSNR, SSIM
from scripts.handlers.metrics_csv import MetricsCSV
from scripts.handlers.preview import Preview
from scripts.handlers.progress import Progress
from scripts.handlers.realign import RealignPairs
from scripts.handlers.run_record import RunRecord
from scripts.handlers.seeding import EpochSeed
from scripts.handlers.tissue import Tissue
from scripts.handlers.validation import Validation
from scripts.handlers.volume_writer import VolumeWriter

__all__ = [
    "LPIPS",
    "PSNR",
    "SSIM",
    "BestModel",
    "EpochSeed",
    "History",
    "MetricsCSV",
    "Preview",
    "Progress",
    "RealignPairs",
    "RunRecord",
    "Tissue",
    "TrainingCheckpoint",
    "Validation",
    "VolumeWriter",
    "WeightAverage",
]
