"""How a training went, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scipy.stats import linregress

from scripts.words import TITLES, listed

LAST, FEWEST = 5, 3  # validations that show whether a training still improves
CHANCE = 0.05  # that scatter alone rises so
LEAST = {"psnr": 0.05, "ssim": 0.002}  # rise over these validations that is worth more epochs
NUMBERS = {1: "the one score", 2: "both scores", 3: "all three scores"}
GUIDE = "docs/guide.md#worse-than-a-lookup-table"


def compared(scores: Mapping[str, float], table: Mapping[str, float]) -> str:
    """Whether a training is better than the lookup table, by each score that both have; "" where there is none."""
    both = [name for name in TITLES if name in scores and name in table]
    # a lower LPIPS is better
    better = [name for name in both if (scores[name] - table[name]) * (-1 if name == "lpips" else 1) > 0]
    if not both:
        return ""
    if len(better) == len(both):
        return f"Better than a lookup table in {NUMBERS[len(both)]}."
    worse = listed([TITLES[name] for name in both if name not in better])
    if not better:
        return f"No better than a lookup table in {worse}: see {GUIDE}."
    return (
        f"Better than a lookup table in {listed([TITLES[name] for name in better])}, no better in {worse}: see {GUIDE}."
    )


def still_improves(epochs: Sequence[float], values: Sequence[float], key_metric: str) -> bool | None:
    """Whether the key metric was still rising when a training ended.

    It was, if the straight line through the last five validations that compete rises, if scatter alone would rise so in
    under 5 % of the cases (one-sided t-test of the slope), and if it rises by 0.002 (SSIM) or 0.05 dB (PSNR) in all.

    Such a rise may come from the learning rate, which falls to nothing at the end, as well as from learning. More
    epochs do not give that part again.

    Args:
        epochs: of the validations that compete, ascending.
        values: the key metric of each, higher is better.
        key_metric: its name.

    Returns:
        None where three validations are not there, which is too few to tell.
    """
    if len(values) < FEWEST:
        return None
    line = linregress(epochs[-LAST:], values[-LAST:], alternative="greater")
    rise = line.slope * (epochs[-1] - epochs[-LAST:][0])
    return bool(line.pvalue < CHANCE and rise >= LEAST.get(key_metric, 0.0))


def advice(improves: bool | None, max_epochs: int, falling: bool) -> str:
    """What to do about it: train on, or let it be; "" where nothing can be said.

    Args:
        improves: see `still_improves`.
        max_epochs: of the training.
        falling: whether the learning rate had fallen to under a tenth of its highest.
    """
    if improves is None:
        return ""
    if not improves:
        return "No longer improving when it ended."
    why = ", partly since the learning rate fell" if falling else ""
    return (
        f"Still improving when it ended{why}: train on with --resume true --train#trainer#max_epochs "
        f"{max_epochs + max(1, max_epochs // 2)}."
    )


def stopped_early(patience: int | None, key_metric: str) -> str:
    """Why a training ended before its last epoch.

    Args:
        patience: validations that brought nothing better.
        key_metric: by what.
    """
    last = "the last validation" if patience == 1 else f"the last {patience} validations"
    return f"Stopped early, since {last} brought no better {TITLES.get(key_metric, key_metric)} (--patience)."
