"""Windowing of CT grey values into [0, 1]: one linear map per specimen or volume, never per slice."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Transform
from numpy.typing import NDArray

from scripts.data.image.precise import as_float, float32_suffices
from scripts.data.padding import padding_of
from scripts.errors import InputError
from scripts.files.opening import require_finite

logger = logging.getLogger(__name__)

#: Shares of a scan's robust range and of the training window that both must have in common for the latter to be used.
SHARE_OF_SCAN, SHARE_OF_TRAINED = 0.3, 0.2
MARGIN = 0.1  # of a window's or a scan's range, the smaller one, by which noise goes beyond the window's ends

PERCENTILES = (0.5, 99.5)  # of a scan's grey values: its window where nobody gives one

WIDE = (torch.float64, torch.int32, torch.int64)  # hold more digits than float32

Values = TypeVar("Values", NDArray[Any], torch.Tensor)


def percentile_window(
    values: NDArray[Any], lower: float = PERCENTILES[0], upper: float = PERCENTILES[1], name: str = "the image"
) -> tuple[float, float]:
    """Window between two percentiles of the grey values.

    Where so many pixels share one value (a flat background) that both percentiles fall on it, the window is the full
    range.

    Args:
        values: grey values of any shape and type.
        lower: lower percentile, 0 to 100.
        upper: upper percentile, above `lower`.
        name: what to call the values in an error.

    Returns:
        (lo, hi) with lo < hi, in units of the grey values.

    Raises:
        InputError: the values are constant, or hold NaN or infinity.
    """
    if not 0 <= lower < upper <= 100:
        raise InputError(f"ct_percentiles are [{lower:g}, {upper:g}]: give two from 0 to 100, the lower one first.")
    require_finite(values, name)
    lo, hi = (float(value) for value in np.percentile(values, (lower, upper)))
    if hi <= lo:
        lo, hi = float(values.min()), float(values.max())
    if hi <= lo:
        raise InputError(f"{name} is constant, every value is {lo:g}: there is nothing to stain, check the export.")
    return lo, hi


def check_window(window: object, name: str) -> tuple[float, float]:
    """Return a given window as two numbers.

    Raises:
        InputError: it is not two finite numbers of which the second is larger.
    """
    if isinstance(window, (Sequence, np.ndarray, torch.Tensor)) and not isinstance(window, str) and len(window) == 2:
        try:
            lo, hi = (float(value) for value in window)
        except (TypeError, ValueError):
            lo = hi = float("nan")
        if np.isfinite([lo, hi]).all() and lo < hi:
            return lo, hi
    raise InputError(f"The CT window {window!r} of {name} is not [lo, hi], two numbers with lo < hi: correct it.")


def common_window(items: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """The CT window (lo, hi) if all items share one, else None."""
    windows = {tuple(item["ct_window"]) for item in items}
    if len(windows) != 1:
        return None
    lo, hi = windows.pop()
    return lo, hi


def fits_window(robust: tuple[float, float], trained: tuple[float, float]) -> bool:
    """Whether a robust range of grey values lies on the scale of the training window.

    Args:
        robust: (lo, hi) percentiles of a volume or specimen.
        trained: (lo, hi) window of the training data.

    Returns:
        True if the part they share is at least three tenths of the robust range (metal may take the larger part of
        it) and a fifth of the training window.
    """
    shared = min(robust[1], trained[1]) - max(robust[0], trained[0])
    enough_of_scan = shared >= SHARE_OF_SCAN * (robust[1] - robust[0])
    return enough_of_scan and shared >= SHARE_OF_TRAINED * (trained[1] - trained[0])


def overlaps(window: tuple[float, float], values: NDArray[Any]) -> bool:
    """Whether some grey values lie in a window, its ends included: a slice may be empty."""
    return bool(values.max() >= window[0] and values.min() <= window[1])


def check_overlap(window: tuple[float, float], values: NDArray[Any], name: str) -> None:
    """Check that a window holds some of the grey values.

    Raises:
        InputError: all values lie on one side of it, so that they would all become 0 or 1.
    """
    if not overlaps(window, values):
        raise InputError(
            f"The CT window [{window[0]:g}, {window[1]:g}] holds none of the grey values of {name}, which go from "
            f"{float(values.min()):g} to {float(values.max()):g}: give one on their scale, or none."
        )


def warn_if_outside(
    window: tuple[float, float], values: NDArray[Any], name: str, remedy: str = '--ct_window "[{:g}, {:g}]"'
) -> None:
    """Warn if most grey values lie clearly outside a window, so that they become black or white.

    Args:
        window: (lo, hi).
        values: without padding, see `scripts.data.padding`.
        name: of the scan.
        remedy: how to give a window that holds them.
    """
    lo, hi = window
    least, most = (float(value) for value in np.percentile(values, PERCENTILES))
    margin = MARGIN * min(hi - lo, most - least)
    outside = np.count_nonzero(values < lo - margin) + np.count_nonzero(values > hi + margin)
    if outside > 0.5 * values.size:
        logger.warning(
            "%s: %.0f %% of its grey values lie outside the window %g to %g and become black or white. If the stain "
            "looks wrong, give %s.",
            name,
            100 * outside / values.size,
            lo,
            hi,
            remedy.format(least, most),
        )


def window(values: Values, lo: float, hi: float) -> Values:
    """Map [lo, hi] to [0, 1] linearly and clip, in float32; the low end is subtracted before values lose digits.

    Args:
        values: grey values, array or tensor of any shape.
        lo: grey value that becomes 0.
        hi: grey value that becomes 1.

    Returns:
        float32 array or tensor of the same shape, in [0, 1].

    Raises:
        InputError: not lo < hi.
    """
    lo, hi = check_window((lo, hi), "the image")
    # A product instead of a division: arrays and tensors then round alike, on every device.
    scale = 1.0 / (hi - lo)
    if isinstance(values, torch.Tensor):
        if values.dtype in WIDE and not float32_suffices(lo, hi):
            return ((values.to(torch.float64) - lo) * scale).clamp(0.0, 1.0).to(torch.float32)
        return ((values.to(torch.float32) - lo) * scale).clamp(0.0, 1.0)
    floats = as_float(values, lo, hi)
    if floats.dtype == np.float64:
        return np.clip((floats - lo) * scale, 0.0, 1.0).astype(np.float32)
    scaled = (floats - np.float32(lo)) * np.float32(scale)
    return np.clip(scaled, 0.0, 1.0, out=scaled)


class WindowCT(Transform):
    """Window the grey values of one image or volume.

    Args:
        lower: lower percentile of the window where none is given.
        upper: upper percentile of the window where none is given.
    """

    def __init__(self, lower: float = PERCENTILES[0], upper: float = PERCENTILES[1]) -> None:
        self.lower, self.upper = lower, upper

    def __call__(self, image: Values, ct_window: Sequence[float] | None = None, name: str = "the image") -> Values:
        """Return the image in [0, 1], by `ct_window` if given, else by its own percentiles without padding.

        Raises:
            InputError: a window that is none, a constant image, NaN or infinity.
        """
        if ct_window is not None:
            return window(image, *check_window(ct_window, name))
        values = np.asarray(image)
        padding = padding_of([values])
        scaled = window(image, *percentile_window(padding.without(values), self.lower, self.upper, name))
        padded = padding.where(values)
        if padded is not None:
            scaled[padded] = 0.0
        return scaled


class WindowCTd(MapTransform):
    """Dictionary form of `WindowCT`: the window is the item's own entry `window_key`, if it has one.

    Args:
        keys: CT images to window.
        window_key: where the item carries ``[lo, hi]``; items without it get the percentiles of their own file.
        lower: lower percentile.
        upper: upper percentile.
        allow_missing_keys: whether an item may lack a key.
    """

    def __init__(
        self,
        keys: KeysCollection = "image",
        window_key: str = "ct_window",
        lower: float = PERCENTILES[0],
        upper: float = PERCENTILES[1],
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.window_key = window_key
        self.window_ct = WindowCT(lower, upper)

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with its CT images in [0, 1]."""
        item = dict(data)
        given = item.get(self.window_key)
        for key in self.key_iterator(item):
            name = str(getattr(item[key], "meta", {}).get("filename_or_obj", "the image"))
            item[key] = self.window_ct(item[key], given, name)
        return item
