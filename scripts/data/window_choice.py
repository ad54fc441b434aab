"""Which window a scan is given where nobody gave one, and why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from scripts.data.given_window import EXPORT, LANDMARKS, PERCENTILES, PRESETS
from scripts.data.landmarks.find import Landmarks, Search
from scripts.data.landmarks.training import in_window
from scripts.data.window import check_window, fits_window
from scripts.errors import InputError

logger = logging.getLogger(__name__)

#: Where background and mineral lie in the window of the plain phantom: mean of the training and validation specimens
#: of seeds 0 and 4, 28 in all. Scans are brought there in a training whose data list gives no windows.
STANDARD = (0.129, 0.462)
#: How far they lie from there in the window of one of these specimens at most: 0.013 and 0.018. Scans whose landmarks
#: lie no further from the training's than this count as calibrated alike.
ALIKE = (0.014, 0.02)
#: Step from background to mineral, as part of the training's, beyond which a scan on the training's scale shows
#: something else, such as air and soft tissue.
OTHER_TISSUE = (0.5, 2.0)

OTHER = "seem to be of other tissues"

GIVEN, TRAINED = "given", "trained"
LOOK = 'look at `python -m bundle window`, and give --ct_window "[lo, hi]"'

Window = tuple[float, float]


class Origin(NamedTuple):
    """What a window's source is called.

    Attributes:
        trained: of the specimens that a network is trained on.
        evaluated: of those that it is evaluated on.
    """

    trained: str
    evaluated: str


#: By `Choice.source`.
ORIGINS = {
    GIVEN: Origin("given by the data list", "given by the data list"),
    TRAINED: Origin("of another training", "of the training"),
    LANDMARKS: Origin("found by landmarks", "landmarks of the specimen"),
    PERCENTILES: Origin("found by percentiles", "percentiles of the specimen"),
    EXPORT: Origin("found by the percentiles of an export", "percentiles of the export"),
}


class Training(NamedTuple):
    """What is known of the windows of a training.

    Attributes:
        window: common to all its scans, None where they had different ones.
        landmarks: where background and mineral lay in their windows, None where the weights do not say.
    """

    window: Window | None = None
    landmarks: Window | None = STANDARD


class Facts(NamedTuple):
    """What is found in a scan.

    Attributes:
        robust: grey values at the lower and upper percentile, without padding.
        search: for landmarks.
    """

    robust: Window
    search: Search


class Choice(NamedTuple):
    """A window.

    Attributes:
        lo: grey value that becomes black.
        hi: grey value that becomes white.
        source: "given", "trained", "landmarks", "percentiles" or "export".
        why: in words.
    """

    lo: float
    hi: float
    source: str
    why: str

    @property
    def window(self) -> Window:
        """(lo, hi)."""
        return self.lo, self.hi


def training_of(network: Any) -> Training:
    """What a network's weights say of the windows of its training.

    Args:
        network: a `scripts.networks.KeepsWindowing`.
    """
    return Training(network.trained_window, network.trained_on.landmarks)


def choose_window(facts: Facts, training: Training, name: str) -> Choice:
    """The training's window if the scan is calibrated as its scans, else landmarks brought to where they lie in the
    training, else percentiles. The log says which one, and warns of what is doubtful.

    Args:
        facts: of the scan.
        training: of the weights; of none, `Training()`.
        name: of the scan.
    """
    choice = _chosen(facts, training)
    search = facts.search
    if choice.source == PERCENTILES and training != UNKNOWN:
        logger.warning(
            "%s: nothing better than percentiles was found for the window, since %s. Their place depends on the amount "
            "of metal and air, so that tissues may be mistaken for others: %s.",
            name,
            search.remark,
            LOOK,
        )
    elif choice.source == TRAINED and choice.why.endswith(OTHER):
        logger.warning("%s: its window is %s. If the stain looks wrong, %s.", name, choice.why, LOOK)
    elif choice.source == LANDMARKS and search.remark:
        logger.warning("%s: its window is doubtful: %s. If the stain looks wrong, %s.", name, search.remark, LOOK)
    return choice


NO_TRAINING = Training()
#: Weights of version 0.9 and before whose training had no common window: it was windowed by percentiles.
UNKNOWN = Training(None, None)


def decide(asked: str | None, facts: Facts, training: Training, name: str) -> Choice:
    """The window that a word of `PRESETS` asks for; the one of `choose_window` where nobody asks.

    Args:
        asked: the word.
        facts: of the scan; of the word's percentiles, if it has some.
        training: see `choose_window`.
        name: of the scan.

    Raises:
        InputError: landmarks are asked for, but there are none.
    """
    if asked is None:
        return choose_window(facts, training, name)
    percentiles = PRESETS[asked]
    if percentiles is not None:
        return Choice(*facts.robust, asked, f"percentiles {percentiles[0]:g} and {percentiles[1]:g}, as asked for")
    if facts.search.landmarks is None:
        raise InputError(
            f"{name} has no landmarks, since {facts.search.remark}: give two numbers as ct_window, or percentiles."
        )
    return _brought(facts.search.landmarks, training)


def from_landmarks(landmarks: Landmarks, positions: Sequence[float]) -> Window:
    """The window in which landmarks have these positions, 0 for its low end and 1 for its high one."""
    background, mineral = positions
    width = (landmarks.mineral - landmarks.background) / (mineral - background)
    lo = landmarks.background - background * width
    return lo, lo + width


def _chosen(facts: Facts, training: Training) -> Choice:
    landmarks = facts.search.landmarks
    if training.window is not None:
        lo, hi = check_window(training.window, "the checkpoint")
        why = _calibrated(facts, Training((lo, hi), training.landmarks))
        if why:
            return Choice(lo, hi, TRAINED, why)
    if landmarks is not None and training != UNKNOWN:
        return _brought(landmarks, training)
    why = "percentiles of its grey values"
    if training == UNKNOWN:
        why += ", as in the training: these weights of version 0.9 or before know no landmarks"
    else:
        why += f", since {facts.search.remark}"
    return Choice(*facts.robust, PERCENTILES, why)


def _calibrated(facts: Facts, training: Training) -> str:
    """Why the scan counts as calibrated as the training's are; empty where it does not."""
    assert training.window is not None
    landmarks, on_scale = facts.search.landmarks, fits_window(facts.robust, training.window)
    if landmarks is None:
        return f"the training's, on whose scale it lies; it has no landmarks, since {facts.search.remark}" * on_scale
    if training.landmarks is None:
        return "the training's, on whose scale it lies; the weights do not say where its landmarks lie" * on_scale
    here, there = np.array(in_window(landmarks, training.window)), np.array(training.landmarks)
    if (np.abs(here - there) <= ALIKE).all():
        return f"the training's, where {_in_words(landmarks)} lie as in the training"
    step = (here[1] - here[0]) / (there[1] - there[0])
    if on_scale and not OTHER_TISSUE[0] <= step <= OTHER_TISSUE[1]:
        return f"the training's, on whose scale it lies, but {_in_words(landmarks)} {OTHER}"
    return ""


def _brought(landmarks: Landmarks, training: Training) -> Choice:
    positions = training.landmarks or STANDARD
    at = " and ".join(f"{100 * position:.0f} %" for position in positions)
    whose = "the usual places" if positions == STANDARD else "as in the training"
    why = f"{_in_words(landmarks)} are brought to {at} of the window, {whose}"
    return Choice(*from_landmarks(landmarks, positions), LANDMARKS, why)


def _in_words(landmarks: Landmarks) -> str:
    return f"its landmarks background {landmarks.background:.6g} and mineral {landmarks.mineral:.6g}"
