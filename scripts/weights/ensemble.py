"""One network of the weights of several trainings: the mean of their stains."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.networks import StainEnsemble, Stainer, StainGenerator
from scripts.networks.definition import difference
from scripts.networks.ensemble import MOST, members_of
from scripts.networks.exported import SUFFIXES
from scripts.networks.trained_on import UNKNOWN, Pair, TrainedOn
from scripts.weights.loading import load_generator

logger = logging.getLogger(__name__)

APART = 0.05  # of the window, from which landmarks at different places are worth a warning

Value = TypeVar("Value")
Path = str | os.PathLike[str]


def ensemble_of(paths: Sequence[Path]) -> StainEnsemble:
    """Read several weights as the members of one network.

    They have to show the CT to their networks alike: their common window or its absence, their percentiles and their
    pixel size must agree. Landmarks are measured in the specimens of a training, hence differ a little from fold to
    fold: the ensemble brings a scan to their mean place, and a warning says where they lie far apart.

    Args:
        paths: ``model.pt`` or ``checkpoint.pt`` of two trainings or more, 24 at most.

    Returns:
        The ensemble, in evaluation mode.

    Raises:
        InputError: too few or too many; the same weights twice; an exported network, or an ensemble; weights that
            cannot be read, or that differ in architecture, window, percentiles or pixel size.
    """
    if not 2 <= len(paths) <= MOST:
        raise InputError(f"An ensemble has 2 to {MOST} members, got {len(paths)}: give as many weights.")
    digests = _digests(paths)
    networks = [_member(path) for path in paths]
    for path, network in zip(paths[1:], networks[1:], strict=True):
        _require_alike(paths[0], networks[0], path, network)
    ensemble = StainEnsemble(members=len(networks), of=networks[0])
    for member, network in zip(members_of(ensemble), networks, strict=True):
        member.load_state_dict(network.state_dict())
    ensemble.set_windowing(networks[0].trained_window, networks[0].percentiles)
    ensemble.trained_on = common_training([network.trained_on for network in networks], digests)
    return ensemble.eval()


def _digests(paths: Sequence[Path]) -> list[str]:
    digests: list[str] = []
    for path in paths:
        if not os.path.isfile(path):
            raise InputError(f"There are no weights {path}: give the model.pt that a training wrote.")
        digest = file_digest(path)
        if digest in digests:
            raise InputError(f"{path} holds the same weights as {paths[digests.index(digest)]}: give each once.")
        digests.append(digest)
    return digests


def _member(path: Path) -> Any:
    if str(path).endswith(SUFFIXES):
        raise InputError(f"{path} is exported: give the model.pt or checkpoint.pt that it was made of.")
    network: Stainer = load_generator(StainGenerator(), path)
    if isinstance(network, StainEnsemble):
        raise InputError(f"{path} is an ensemble itself: give the weights of its members.")
    return network


def _require_alike(first: Path, one: Any, path: Path, other: Any) -> None:
    different = difference(other.definition, one.definition)
    if different is not None:
        raise InputError(f"{path} and {first} are of different networks: the former {different}. Train both alike.")
    facts = {
        "window": (one.trained_window, other.trained_window, "give all specimens one ct_window, or none"),
        "percentiles": (one.percentiles, other.percentiles, "train all with the same --ct_percentiles"),
        "pixel size": (one.trained_on.pixel_um, other.trained_on.pixel_um, "train all with the same --working_um"),
    }
    for name, (ours, theirs, remedy) in facts.items():
        if ours != theirs:
            raise InputError(
                f"{path} and {first} were trained with another {name}, {_words(theirs)} and {_words(ours)}: {remedy}."
            )


def _words(value: Any) -> str:
    if value is None:
        return "none"
    return " to ".join(f"{number:g}" for number in value) if isinstance(value, tuple) else f"{value:g}"


def common_training(known: Sequence[TrainedOn], digests: Sequence[str]) -> TrainedOn:
    """What the weights of an ensemble say of its members' trainings; nothing where one of them says nothing.

    Args:
        known: of each member; all of one pixel size.
        digests: SHA-256 of each member's weights.

    Returns:
        Means of landmarks and histograms, ends of noise and sharpness, all materials. Members may share specimens, so
        nobody knows how many there are together: their numbers stay unknown.
    """
    if any(each == UNKNOWN for each in known):
        return TrainedOn(members=tuple(digests))
    synthetic = {each.synthetic for each in known}
    return TrainedOn(
        pixel_um=known[0].pixel_um,
        landmarks=_landmarks([each.landmarks for each in known]),
        histogram=_histogram([each.histogram for each in known]),
        noise=_ends([each.noise for each in known]),
        sharpness=_ends([each.sharpness for each in known]),
        materials=tuple(sorted({name for each in known for name in each.materials})),
        synthetic=synthetic.pop() if len(synthetic) == 1 else None,
        members=tuple(digests),
    )


def _landmarks(places: Sequence[Pair | None]) -> Pair | None:
    known = _all_known(places)
    if known is None:
        return None
    apart = np.ptp(known, axis=0).max()
    if apart > APART:
        logger.warning(
            "The members' trainings have their landmarks up to %.2f of the window apart: the ensemble brings a scan to "
            "their mean place, where a member may see it darker or brighter than its training.",
            apart,
        )
    background, mineral = np.mean(known, axis=0).tolist()
    return float(f"{background:.4g}"), float(f"{mineral:.4g}")


def _histogram(shares: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    if len({len(each) for each in shares}) > 1:
        return ()
    return tuple(np.mean(shares, axis=0).round(2).tolist()) if shares[0] else ()


def _ends(ranges: Sequence[Pair | None]) -> Pair | None:
    known = _all_known(ranges)
    return None if known is None else (min(low for low, _ in known), max(high for _, high in known))


def _all_known(values: Sequence[Value | None]) -> list[Value] | None:
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None
