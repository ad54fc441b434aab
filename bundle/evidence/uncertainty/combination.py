"""The error that is expected of a pixel, from several things that are known of it: a few numbers, fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from monai.metrics.calibration import calibration_binning
from numpy.typing import NDArray
from scipy.optimize import minimize

OFFSET = 0.25  # of each term before its logarithm is taken: a quarter of a grey level is the least that is kept
PIXELS = 200_000  # by which the numbers are found
BINS = 20

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Combination:
    """``log(expected squared error) = constant + sum of weight * log(term + 0.25)``.

    Attributes:
        constant: see above.
        weights: by term.
    """

    constant: float
    weights: Mapping[str, float]

    def expected(self, terms: Mapping[str, Values]) -> Values:
        """Expected root-mean-square error of each pixel, grey levels."""
        total = sum(weight * np.log(terms[name] + OFFSET) for name, weight in self.weights.items())
        expected: Values = np.exp((self.constant + total) / 2)
        return expected


def fit_combination(error: Values, terms: Mapping[str, Values], seed: int = 0) -> Combination:
    """The numbers of largest quasi-likelihood, with a variance in proportion to the mean (Poisson's).

    Args:
        error: squared, (pixels,), grey levels squared.
        terms: what is known of the pixels, by name, 0 or more.
        seed: of the pixels that are drawn.
    """
    drawn = np.random.default_rng(seed).choice(len(error), min(PIXELS, len(error)), replace=False)
    known = np.stack([np.ones(len(drawn)), *(np.log(values[drawn] + OFFSET) for values in terms.values())], axis=1)
    scale = float(error[drawn].mean()) + 1e-9
    seen = error[drawn] / scale

    def misfit(numbers: Values) -> tuple[float, Values]:
        logarithm = known @ numbers
        meant = np.exp(logarithm)
        return float((meant - seen * logarithm).mean()), known.T @ (meant - seen) / len(seen)

    found = minimize(misfit, np.zeros(known.shape[1]), jac=True, method="BFGS").x
    return Combination(float(found[0] + np.log(scale)), dict(zip(terms, map(float, found[1:]), strict=True)))


def calibration_errors(error: Values, expected: Values) -> dict[str, float]:
    """How far the expected error is from the observed one, grey levels, over equal steps of the expected one.

    MONAI's binning; its three summaries (Guo et al., ICML 2017): mean weighted by pixels, mean of the steps, largest.
    Steps with less than a thousandth of the pixels are left out.

    Args:
        error: squared, (pixels,).
        expected: its root's expectation, (pixels,).
    """
    steps = torch.from_numpy(np.asarray(expected / expected.max(), np.float32))[None, None]

    def means(of: Values) -> tuple[torch.Tensor, torch.Tensor]:
        _, mean, counts = calibration_binning(steps, torch.from_numpy(np.asarray(of, np.float32))[None, None], BINS)
        return mean[0, 0].double(), counts[0, 0].double()

    (observed, counts), (meant, _) = means(error), means(expected**2)
    kept = counts >= len(error) / 1000
    gaps = (observed.sqrt() - meant.sqrt()).abs()[kept]
    return {
        "expected": float((gaps * counts[kept]).sum() / counts[kept].sum()),
        "average": float(gaps.mean()),
        "maximum": float(gaps.max()),
    }
