"""The verdict on a registered section, and what its report says of the registration."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from bundle.pairs.pair import Pair
from bundle.pairs.place.cut import POSE, Cut
from bundle.pairs.place.landmark_fit import errors
from bundle.pairs.registration.attempt import Attempt
from bundle.pairs.registration.prepare import Task
from bundle.shared.quality.fit import Quality
from scripts.data.datalist.specimen_window import FOUND, found_window
from scripts.data.given_window import percentiles_for

LEAST_INSIDE = 0.5  # share of the tissue that must lie in the scan


def judge(task: Task, attempt: Attempt) -> Pair:
    """The pair of a section and the scan where it was found.

    Args:
        task: the section and its scan.
        attempt: the search to be kept.
    """
    quality = _stricter(task, attempt)
    upside_down = float(attempt.found.cut.normal[0]) < 0
    if task.guess.landmarks is not None and quality.verdict == "reject" and upside_down:
        hint = "the landmarks lay the section on its back: are x and y, or two landmarks, mixed up?"
        quality = replace(quality, reasons=(*quality.reasons, hint))
    cut, pixel_um = attempt.found.cut, task.scale.voxel_um
    return Pair(task.section, attempt.ct, task.limits, attempt.inside, quality, cut, pixel_um, _facts(task, attempt))


def _stricter(task: Task, attempt: Attempt) -> Quality:
    """The verdict where the scan is too small for the section, or the map folds."""
    quality, tissue = attempt.quality, task.section.tissue
    share = float(attempt.inside[tissue].mean())
    if share < LEAST_INSIDE:
        reason = f"{100 * share:.0f} % of the section lie in the scan, fewer than {100 * LEAST_INSIDE:.0f}"
        return replace(quality, verdict="reject", reasons=(*quality.reasons, reason))
    folded = attempt.folding[tissue] <= 0
    if folded.any():
        reason = f"the map folds over {100 * folded.mean():.1f} % of the section"
        worse = "reject" if quality.verdict == "reject" else "usable with mask"
        return replace(quality, verdict=worse, reasons=(*quality.reasons, reason))
    return quality


def _facts(task: Task, attempt: Attempt) -> dict[str, Any]:
    """Entries of ``report.json`` about the registration."""
    tissue, cut = task.section.tissue, attempt.found.cut
    facts = {
        "slide": str(task.slide.path),
        "volume": task.volume.source,
        "pixel_um_of_slide": task.scale.pixel_um,
        "scan_averaged_for_the_search": task.averaged,
        "glass": [round(value, 4) for value in task.section.glass],
        "left_out_by_hand": None if task.drawn is None else round(float(task.drawn.mean()), 4),
        "options": asdict(task.options),
        "ct_window_given": isinstance(task.options.ct_window, tuple),
        **_found(task),
        "padding": task.window.padding.to_json(),
        "information_nats": round(attempt.found.information, 4),
        "pose": _in_words(cut),
        "least_jacobian": round(float(attempt.folding[tissue].min()), 3),
        "tissue_inside_scan": round(float(attempt.inside[tissue].mean()), 4),
    }
    if task.guess.landmarks is not None:
        distance = errors(task.guess.landmarks, cut, task.scale.factor, task.scale.voxel)
        facts["landmark_errors_pixels"] = [round(float(value), 2) for value in distance]
    return facts


def _found(task: Task) -> dict[str, Any]:
    """What was found in the scan, from which its window was chosen; nothing where the window was given."""
    if task.window.facts is None:
        return {}
    return {FOUND: found_window(task.window.facts, percentiles_for(task.options.ct_window))}


def _in_words(cut: Cut) -> dict[str, Any]:
    pose = dict(zip(POSE, (float(value) for value in cut.pose), strict=True))
    angles = {f"{name}_degrees": round(float(np.degrees(pose[name])), 2) for name in POSE[:3]}
    shifts = {f"{name}_pixels": round(pose[name], 2) for name in POSE[3:6]}
    stretches = {f"{name}_percent": round(100 * (float(np.exp(pose[name])) - 1), 2) for name in POSE[6:8]}
    centre = cut.places()[cut.size[0] // 2, cut.size[1] // 2]
    return {
        "centre_zyx_pixels": [round(float(value), 2) for value in centre],
        "normal_zyx": [round(float(value), 5) for value in cut.normal],
        **angles,
        **shifts,
        **stretches,
        "shear": round(pose["shear"], 4),
        "largest_bump_pixels": round(float(cut.bumps.abs().max()), 2),
    }
