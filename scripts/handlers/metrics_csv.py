"""Tables of an evaluation: the metrics of every image and their summary."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events
from monai.utils import ImageMetaKey, string_list_all_gather

from scripts.files.output_folder import writable_folder
from scripts.files.table import write_rows
from scripts.provenance.evaluation_of import EvaluationOf

PER_IMAGE = "metrics_per_image.csv"
SUMMARY = "metrics_summary.csv"


class MetricsCSV:
    """Write the metrics of every image and their summary when an evaluation ends.

    MONAI's ``MetricsSaver`` writes two files per metric; here all metrics of an image stand in one row, see
    `write_metrics_csv`. Every metric that is attached with ``save_details=True`` makes a column.

    Args:
        output_dir: folder for the tables, made if need be.
        image_key: entry of the batch that bears its file name in ``meta["filename_or_obj"]``.
        specimen_key: entry of the batch with the specimen's name; may be missing.
        of: what is evaluated, for the log and a companion of the tables; None: nothing is said.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        image_key: str = "image",
        specimen_key: str = "specimen",
        of: EvaluationOf | None = None,
    ) -> None:
        self.output_dir, self.of = output_dir, of
        self.image_key, self.specimen_key = image_key, specimen_key
        self._images: list[str] = []
        self._specimens: list[str] = []

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator that decollates its batches.

        Raises:
            InputError: the folder cannot be written to, or holds another evaluation; better now than afterwards.
        """
        folder = writable_folder(self.output_dir)
        if self.of is not None:
            self.of.require_place(folder, (PER_IMAGE, SUMMARY))
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._note_names)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def _start(self, engine: Engine) -> None:
        self._images, self._specimens = [], []
        if self.of is not None and idist.get_rank() == 0:
            engine.logger.info(self.of.words)

    def _note_names(self, engine: Engine) -> None:
        for item in engine.state.batch:  # type: ignore[union-attr]
            name = getattr(item[self.image_key], "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ, "")
            self._images.append(Path(str(name)).name or str(len(self._images)))
            self._specimens.append(str(item.get(self.specimen_key, "")))

    def __call__(self, engine: Engine) -> None:
        """Write the tables, on the first process only."""
        images, specimens = self._images, self._specimens
        if idist.get_world_size() > 1:
            images, specimens = string_list_all_gather(images), string_list_all_gather(specimens)
        if idist.get_rank() == 0:
            details = getattr(engine.state, "metric_details", {})
            values = {name: buffer.flatten().tolist() for name, buffer in details.items()}
            if self.of is not None:
                self.of.begin(Path(self.output_dir))
            write_metrics_csv(self.output_dir, images, specimens, values)
            if self.of is not None:
                self.of.write(Path(self.output_dir))


def write_metrics_csv(
    output_dir: str | os.PathLike[str],
    images: Sequence[str],
    specimens: Sequence[str],
    values: Mapping[str, Sequence[float]],
) -> None:
    """Write ``metrics_per_image.csv`` and ``metrics_summary.csv``, each whole or not at all.

    The first has the columns image, specimen and one per metric; the second metric, mean, std (of a sample, n - 1),
    median, min, max, n. What an image does not have (NaN: no foreground, say) is an empty cell and does not count.

    Args:
        output_dir: folder, made if need be.
        images: name of every image.
        specimens: specimen of every image.
        values: per metric the value of every image.

    Raises:
        InputError: the folder cannot be written to.
    """
    folder = writable_folder(output_dir)
    rows = [
        {"image": image, "specimen": specimen, **{name: _cell(column[index]) for name, column in values.items()}}
        for index, (image, specimen) in enumerate(zip(images, specimens, strict=True))
    ]
    write_rows(folder / PER_IMAGE, rows)
    write_rows(folder / SUMMARY, [{"metric": name, **_summary(column)} for name, column in values.items()])


def _summary(column: Sequence[float]) -> dict[str, Any]:
    known = [value for value in column if not math.isnan(value)]
    figures: dict[str, Any] = dict.fromkeys(("mean", "std", "median", "min", "max"), "")
    if known:
        figures |= {"mean": statistics.fmean(known), "median": statistics.median(known)}
        figures |= {"min": min(known), "max": max(known)}
    if len(known) > 1:
        figures["std"] = statistics.stdev(known)
    return {**figures, "n": len(known)}


def _cell(value: float) -> float | str:
    return "" if math.isnan(value) else value
