"""How good an uncertainty is: error retention, calibration, and telling the unseen from the seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

Values = NDArray[np.floating[Any]]

BINS = 20
SHARES = np.linspace(0, 0.5, 26)  # of the pixels that are discarded


def removed_error(error: Values, uncertainty: Values, shares: Sequence[float] | Values) -> list[float]:
    """Share of the squared error that goes with the most uncertain pixels.

    Args:
        error: squared, (pixels,).
        uncertainty: (pixels,).
        shares: of the pixels, discarded.

    Returns:
        One value for each share; an uncertainty that knows nothing gives the shares themselves.
    """
    order = np.argsort(-uncertainty, kind="stable")
    removed = np.concatenate([[0.0], np.cumsum(error[order], dtype=np.float64)])
    return [float(removed[round(share * len(error))] / removed[-1]) for share in shares]


def fit_scale(error: Values, uncertainty: Values) -> tuple[float, float]:
    """Factor and constant by which ``factor * sqrt(uncertainty) + constant`` is the expected root-mean-square error.

    A line through bins with equally many pixels, weighted alike. The root is not theory: it is the shape that the
    validation specimens show.
    """
    factor, constant = np.polyfit(_bins(uncertainty, np.sqrt(uncertainty)), np.sqrt(_bins(uncertainty, error)), 1)
    return float(factor), float(constant)


def calibration(error: Values, uncertainty: Values, scale: tuple[float, float]) -> tuple[Values, Values]:
    """Expected and observed root-mean-square error of bins with equally many pixels, from certain to uncertain."""
    factor, constant = scale
    expected = _bins(uncertainty, factor * np.sqrt(uncertainty) + constant)
    return expected, np.sqrt(_bins(uncertainty, error))


def _bins(uncertainty: Values, values: Values) -> Values:
    order = np.argsort(uncertainty, kind="stable")
    return np.array([part.mean(dtype=np.float64) for part in np.array_split(values[order], BINS)])


def auc(of_unseen: Sequence[float], of_seen: Sequence[float]) -> float:
    """Chance that an unseen slice is less certain than a seen one: area under the ROC curve; ties count half."""
    return float(mannwhitneyu(of_unseen, of_seen).statistic) / (len(of_unseen) * len(of_seen))
