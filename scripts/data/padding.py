"""Grey values that no tissue has: what a scan holds where nothing was reconstructed.

Reconstructions put one value outside their field of view: 0, -3024, -32768, -3.4e38. It takes the lowest percentile
and so the window. It shows by holding many voxels exactly, at an end of the range.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

SHARE = 0.03  # of the values, from which one exact value at an end of the range may be padding
SHARE_BLANK = 0.005  # the same of a spike below a gap: a few blank slices, which take the lowest percentile already
SHARE_APART = 0.001  # the same where the value lies apart from all others
SPIKE = 3  # times as often as the values next to it: a value that tissue has is no spike
LEVELS = 4  # values next to it that are counted
GAP_BLANK = 0.1  # of the range of the others, which lies between such a spike and them
GAP = 0.25  # of the range of the others, from which a value that is frequent counts without a spike
ABSURD = 1000  # ranges of the others, beyond which no metal attenuates
CORNERS = 0.5  # share of the slices' corners, of which more must hold a value at the bright end
LEAST_VALUES = 8  # different ones that must be left: an image of fewer is no scan
MOST = 1_000_000  # values that are looked at


@dataclass(frozen=True)
class Padding:
    """The grey values that are padding; false where there are none.

    Attributes:
        low: values up to this one are padding; None: the dark end has none.
        high: values from this one on are padding; None: the bright end has none.
        within: a value among those of tissue that is padding besides; only corners tell. It may be left out of a
            sample, but not replaced in a scan, since tissue has it too.
        shares: each value found, and its share of the voxels.
    """

    low: float | None = None
    high: float | None = None
    within: float | None = None
    shares: tuple[tuple[float, float], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shares)

    def where(self, values: NDArray[Any]) -> NDArray[Any] | None:
        """Mask of the values to be replaced, of the same shape; None where there is nothing to look for."""
        mask: NDArray[Any] | None = None
        if self.low is not None:
            mask = values <= values.dtype.type(self.low)
        if self.high is not None:
            bright = values >= values.dtype.type(self.high)
            mask = bright if mask is None else mask | bright
        return mask

    def without(self, values: NDArray[Any]) -> NDArray[Any]:
        """The values that are no padding, one-dimensional, or all as they are if none is."""
        if not self:
            return values
        mask = self.where(values)
        if self.within is not None:
            among = values == values.dtype.type(self.within)
            mask = among if mask is None else mask | among
        return values if mask is None else values[~mask]

    def __str__(self) -> str:
        return " and ".join(f"{100 * share:.1f} % of the voxels are {value:g}" for value, share in self.shares)

    def to_json(self) -> dict[str, Any]:
        """As it stands in a plan or record, empty for none."""
        return {**asdict(self), "shares": [list(pair) for pair in self.shares]} if self else {}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Padding:
        """What `to_json` gave; an empty mapping stands for none."""
        shares = tuple((float(value), float(share)) for value, share in content.get("shares", ()))
        return cls(content.get("low"), content.get("high"), content.get("within"), shares)


NO_PADDING = Padding()


def dark_end(padding: Padding, lo: float) -> float:
    """A grey value for padding that no window on the scan's scale lets become anything but black.

    Args:
        padding: of the scan.
        lo: low end of its window.
    """
    return lo if padding.low is None else min(padding.low, lo)


def tell_of_padding(padding: Padding, name: str) -> None:
    """Write into the log what was found in a scan, and what becomes of it."""
    if padding.low is not None or padding.high is not None:
        logger.info("%s: %s: taken for padding, left out of the window and stained as NaN is.", name, padding)
    if padding.within is not None:
        logger.warning(
            "%s: %s, which fills the corners of the slices. Tissue has the same grey value, so the corners are stained "
            "as tissue: write NaN there, or a value below all others.",
            name,
            padding,
        )


def corners_of(slices: NDArray[Any]) -> NDArray[Any]:
    """The four corners of each slice of (..., rows, columns), one-dimensional."""
    return slices[..., [0, 0, -1, -1], [0, -1, 0, -1]].ravel()


def find_padding(values: NDArray[Any], corners: NDArray[Any] | Sequence[float] = ()) -> Padding:
    """Find padding in a sample of grey values.

    At the dark end it is one exact value that holds 3 % of the sample and is a spike beside the next values; with a gap
    before them half a per cent is enough, and far apart from them a tenth of a per cent. At the bright end that may be
    metal beyond the detector's range, so there it must fill the corners of the slices too, or lie where no metal can.
    Several values are found one after the other.

    Args:
        values: of any shape and type; NaN and infinity do not count.
        corners: grey values in the corners of the slices.
    """
    sample = values.ravel()[:: max(1, values.size // MOST)].astype(np.float64)
    ordered = np.sort(sample[np.isfinite(sample)])
    total, at_corners = ordered.size, np.asarray(corners, np.float64)
    ends: dict[bool, float | None] = {False: None, True: None}  # by whether it is the bright end
    shares: list[tuple[float, float]] = []
    found = True
    while found:
        found = False
        for bright in (False, True):
            facing = -ordered[::-1] if bright else ordered
            count = _padded(facing, total, first=ends[bright] is None)
            if not count:
                continue
            value = float(ordered[-1] if bright else ordered[0])
            if bright and not (_fills(value, at_corners) or _absurd(facing, count)):
                continue
            ends[bright], found = value, True
            shares.append((value, count / total))
            ordered = ordered[:-count] if bright else ordered[count:]
    within = _within(ordered, total, at_corners)
    if within is not None:
        shares.append(within)
    return Padding(ends[False], ends[True], None if within is None else within[0], tuple(shares))


def padding_of(images: Sequence[NDArray[Any]]) -> Padding:
    """The padding of slices (rows, columns) of one scan, see `find_padding`."""
    values = np.concatenate([image.ravel() for image in images])
    return find_padding(values, np.concatenate([corners_of(image) for image in images]))


def _padded(ordered: NDArray[Any], total: int, first: bool) -> int:
    """How many of the sorted values are padding at their beginning: all that equal the first one, or none."""
    if not ordered.size:
        return 0
    count = int(np.searchsorted(ordered, ordered[0], "right"))
    rest = ordered[count:]
    if count < SHARE_APART * total or not _is_scan(rest):
        return 0
    gap, width = rest[0] - ordered[0], _width(rest)
    if gap > width:
        return count
    spike = first and count > SPIKE * _commonest(rest)
    if count < SHARE * total:
        return count if spike and count >= SHARE_BLANK * total and gap > GAP_BLANK * width else 0
    return count if spike or gap > GAP * width else 0


def _is_scan(rest: NDArray[Any]) -> bool:
    place = 0
    for _ in range(LEAST_VALUES):
        if place >= rest.size:
            return False
        place = int(np.searchsorted(rest, rest[place], "right"))
    return True


def _width(rest: NDArray[Any]) -> float:
    """Range of sorted values without the outermost twentieths."""
    low, high = rest[int(0.05 * (rest.size - 1))], rest[int(0.95 * (rest.size - 1))]
    return float(high - low if high > low else rest[-1] - rest[0])


def _commonest(rest: NDArray[Any]) -> int:
    """How often the commonest of the first few different ones of the sorted values is there."""
    place, most = 0, 0
    for _ in range(LEVELS):
        stop = int(np.searchsorted(rest, rest[place], "right"))
        most, place = max(most, stop - place), stop
        if place >= rest.size:
            break
    return most


def _fills(value: float, corners: NDArray[Any]) -> bool:
    return bool(corners.size) and np.count_nonzero(corners == value) > CORNERS * corners.size


def _absurd(facing: NDArray[Any], count: int) -> bool:
    return bool(facing[count] - facing[0] > ABSURD * _width(facing[count:]))


def _within(ordered: NDArray[Any], total: int, corners: NDArray[Any]) -> tuple[float, float] | None:
    """A value among the others that fills the corners and is a spike, with its share."""
    if not corners.size or not ordered.size:
        return None
    levels, counts = np.unique(corners, return_counts=True)
    value = float(levels[counts.argmax()])
    start, stop = int(np.searchsorted(ordered, value, "left")), int(np.searchsorted(ordered, value, "right"))
    if not (_fills(value, corners) and 0 < start < stop < ordered.size and stop - start >= SHARE * total):
        return None
    spike = stop - start > SPIKE * max(_commonest(ordered[stop:]), _commonest(-ordered[:start][::-1]))
    rest = np.concatenate([ordered[:start], ordered[stop:]])
    return (value, (stop - start) / total) if spike and _is_scan(rest) else None
