"""Whether the stain shows the right tissues: a handler beside the image metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.metrics import Cumulative

from scripts.errors import InputError
from scripts.metrics.colour_difference import colour_difference
from scripts.metrics.histomorphometry import MEASURES, histomorphometry
from scripts.metrics.tissue_classes import SHORT
from scripts.metrics.tissue_classifier import load_tissue_classifier

OF_TRUE = "_true"  # ends the columns of what the section gives


class Tissue:
    """Classify every stain and its section, and compare them with the labels and with each other.

    For every image and class of `tissue_classes`, by short names as ``new_bone``:

    - ``dice_new_bone``: Dice of the class found in the stain with the labels; ``dice_new_bone_true``: with
      the class found in the section, more than which the classifier cannot give.
    - ``colour_new_bone``: mean `colour_difference` of stain and section where the labels have the class.
    - ``bv_tv``, ``bic``, ``new_bone_fraction``, ``degradation_area``: see `histomorphometry`, of the stain,
      and of the section with ``_true`` at the end.

    A class that is not in the labels is NaN, whatever was found: areas tell of that. Data without labels are held
    against the classes of their sections; then the ``dice_..._true`` are NaN.

    Each becomes an entry of ``engine.state.metrics`` (mean over images that have it) and of
    ``engine.state.metric_details`` (N, 1), as with ``save_details``.

    Args:
        classifier: file of `python -m bundle tissue`; None: nothing is attached.
        pred_key, label_key: entries of the engine's output, (3, H, W) in [0, 1].
        labels_key: entry of the batch with class ids, (1, H, W).
        mask_key: entry of the batch, (1, H, W), 1 where the pair is valid.

    Raises:
        InputError: the file is missing or holds something else.
    """

    def __init__(
        self,
        classifier: str | PathLike[str] | None = None,
        pred_key: str = "pred",
        label_key: str = "label",
        labels_key: str = "labels",
        mask_key: str = "mask",
    ) -> None:
        self.classifier = None if classifier in (None, "") else load_tissue_classifier(classifier)  # type: ignore[arg-type]
        self.pred_key, self.label_key, self.labels_key, self.mask_key = pred_key, label_key, labels_key, mask_key
        self.names: list[str] = []
        self.rows = _Rows()

    def attach(self, engine: Engine, _name: str = "tissue") -> None:
        """Attach to an evaluator that decollates its batches."""
        if self.classifier is None:
            return
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._finish)

    def _start(self) -> None:
        self.rows.reset()

    def _add(self, engine: Engine) -> None:
        outputs: Any = engine.state.output
        batch: Any = engine.state.batch
        for output, item in zip(outputs, batch, strict=True):
            values = self.compare(output[self.pred_key], output[self.label_key], item)
            self.names = list(values)
            self.rows.append(torch.tensor(list(values.values()), dtype=torch.float64))

    def compare(self, pred: torch.Tensor, label: torch.Tensor, item: Mapping[str, Any]) -> dict[str, float]:
        """All values of one image, in the same order whatever is in it.

        Raises:
            InputError: labels that are no class ids.
        """
        assert self.classifier is not None
        device = pred.device
        classifier = self.classifier.to(device)
        pred, label = (torch.as_tensor(x).float().to(device).as_subclass(torch.Tensor) for x in (pred, label))
        mask = item.get(self.mask_key)
        valid = torch.ones_like(label[0], dtype=torch.bool) if mask is None else torch.as_tensor(mask)[0].to(device) > 0
        found, found_true = classifier.classify(pred), classifier.classify(label)
        given = item.get(self.labels_key)
        truth = found_true if given is None else torch.as_tensor(given)[0].long().to(device)
        if int(truth.max()) >= len(SHORT):
            raise InputError(
                f"A label image holds the class {int(truth.max())}: expected 0 to {len(SHORT) - 1}, see "
                "scripts/metrics/tissue_classes.py."
            )
        difference = colour_difference(pred, label)
        values: dict[str, float] = {}
        for number, name in enumerate(SHORT):
            where = (truth == number) & valid
            values[f"dice_{name}"] = dice((found == number) & valid, where)
            ceiling = math.nan if given is None else dice((found_true == number) & valid, where)
            values[f"dice_{name}{OF_TRUE}"] = ceiling
            values[f"colour_{name}"] = float(difference[where].mean()) if where.any() else math.nan
        seen = valid.cpu().numpy()
        for ending, classes in (("", found), (OF_TRUE, found_true)):
            measured = histomorphometry(classes.cpu().numpy(), seen)
            values |= {f"{measure}{ending}": measured[measure] for measure in MEASURES}
        return values

    def _finish(self, engine: Engine) -> None:
        table = self.rows.aggregate()
        details = getattr(engine.state, "metric_details", None)
        if details is None:
            details = engine.state.metric_details = {}  # type: ignore[attr-defined]
        for name, column in zip(self.names, np.asarray(table.cpu()).T, strict=True):
            known = column[~np.isnan(column)]
            engine.state.metrics[name] = float(known.mean()) if known.size else math.nan
            details[name] = torch.from_numpy(column.copy())[:, None]


class _Rows(Cumulative):
    """A row of values for each image, those of all processes."""

    def reset(self) -> None:
        Cumulative.reset(self)  # typed, for mypy

    def aggregate(self, *_args: Any, **_kwargs: Any) -> Any:
        return Cumulative.get_buffer(self)


def dice(found: torch.Tensor, true: torch.Tensor) -> float:
    """Dice coefficient of two masks; NaN where the true one is empty, as MONAI's ``DiceMetric`` has it."""
    return 2 * int((found & true).sum()) / int(found.sum() + true.sum()) if true.any() else math.nan
