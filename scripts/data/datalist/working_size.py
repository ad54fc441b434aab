"""The one pixel size that a network works at, and the pairs of a data list that are brought to it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.image.read import read_header
from scripts.data.resample import Size, same_size, working_shape
from scripts.errors import InputError

logger = logging.getLogger(__name__)

FEWEST, MOST = 64, 200_000  # pixels along a side of an image that was resampled

Items = Sequence[Mapping[str, Any]]


def working_size(items: Items, asked: float | None = None) -> float | None:
    """Edge of the pixels that a training works at, micrometres; None where nobody says how large any pixels are.

    By default it is the coarsest size of which at least half of the pairs are, or are coarser: at most half of them are
    made finer, which adds pixels and no detail.

    Args:
        items: the training pairs, as of `load_datalist`; those without a size do not count.
        asked: the size that somebody wants, which is taken.
    """
    if asked is not None:
        return float(asked)
    coarsest_first = sorted((item[PIXEL_UM] for item in items if item[PIXEL_UM] is not None), reverse=True)
    return float(coarsest_first[(len(coarsest_first) - 1) // 2]) if coarsest_first else None


def is_resampled(item: Mapping[str, Any], working_um: float | None) -> bool:
    """Whether a pair is brought to a working size: both sizes are known and differ by more than 3 %."""
    pixel_um = item.get(PIXEL_UM)
    return pixel_um is not None and working_um is not None and not same_size(pixel_um, working_um)


def working_size_of(item: Mapping[str, Any], working_um: float | None) -> Size:
    """Rows and columns of a pair at the working size."""
    head = read_header(item["image"])
    if not is_resampled(item, working_um):
        return head.height, head.width
    assert working_um is not None
    rows, columns = working_shape((head.height, head.width), item[PIXEL_UM], working_um)
    return rows, columns


def tell_working_size(
    items: Items, working_um: float | None, others: Items = (), initial_um: float | None = None
) -> None:
    """Say at which pixel size a training works and which pairs are brought to it; warn of what is not known.

    Args:
        items: the training pairs.
        working_um: see `working_size`.
        others: the validation pairs.
        initial_um: at which size the weights work that the training begins with, None if it is not known.

    Raises:
        InputError: an image becomes too small or too large at the working size.
    """
    everything = [*items, *others]
    if working_um is None:
        logger.warning(
            "No training pair says how large its pixels are: no pair is resampled, and the weights will not know their "
            'pixel size. Give "pixel_um" (micrometres) in the data list.'
        )
        return
    logger.info("Working size: %g um. %s", working_um, _resampled(everything, working_um))
    _warn_of_unknown(everything, working_um)
    if initial_um is not None and not same_size(initial_um, working_um):
        logger.warning(
            "The initial weights work at pixels of %g um, this training at %g um, so it has to learn the size of all "
            "structures anew: give --working_um %g to keep theirs.",
            initial_um,
            working_um,
            initial_um,
        )
    check_working_sizes(everything, working_um)


def tell_network_size(items: Items, network_um: float | None) -> None:
    """Say at which pixel size a network is evaluated and which pairs are brought to it.

    Args:
        items: the pairs that it is evaluated on.
        network_um: the size that its weights work at, None if they do not say.

    Raises:
        InputError: an image becomes too small or too large at that size.
    """
    if network_um is None:
        logger.info("The weights do not say which pixel size they work at: no pair is resampled.")
        return
    logger.info("The network works at pixels of %g um. %s", network_um, _resampled(items, network_um))
    _warn_of_unknown(items, network_um)
    check_working_sizes(items, network_um)


def check_working_sizes(items: Items, working_um: float | None) -> None:
    """Check that no image becomes too small or too large by being resampled.

    Raises:
        InputError: one would have under 64 or over 200,000 pixels along a side.
    """
    for item in items:
        if not is_resampled(item, working_um):
            continue
        rows, columns = working_size_of(item, working_um)
        if min(rows, columns) < FEWEST or max(rows, columns) > MOST:
            raise InputError(
                f"{item['image']} has pixels of {item[PIXEL_UM]:g} um and would have {rows} x {columns} pixels (rows x "
                f"columns) at the working size of {working_um:g} um, expected {FEWEST} to {MOST} a side: correct "
                f'its "{PIXEL_UM}", or take the pair out.'
            )


def _resampled(items: Items, working_um: float) -> str:
    sizes = Counter(item[PIXEL_UM] for item in items if is_resampled(item, working_um))
    if not sizes:
        return f"None of the {len(items)} pairs is resampled."
    parts = ", ".join(f"{count} from {size:g} um" for size, count in sorted(sizes.items()))
    return f"{sizes.total()} of the {len(items)} pairs are resampled: {parts}."


def _warn_of_unknown(items: Items, working_um: float) -> None:
    unknown = [item["image"] for item in items if item.get(PIXEL_UM) is None]
    if unknown:
        logger.warning(
            "%d of the %d pairs do not say how large their pixels are, such as %s: they are taken for %g um. Give the "
            'data list their "%s" (micrometres).',
            len(unknown),
            len(items),
            unknown[0],
            working_um,
            PIXEL_UM,
        )
