"""Counting false alarms over plain scans, and how often a scan that was made worse is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bundle.evidence.fit.changes import changes
from bundle.evidence.fit.specimens import Specimen, specimens
from scripts.data.datalist.declared import declared
from scripts.data.datalist.split import load_datalist
from scripts.data.window_choice import Training
from scripts.engines.training_scans import describe_training
from scripts.errors import InputError
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.virtual_stainer import VirtualStainer
from scripts.volume.read.fit import fit_of
from scripts.volume.read.window import volume_window


class Judge:
    """Windows and compares a scan as inference does with these weights.

    Args:
        checkpoint: the weights.
        of: data set whose training scans count instead of those that the weights know; None: the latter.

    Raises:
        InputError: the weights do not know their training's scans.
    """

    def __init__(self, checkpoint: Path, of: Path | None = None) -> None:
        self.network = VirtualStainer(checkpoint, device="cpu").network
        self.trained: TrainedOn = self.network.trained_on if of is None else described(of)
        if self.trained == UNKNOWN:
            raise InputError(
                f"{checkpoint} does not say what scans it was trained on (version 0.9 and before): name the data set "
                "of its training with --of."
            )

    def findings(self, scan: Specimen) -> list[dict[str, Any]]:
        """What is said of a scan."""
        volume = scan.volume()
        training = Training(self.network.trained_window, self.trained.landmarks)
        found = volume_window(volume, self.network.percentiles, training)
        differs: list[dict[str, Any]] = fit_of(volume, found, self.trained)["differs"]
        return differs


def described(dataset_dir: Path) -> TrainedOn:
    """What a training on a data set would note of its scans."""
    items = load_datalist(dataset_dir, "training")
    sizes = {item.get("pixel_um") for item in items}
    working_um = sizes.pop() if len(sizes) == 1 else None
    return describe_training(items, declared(dataset_dir, "training"), working_um)


def print_counts(datasets: Sequence[Path], split: str, checkpoint: Path, of: Path | None) -> None:
    """Print what is said of plain scans, and how often each change is named.

    Raises:
        InputError: see `Judge` and `load_datalist`.
    """
    judge = Judge(checkpoint, of)
    scans = [scan for dataset_dir in datasets for scan in specimens(dataset_dir, split)]
    alarms = {scan.name: judge.findings(scan) for scan in scans}
    told = {name: found for name, found in alarms.items() if found}
    print(f"false alarms: {len(told)} of {len(scans)} plain scans")
    for name, found in told.items():
        print(f"  {name}: {' '.join(finding['words'] for finding in found)}")
    print("| change | named | in numbers | said besides |\n| --- | --- | --- | --- |")
    for worse in changes():
        said = [judge.findings(worse.make(scan)) for scan in scans]
        named = [finding for found in said for finding in found if finding["kind"] in worse.kinds]
        besides = {finding["kind"] for found in said for finding in found} - worse.kinds
        numbers = sorted(finding["number"] for finding in named)
        ends = f"{numbers[0]:.3g} to {numbers[-1]:.3g}" if numbers else ""
        print(f"| {worse.name} | {len(named)} of {len(scans)} | {ends} | {', '.join(sorted(besides))} |")
