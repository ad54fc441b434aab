"""A scan against the scans of the training: what differs, in plain words, and what that cost on the phantom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from scripts.fit.cost import cost_of
from scripts.fit.describe import ScanDescription
from scripts.networks.trained_on import UNKNOWN, TrainedOn

# Chosen on the training and validation specimens of the phantom (seed 0), see docs/volumes.md.
NOISIER = 1.3  # times the training's largest noise
SMOOTHER = 0.5  # times its least noise: a blur of one pixel leaves a third of it
BLURRED = 0.7  # pixels of added blur; binning 2 adds that much, a specimen of another shape 0.3
SHARPER = 0.7  # pixels of blur that are missing
COARSER = 1.4  # times the training's pixels
COMMON = 5.0  # times the training's share, up to which a grey value is as common as it may be in one specimen
UNLIKE = 150.0  # per mille of the voxels whose grey values are less common than that; a specimen left out: 100
FAINT = 0.01  # part of the window: no noise is named that is smaller
SMALLEST = 64  # pixels along a side, under which a slice is no larger than what the network looks at


class Finding(NamedTuple):
    """One difference.

    Attributes:
        kind: of the difference, one word.
        number: how large it is, in the unit that the words name.
        words: one or two sentences.
    """

    kind: str
    number: float
    words: str


@dataclass(frozen=True)
class Scan:
    """What is known of a scan.

    Attributes:
        description: of some of its slices, on the network's grid.
        voxel_um: size of its own voxels (z, y, x), micrometres; None where nobody says.
        shape: (Z, Y, X) on the network's grid.
        window_source: where its window comes from, as `volume_window` says.
        padding: part of the voxels that is padding, 0 to 1.
        materials: of its implants, where somebody names them.
    """

    description: ScanDescription
    voxel_um: Sequence[float] | None
    shape: Sequence[int]
    window_source: str
    padding: float = 0.0
    materials: Sequence[str] = ()


def compare(scan: Scan, trained: TrainedOn) -> list[Finding]:
    """Say what differs; nothing where the weights do not say what they were trained on.

    Args:
        scan: that is to be stained.
        trained: what the weights say.
    """
    if trained == UNKNOWN:
        return []
    blur, noise = _blur(scan.description.sharpness, trained), _noise(scan.description, trained)
    if blur is not None and noise is not None and (blur.kind, noise.kind) == ("blurred", "smoother"):
        noise = None  # which a blur explains
    found = [  # what was measured comes first
        _coarser(scan, trained),
        blur,
        noise,
        _grey_values(scan.description, trained),
        _material(scan.materials, trained),
        _no_voxel_size(scan, trained),
        _window(scan.window_source, trained),
        _padding(scan.padding),
        _small(scan.shape),
    ]
    return [finding for finding in found if finding is not None]


def not_known(trained: TrainedOn) -> str | None:
    """One sentence on what the weights do not say of their training, None where they say it all."""
    if trained == UNKNOWN:
        return (
            "The weights do not say what scans they were trained on (version 0.9 and before): whether this scan is "
            "like them is not known."
        )
    names = {"pixel_um": "pixel size", "noise": "noise", "sharpness": "sharpness", "histogram": "grey values"}
    missing = [words for name, words in names.items() if getattr(trained, name) in (None, ())]
    if not missing:
        return None
    return f"The weights do not say the {', '.join(missing)} of their training: these are not compared."


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """As they stand in a record."""
    return [finding._asdict() for finding in findings]


def words_of(content: Mapping[str, Any]) -> list[str]:
    """The sentences of what `as_json` wrote under ``differs``, and what is not known."""
    said = [str(finding["words"]) for finding in content.get("differs", ())]
    return [*said, content["not_known"]] if content.get("not_known") else said


def lines_of(content: Mapping[str, Any]) -> list[str]:
    """The same for a picture, in at most two lines: what differs, and the first difference in words."""
    differs = content.get("differs", ())
    if not differs:
        return [f"fit: {said[0].lower()}{said[1:]}" for said in words_of(content)]
    first, kinds = str(differs[0]["words"]), ", ".join(str(finding["kind"]) for finding in differs)
    what = "differs from the training:"
    return [f"{what} {first}"] if len(differs) == 1 else [f"{what} {kinds}", first]


def _no_voxel_size(scan: Scan, trained: TrainedOn) -> Finding | None:
    if trained.pixel_um is None or scan.voxel_um is not None:
        return None
    words = (
        f"Nobody says how large the voxels are. They are taken for {trained.pixel_um:g} um, as in training: give "
        "--voxel_um if they are not."
    )
    return Finding("voxel size unknown", trained.pixel_um, words)


def _coarser(scan: Scan, trained: TrainedOn) -> Finding | None:
    if trained.pixel_um is None or scan.voxel_um is None:
        return None
    size = max(scan.voxel_um[1:])
    times = size / trained.pixel_um
    if times < COARSER:
        return None
    words = (
        f"The voxels are {size:g} um, {times:.3g} times the training's {trained.pixel_um:g} um. They cannot show the "
        f"detail from which the network learned.{cost_of('coarser', times)}"
    )
    return Finding("coarser", round(times, 3), words)


def _blur(sharpness: float | None, trained: TrainedOn) -> Finding | None:
    if sharpness is None or trained.sharpness is None:
        return None
    least, largest = trained.sharpness
    added = math.sqrt(max(0.0, sharpness**2 - largest**2))
    missing = math.sqrt(max(0.0, least**2 - sharpness**2))
    if added >= BLURRED:
        words = (
            f"Blurred by about {added:.1f} pixels more than the training's scans (its edges by {sharpness:.1f}, theirs "
            f"by {least:.1f} to {largest:.1f}).{cost_of('blurred', added)}"
        )
        return Finding("blurred", round(added, 2), words)
    if missing >= SHARPER:
        words = (
            f"Sharper than the training's scans: they are blurred by about {missing:.1f} pixels more (its edges by "
            f"{sharpness:.1f}, theirs by {least:.1f} to {largest:.1f})."
        )
        return Finding("sharper", round(missing, 2), words)
    return None


def _noise(description: ScanDescription, trained: TrainedOn) -> Finding | None:
    noise = description.noise
    if noise is None or trained.noise is None:
        return None
    least, largest = trained.noise
    theirs = f"theirs {_percent(least)} to {_percent(largest)} % of the window"
    if noise > NOISIER * largest and noise > FAINT:
        added = math.sqrt(noise**2 - largest**2)
        words = (
            f"Noisier than the training's scans: its noise is {_percent(noise)} %, {theirs}.{cost_of('noisier', added)}"
        )
        return Finding("noisier", round(added, 4), words)
    if noise < SMOOTHER * least and least > FAINT:
        words = (
            f"Smoother than the training's scans: its noise is {_percent(noise)} %, {theirs}. It was filtered, or has "
            "larger voxels than it says."
        )
        return Finding("smoother", round(noise, 4), words)
    return None


def _grey_values(description: ScanDescription, trained: TrainedOn) -> Finding | None:
    if not description.histogram or not trained.histogram or len(description.histogram) != len(trained.histogram):
        return None
    added = 0.0  # noise widens all modes: that is named already
    if description.noise is not None and trained.noise is not None:
        added = math.sqrt(max(0.0, description.noise**2 - trained.noise[1] ** 2))
    unlike = uncommon(description.histogram, trained.histogram, added)
    if unlike <= UNLIKE:
        return None
    words = (
        f"{unlike / 10:.0f} % of the voxels have grey values that were rare in training: the window may be wrong, or "
        "the material is another. Give --ct_window."
    )
    return Finding("grey values", round(unlike / 1000, 3), words)


def uncommon(histogram: Sequence[float], trained: Sequence[float], added: float = 0.0) -> float:
    """Per mille of the voxels by which grey values are more common than `COMMON` times what they were in training.

    So a specimen with more metal, more air or more bone than the others is not unlike them. The training's histogram is
    smoothed by one step.

    Args:
        histogram: of a scan, per mille.
        trained: of all scans of the training.
        added: standard deviation of noise that the scan has besides, part of the window.
    """
    steps, usual = len(trained), gaussian_filter1d(np.asarray(trained, float), 1.0, mode="nearest")
    if added:
        wide = gaussian_filter1d(np.pad(usual, steps), steps * added, mode="constant")
        usual = wide[steps : 2 * steps]
        usual[[0, -1]] += wide[:steps].sum(), wide[2 * steps :].sum()  # the window cuts to its ends what lies beyond
    return float(np.maximum(0.0, np.asarray(histogram) - COMMON * usual).sum())


def _window(source: str, trained: TrainedOn) -> Finding | None:
    by_landmarks = source.startswith("landmarks")
    if by_landmarks and trained.landmarks is not None:
        return None  # as it is meant: brought to the training's landmarks, which costs less than 0.1 dB on the phantom
    if not by_landmarks and not source.startswith("percentiles"):
        return None
    words = (
        f"Nobody gave the window: it was found by {source} of this scan. That places tissues less surely than a "
        "calibrated scale. Give --ct_window if you know it."
    )
    return Finding("window found", 1.0, words)


def _material(materials: Sequence[str], trained: TrainedOn) -> Finding | None:
    unseen = sorted(set(materials) - set(trained.materials))
    if not unseen or not trained.materials:
        return None
    words = f"The training had no implant of {', '.join(unseen)}, only of {', '.join(trained.materials)}."
    return Finding("material", float(len(unseen)), words)


def _padding(share: float) -> Finding | None:
    if share < 0.5:
        return None
    words = f"{100 * share:.0f} % of the voxels are padding: check that the right part of the scan was exported."
    return Finding("padding", round(share, 3), words)


def _small(shape: Sequence[int]) -> Finding | None:
    side = min(shape[1:])
    if side >= SMALLEST:
        return None
    words = f"Its slices are {side} pixels wide: the network sees less around each place than in training."
    return Finding("small", float(side), words)


def _percent(part: float) -> str:
    return f"{100 * part:.1f}"
