"""What trained networks are evaluated on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bundle.evidence.shared.cell.digests import data_digest, measures_digest
from scripts.files.digest import file_digest


@dataclass(frozen=True)
class Evaluation:
    """What trained networks are evaluated on.

    Attributes:
        split: of the data.
        dataset_dir: other data than the training's, None for the same.
        tissue_classifier: file of `python -m bundle tissue`, None for no tissue metrics.
    """

    split: str
    dataset_dir: str | None = None
    tissue_classifier: str | None = None

    @property
    def name(self) -> str:
        """Name of its folder and of its file of scores."""
        return self.split if self.dataset_dir is None else f"{self.split}_of_{Path(self.dataset_dir).name}"

    def on(self, data: Path, trained_on: Path) -> Evaluation:
        """The same on a data set of a network trained on one."""
        return replace(self, dataset_dir=None if data == trained_on else str(data))

    def identity(self) -> dict[str, Any]:
        """What decides the scores of given weights: data, classifier, and the code that measures."""
        classifier = self.tissue_classifier
        return {
            "measures": measures_digest(),
            "data": None if self.dataset_dir is None else data_digest(self.dataset_dir),
            "dataset_dir": self.dataset_dir,
            "tissue_classifier": None if classifier is None else file_digest(classifier),
        }
