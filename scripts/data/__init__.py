"""From the files of a data list to batches of windowed, augmented patches."""

from scripts.data.augment import RandStainJitter, RandStainJitterd
from scripts.data.datalist import (
    check_patch_size,
    common_window,
    load_datalist,
    note_windowing,
    share_of_process,
)
from scripts.data.load import LoadPaird
from scripts.data.patches import TissueWeightd
from scripts.data.untracked import Untracked
from scripts.data.window import WindowCT, WindowCTd

__all__ = [
    "LoadPaird",
    "RandStainJitter",
    "RandStainJitterd",
    "TissueWeightd",
    "Untracked",
    "WindowCT",
    "WindowCTd",
    "check_patch_size",
    "common_window",
    "load_datalist",
    "note_windowing",
    "share_of_process",
]
