"""Metrics that give one value per image, taken over a region of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from monai.metrics.regression import RegressionMetric


class RegionMetric(RegressionMetric):
    """A metric of RGB images in [0, 1] that looks at a region only.

    It is called as any MONAI metric, with one more keyword: ``metric(pred, label, region=region)``. `pred` and `label`
    are (B, C, H, W) tensors or lists of (C, H, W) ones, `region` is (B, 1, H, W) or a list of (1, H, W), 0 or 1;
    without it the whole image counts. Every image gives one value, so the buffer is (B, 1); an empty region gives NaN,
    which MONAI's reductions leave out.
    """

    def _compute_list(  # type: ignore[override]
        self, y_pred: Any, y: Any = None, region: Sequence[torch.Tensor] | None = None
    ) -> torch.Tensor:
        regions: Sequence[torch.Tensor | None] = [None] * len(y_pred) if region is None else region
        return torch.cat(
            [
                self._compute_tensor(p.detach()[None], t.detach()[None], None if r is None else r[None])
                for p, t, r in zip(y_pred, y, regions, strict=True)
            ]
        )

    def _compute_tensor(  # type: ignore[override]
        self, y_pred: torch.Tensor, y: torch.Tensor, region: torch.Tensor | None = None
    ) -> torch.Tensor:
        self._check_shape(y_pred, y)
        # half precision would cost digits, MetaTensors time
        pred, label = (torch.as_tensor(t).as_subclass(torch.Tensor).float() for t in (y_pred, y))
        if region is None:
            region = torch.ones_like(pred[:, :1])
        if region.shape != (pred.shape[0], 1, *pred.shape[2:]):
            raise ValueError(f"region has shape {tuple(region.shape)}, expected (B, 1, H, W) as of {tuple(pred.shape)}")
        inside = region.as_subclass(torch.Tensor).to(pred.device) > 0
        values = [
            self._compute_image(p[None], t[None], r[None]) if r.any() else pred.new_tensor(float("nan"))
            for p, t, r in zip(pred, label.to(pred.device), inside, strict=True)
        ]
        return torch.stack(values)[:, None]

    def _compute_metric(self, y_pred: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self._compute_tensor(y_pred, y)

    @abstractmethod
    def _compute_image(self, pred: torch.Tensor, label: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
        """Return one image's value as a scalar: `pred`, `label` (1, C, H, W), `region` (1, 1, H, W) bool, not empty."""
