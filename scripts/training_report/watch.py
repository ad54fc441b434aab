"""Watches a validator: what `Validation` holds is noted while the slices come."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys as Keys
from monai.utils import ImageMetaKey

from scripts.training_report.pictures import LARGE, SMALL, as_jpeg
from scripts.training_report.validation import Pictures, Slice, Validation

WORST = 3


class ValidationWatch:
    """Note the scores of all slices of a validation, and pictures of a few.

    Args:
        key_metric: of which low values are bad; ranks the slices.
        images: how many slices are shown of every validation; they are spread evenly over the data list.
    """

    def __init__(self, key_metric: str, images: int) -> None:
        self.key_metric, self.images = key_metric, images
        self.seen: Validation | None = None
        self._slices: list[Slice] = []
        self._shown: dict[int, Pictures] = {}
        self._small: list[Pictures] = []

    def attach(self, validator: Engine) -> None:
        """Attach after the metrics."""
        validator.add_event_handler(Events.STARTED, self._begin)
        validator.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        validator.add_event_handler(Events.COMPLETED, self._end)

    def _begin(self) -> None:
        self.seen = None
        self._slices, self._shown, self._small = [], {}, []

    def _add(self, validator: Any) -> None:
        spread = _spread(validator.state.epoch_length, self.images)
        for item, output in zip(validator.state.batch, validator.state.output, strict=True):
            place, described = len(self._slices), describe(item)
            self._slices.append(described)
            images = item[Keys.IMAGE], output[Keys.PRED], item[Keys.LABEL]
            if place in spread:
                self._shown[place] = Pictures(described, *(as_jpeg(image, LARGE) for image in images))
            # which are the worst is known at the end only
            self._small.append(Pictures(described, *(as_jpeg(image, SMALL) for image in images)))

    def _end(self, validator: Any) -> None:
        details = getattr(validator.state, "metric_details", {})
        values = {name: torch.as_tensor(column).flatten().tolist() for name, column in details.items()}
        for place, described in enumerate(self._slices):  # of several processes the first comes first
            finite = {name: column[place] for name, column in values.items() if place < len(column)}
            described.scores.update({name: value for name, value in finite.items() if math.isfinite(value)})
        metric = self.key_metric if self.key_metric in values else next(iter(values), "")
        known = [pictures for pictures in self._small if metric in pictures.slice.scores]
        worst = heapq.nsmallest(WORST, known, key=lambda pictures: pictures.slice.scores[metric])
        shown = tuple(self._shown.values())
        self.seen = Validation(validator.state.epoch, tuple(self._slices), shown, tuple(worst), metric)
        self._small = []


def describe(item: Mapping[Any, Any]) -> Slice:
    """Name, specimen and size of a decollated item of a batch."""
    image = item[Keys.IMAGE]
    source = str(getattr(image, "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ, ""))
    rows, columns = image.shape[-2:]
    return Slice(short_name(source), str(item.get("specimen", "")), rows, columns)


def short_name(source: str) -> str:
    """The name of a file without its folder; of a data set in a file, with its name there."""
    path, mark, inside = source.partition("::")
    return Path(path).name + mark + inside


def _spread(length: int | None, count: int) -> set[int]:
    """At most so many places of a list, from the first to the last."""
    if length is None or count < 2:
        return set(range(count))
    return {round(index * (length - 1) / (count - 1)) for index in range(count)}
