"""What an evaluation is of: weights, data and windows; said in the log and beside the tables."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.data.datalist.declared import materials_of
from scripts.data.given_window import EXPORT, PERCENTILES
from scripts.data.window_choice import ORIGINS
from scripts.engines.specimen import slices_of_specimen
from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.fit.compare import Scan, compare
from scripts.fit.describe import describe_scan
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.options.values import truth
from scripts.provenance.code import code_version
from scripts.provenance.command import command_line
from scripts.provenance.config import EVALUATE, differences
from scripts.provenance.identity import digest_of
from scripts.provenance.pairs import describe_pairs, identity_of
from scripts.weights.origin import describe_weights
from scripts.whole import write_text

logger = logging.getLogger(__name__)

COMPANION = "metrics_of.json"
IDENTITY = ("weights_sha256", "datalist_sha256", "split")  # where all are the same, and the files, it is the same
FILES = "pairs_sha256"  # of all files of the split; version 0.10 and before did not note it


class EvaluationOf:
    """Name what is evaluated, and keep one evaluation from taking the place of another.

    Args:
        checkpoint: file of the weights.
        dataset_dir: folder with ``datalist.json``.
        split: of the data list.
        items: as of `load_datalist`.
        overwrite: let the evaluation take the place of any other.
        network_um: pixel size that the network works at, micrometres; None where its weights do not say.
        trained_on: what the weights say of the scans of their training.
        config: see `config_in_use`; None: what it changes is not known.
    """

    def __init__(
        self,
        checkpoint: str | os.PathLike[str],
        dataset_dir: str | os.PathLike[str],
        split: str,
        items: Sequence[Mapping[str, Any]],
        overwrite: bool = False,
        network_um: float | None = None,
        trained_on: TrainedOn = UNKNOWN,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        digest = file_digest(checkpoint)
        datalist = Path(dataset_dir) / "datalist.json"
        pairs = describe_pairs({split: items}, dataset_dir)
        self.overwrite = truth(overwrite, "overwrite")
        self.record: dict[str, Any] = {
            "weights": describe_weights(checkpoint, digest, trained_on),
            "weights_sha256": digest,
            "weights_run": trained_on.run,
            "weights_trained": trained_on.trained,
            "datalist": str(datalist),
            "datalist_sha256": file_digest(datalist),
            "split": split,
            FILES: digest_of(identity_of(pairs)),
            "pairs": pairs,
            "command": command_line(),
            "differences": None if config is None else differences(config, EVALUATE),
            "code": code_version(),
            "network_pixel_um": network_um,
            "pixel_um": _sizes(items),
            "windows": {str(item["specimen"]): _window(item) for item in items},
        }
        materials = materials_of(dataset_dir, split)
        self.record["differs"] = self._differences(items, trained_on, materials)
        for specimen, sentences in self.record["differs"].items():
            logger.warning("Specimen %s: %s", specimen, " ".join(sentences))

    def _differences(
        self, items: Sequence[Mapping[str, Any]], trained_on: TrainedOn, materials: Mapping[str, str]
    ) -> dict[str, list[str]]:
        """How specimens differ from those of the training, in sentences; those that do not are left out."""
        differs = {}
        for specimen, window in self.record["windows"].items() if trained_on != UNKNOWN else ():
            first = next(item for item in items if str(item["specimen"]) == specimen)
            slices = slices_of_specimen(items, first["specimen"], trained_on.pixel_um)
            size = first.get("pixel_um")
            scan = Scan(
                describe_scan(slices),
                None if size is None else [size] * 3,
                (len(slices), *slices[0].shape),
                PERCENTILES if window["source"] == EXPORT else window["source"],
                materials=[materials[specimen]] if specimen in materials else [],
            )
            found = compare(scan, trained_on)
            if found:
                differs[specimen] = [finding.words for finding in found]
        return differs

    @property
    def words(self) -> str:
        """One line on weights, data and windows."""
        windows: dict[str, list[str]] = {}
        for specimen, window in self.record["windows"].items():
            lo, hi = window["window"]
            windows.setdefault(f"{lo:g} to {hi:g} ({window['origin']})", []).append(specimen)
        parts = "; ".join(f"{', '.join(specimens)}: {window}" for window, specimens in windows.items())
        return (
            f"Weights: {self.record['weights']}. Data: {self.record['split']} of {self.record['datalist']}. "
            f"Windows: {parts}."
        )

    def require_place(self, folder: Path, tables: Sequence[str]) -> None:
        """Check that a folder holds no tables, or those of this very evaluation.

        Raises:
            InputError: it holds others, and they are not to be overwritten.
        """
        if self.overwrite or not any((folder / name).exists() for name in tables):
            return
        try:
            other = json.loads((folder / COMPANION).read_text(encoding="utf-8"))
            same_files = other.get(FILES, self.record[FILES]) == self.record[FILES]
            if same_files and all(other[key] == self.record[key] for key in IDENTITY):
                return
            whose = f"with the weights {other['weights']}, {other['split']} of {other['datalist']}"
        except (OSError, ValueError, KeyError, TypeError):
            whose = "that does not say what it is of"
        raise InputError(f"{folder} holds another evaluation, {whose}: give another --output_dir, or --overwrite true.")

    def begin(self, folder: Path) -> None:
        """Take the old companion away before the tables change."""
        with contextlib.suppress(FileNotFoundError):
            (folder / COMPANION).unlink()

    def write(self, folder: Path) -> None:
        """Write the companion, whole or not at all.

        Raises:
            OSError: the disk is full.
        """
        write_text(folder / COMPANION, json.dumps(self.record, indent=1) + "\n")


def _sizes(items: Sequence[Mapping[str, Any]]) -> dict[str, list[float | None]]:
    """Of each specimen the pixel sizes of its pairs, micrometres, None for those that do not say."""
    sizes: dict[str, dict[float | None, None]] = {}
    for item in items:
        sizes.setdefault(str(item["specimen"]), {})[item.get("pixel_um")] = None
    return {specimen: list(found) for specimen, found in sizes.items()}


def _window(item: Mapping[str, Any]) -> dict[str, Any]:
    window = [float(limit) for limit in item["ct_window"]]
    return {"window": window, "origin": ORIGINS[item["window_source"]].evaluated, "source": item["window_source"]}
