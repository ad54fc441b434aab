"""From the files of a data list to batches of windowed, augmented patches."""

from scripts.data.augment import RandScannerBatchd, RandStainJitterBatchd, RandWarpBatchd
from scripts.data.datalist.split import (
    check_patch_size,
    load_datalist,
    share_of_process,
)
from scripts.data.datalist.working_size import tell_network_size, tell_working_size, working_size
from scripts.data.displacement import Displacementd
from scripts.data.load import LoadPaird
from scripts.data.patches import CumulativeWeightd, RandTissueCropd, TissueWeightd
from scripts.data.unpaired import UnpairedDataset
from scripts.data.window import WindowCT, WindowCTd, common_window
from scripts.data.window_choice import Training, training_of
from scripts.data.working_sized import ToWorkingSized

__all__ = [
    "CumulativeWeightd",
    "Displacementd",
    "LoadPaird",
    "RandScannerBatchd",
    "RandStainJitterBatchd",
    "RandTissueCropd",
    "RandWarpBatchd",
    "TissueWeightd",
    "ToWorkingSized",
    "Training",
    "UnpairedDataset",
    "WindowCT",
    "WindowCTd",
    "check_patch_size",
    "common_window",
    "load_datalist",
    "share_of_process",
    "tell_network_size",
    "tell_working_size",
    "training_of",
    "working_size",
]
