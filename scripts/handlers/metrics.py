"""Ignite handlers of the image metrics, for the evaluator's `key_val_metric` and `additional_metrics`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics.metric import reinit__is_reduced
from monai.handlers import IgniteMetricHandler, from_engine

from scripts.metrics.foreground import tissue_foreground
from scripts.metrics.lpips import RegionLPIPSMetric
from scripts.metrics.lpips_weights import HOW_TO_GET, find_lpips_weights
from scripts.metrics.psnr import RegionPSNRMetric
from scripts.metrics.region import RegionMetric
from scripts.metrics.ssim import RegionSSIMMetric

logger = logging.getLogger(__name__)

PRED_AND_LABEL = from_engine(["pred", "label"])


class RegionMetricHandler(IgniteMetricHandler):
    """Compute a `RegionMetric` of every image over its valid pixels, and if wanted over the foreground among them.

    The valid pixels come from the batch (`mask_key`, 1 = use; all if the batch has no such entry). What is predicted at
    the others is replaced by the label, so that no neighbourhood that a metric looks at brings it in again.

    Args:
        metric_fn: the metric.
        output_transform: takes pred and label, (B, 3, H, W) or lists of (3, H, W) in [0, 1], from the engine's output.
        save_details: keep the value of every image in ``engine.state.metric_details``.
        foreground: only look at what is not empty slide in the label, see `tissue_foreground`.
        mask_key: entry of ``engine.state.batch`` with the valid pixels, (1, H, W) each.
    """

    metric_fn: RegionMetric

    def __init__(
        self,
        metric_fn: RegionMetric,
        output_transform: Callable[..., Any] = PRED_AND_LABEL,
        save_details: bool = True,
        foreground: bool = False,
        mask_key: str = "mask",
    ) -> None:
        self.foreground, self.mask_key = foreground, mask_key
        super().__init__(metric_fn=metric_fn, output_transform=output_transform, save_details=save_details)

    def iteration_completed(self, engine: Engine) -> None:
        """Take predictions and labels from the engine's output and masks from its batch."""
        pred, label = self._output_transform(engine.state.output)
        masks = _entries(engine.state.batch, self.mask_key)
        self.update((pred, label, [None] * len(pred) if masks is None else masks))

    @reinit__is_reduced
    def update(self, output: Sequence[Any]) -> None:
        """Add the values of some images.

        Args:
            output: (pred, label, mask), each batched or a list; a mask is None where all pixels are valid.
        """
        for pred, label, mask in zip(*output, strict=True):
            self.measure(pred, label, mask)

    def measure(self, pred: torch.Tensor, label: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Add the value of one image, and return it.

        Args:
            pred: (3, H, W) in [0, 1].
            label: likewise.
            mask: (1, H, W), 1 where a pixel is valid; None: all are.

        Returns:
            (1, 1), of this process alone; NaN where no pixel counts.
        """
        region = torch.ones_like(label[:1]) if mask is None else mask.to(label.device)
        valid = region > 0
        if self.foreground:
            region = region * tissue_foreground(torch.where(valid, label, 1.0))
        pred = torch.where(valid.to(pred.device), pred, label.to(pred))
        return torch.as_tensor(self.metric_fn(pred[None], label[None], region=region[None]))


class PSNR(RegionMetricHandler):
    """Peak signal-to-noise ratio in dB, at most 100, see `RegionPSNRMetric`; arguments as of `RegionMetricHandler`."""

    def __init__(
        self,
        output_transform: Callable[..., Any] = PRED_AND_LABEL,
        save_details: bool = True,
        foreground: bool = False,
        mask_key: str = "mask",
    ) -> None:
        super().__init__(RegionPSNRMetric(), output_transform, save_details, foreground, mask_key)


class SSIM(RegionMetricHandler):
    """Structural similarity, see `RegionSSIMMetric`; arguments as of `RegionMetricHandler`."""

    def __init__(
        self,
        output_transform: Callable[..., Any] = PRED_AND_LABEL,
        save_details: bool = True,
        foreground: bool = False,
        mask_key: str = "mask",
    ) -> None:
        super().__init__(RegionSSIMMetric(), output_transform, save_details, foreground, mask_key)


class LPIPS(RegionMetricHandler):
    """Learned perceptual similarity, see `RegionLPIPSMetric`, where its AlexNet weights can be found.

    Where they cannot, the handler attaches nothing, so that no table has the metric, and one line in the log
    says how to get them. Therefore it should not be the key metric.

    Args:
        weights: file with AlexNet's convolutions; None or "" = torch's cache, see `find_lpips_weights`.
        output_transform, save_details, foreground, mask_key: as of `RegionMetricHandler`.

    Raises:
        InputError: the file does not exist or holds something else.
    """

    def __init__(
        self,
        weights: str | PathLike[str] | None = None,
        output_transform: Callable[..., Any] = PRED_AND_LABEL,
        save_details: bool = True,
        foreground: bool = False,
        mask_key: str = "mask",
    ) -> None:
        self.weights = find_lpips_weights(weights)
        super().__init__(RegionLPIPSMetric(self.weights), output_transform, save_details, foreground, mask_key)

    def attach(self, engine: Engine, name: str) -> None:  # type: ignore[override]
        """Attach the metric under `name`, or only say that it is left out."""
        if self.weights is None:
            log_lpips_left_out()
        else:
            super().attach(engine, name)


@functools.cache
def log_lpips_left_out() -> None:
    """Log once in a process that LPIPS is left out and how to get it."""
    logger.warning(f"LPIPS is left out, its AlexNet weights are not on this machine: {HOW_TO_GET}.")


def _entries(batch: Any, key: str) -> Any:
    """An entry of a batch, whether MONAI has decollated it (a list of dictionaries) or not; None if there is none."""
    if isinstance(batch, Mapping):
        return batch.get(key)
    if isinstance(batch, Sequence) and batch and all(isinstance(item, Mapping) and key in item for item in batch):
        return [item[key] for item in batch]
    return None
