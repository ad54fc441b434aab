"""Whether the uncertainty of a stain ranks its errors, and notices unseen materials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bundle.evidence.shared.machine import describe_machine
from bundle.evidence.uncertainty.combination import Combination, calibration_errors, fit_combination
from bundle.evidence.uncertainty.figures import draw_uncertainty
from bundle.evidence.uncertainty.judge import SHARES, auc, calibration, fit_scale, removed_error
from bundle.evidence.uncertainty.maps import NOVELTY, Maps, maps_of
from bundle.shared.markdown import table
from bundle.shared.trained_network import read_network
from bundle.synthetic.phantom.datalist import materials
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.networks.familiar import NOT_KNOWN
from scripts.weights.origin import describe_weights
from scripts.whole import write_text

METHOD = "4 views"  # what inference writes by default
COMBINED = "all combined"
DISCARDED = 0.2


def judge_uncertainty(
    checkpoints: Sequence[Path], dataset_dir: Path, split: str, unseen: Mapping[str, Path], out: Path
) -> None:
    """Judge, print tables, and write a figure and numbers.

    Args:
        checkpoints: the weights that are judged, and others trained alike.
        dataset_dir: folder with ``datalist.json``.
        split: to judge on.
        unseen: by implant material, weights whose training never saw that.
        out: folder for ``uncertainty.png`` and ``uncertainty.json``.

    Raises:
        InputError: data or checkpoints that cannot be used; a folder that cannot be written to.
    """
    writable_folder(out)
    networks = [read_network(path) for path in checkpoints]
    for path in unseen.values():
        read_network(path)  # what is missing is better told now
    maps = maps_of(dataset_dir, split, networks)
    # what is fitted is found on the validation specimens, whatever is judged
    fitted = maps if split == "validation" else maps_of(dataset_dir, "validation", networks[:1], [4])
    combination = fit_combination(fitted.error, fitted.terms)
    maps.uncertainty[COMBINED] = np.asarray(combination.expected(maps.terms), np.float32)
    removed = {name: removed_error(maps.error, values, SHARES) for name, values in maps.uncertainty.items()}
    _print_removed(removed, removed_error(maps.error, maps.error, [DISCARDED])[0])
    if NOVELTY not in maps.uncertainty:
        print(f"\n{checkpoints[0]}: {NOT_KNOWN}; python -m bundle familiar adds it to weights")
    calibrated = _calibrate(maps, fitted) | _of_combination(maps, combination)
    flags = [flag for material, path in unseen.items() for flag in _flags(material, path, dataset_dir, split)]
    if flags:
        print("\nUncertainty of a slice, networks that never saw a material; of the novelty, its most unlike tenth\n")
        print("\n".join(table([{k: f"{v:.2f}" if isinstance(v, float) else v for k, v in f.items()} for f in flags])))
    observed = (np.asarray(calibrated["expected"]), np.asarray(calibrated["observed"]))
    draw_uncertainty(out / "uncertainty.png", SHARES, removed, observed, METHOD)
    content = {
        "machine": describe_machine(),
        "split": split,
        "checkpoints": [str(path) for path in checkpoints],
        "weights": [
            describe_weights(path, None, network.trained_on)
            for path, network in zip(checkpoints, networks, strict=True)
        ],
        "shares": SHARES.tolist(),
        "removed": removed,
        **calibrated,
        "unseen": flags,
    }
    write_text(out / "uncertainty.json", json.dumps(content, indent=2) + "\n")
    print(f"\nFigure in {out / 'uncertainty.png'}, numbers in {out / 'uncertainty.json'}")


def unseen_of(words: list[str], dataset_dir: Path) -> dict[str, Path]:
    """Checkpoint by material.

    Raises:
        InputError: a word that is no MATERIAL=CHECKPOINT, or a material that the phantom does not have.
    """
    if not words:
        return {}
    known = sorted(set(materials(dataset_dir).values()))
    unseen = {}
    for word in words:
        material, equals, path = word.partition("=")
        if not equals or material not in known:
            raise InputError(f"--without {word}: give MATERIAL=CHECKPOINT with one of {', '.join(known)}.")
        unseen[material] = Path(path)
    return unseen


def _print_removed(removed: Mapping[str, Sequence[float]], best: float) -> None:
    """Print the share of the squared error that goes with the least certain pixels, and the largest possible one."""
    at = int(np.argmin(np.abs(SHARES - DISCARDED)))
    title = f"squared error of the {DISCARDED:.0%} least certain"
    rows = [{"uncertainty": name, title: f"{values[at]:.1%}"} for name, values in removed.items()]
    print("\n".join(table([*rows, {"uncertainty": "the error itself", title: f"{best:.1%}"}])))


def _calibrate(maps: Maps, fitted: Maps) -> dict[str, Any]:
    """Expected and observed error of `maps` by a scale that is found on `fitted`, as ``uncertainty.json`` has them."""
    scale = fit_scale(fitted.error, fitted.uncertainty[METHOD])
    expected, observed = calibration(maps.error, maps.uncertainty[METHOD], scale)
    miss = float(np.mean(np.abs(expected - observed)))
    print(
        f"\nExpected error = {scale[0]:.2f} sqrt(u) + {scale[1]:.1f} grey levels, u of {METHOD}, fitted on the "
        f"validation specimens; over bins it misses the observed {observed.mean():.1f} by {miss:.1f} on average."
    )
    return {"scale": scale, "expected": expected.tolist(), "observed": observed.tolist()}


def _of_combination(maps: Maps, combination: Combination) -> dict[str, Any]:
    """Numbers and calibration of the combination, as ``uncertainty.json`` has them."""
    errors = calibration_errors(maps.error, maps.uncertainty[COMBINED])
    words = ", ".join(f"{name} {weight:.3f}" for name, weight in combination.weights.items())
    print(
        f"\n{COMBINED}: log of the expected squared error = {combination.constant:.3f} + weights of the logarithms: "
        f"{words}. Calibration error over equal steps of the expected error, grey levels: "
        + ", ".join(f"{name} {value:.2f}" for name, value in errors.items())
    )
    return {
        "combination": {"constant": combination.constant, **combination.weights},
        "calibration_error_of_combination": errors,
    }


def _flags(material: str, checkpoint: Path, dataset_dir: Path, split: str) -> list[dict[str, Any]]:
    """Whether slices of a material that a network never saw are less certain than others, or less like its training."""
    of, rows = materials(dataset_dir), []
    maps = maps_of(dataset_dir, split, [read_network(checkpoint)], [4])
    for method in (METHOD, *[NOVELTY] * (NOVELTY in maps.uncertainty)):
        found = maps.of_slices(method)
        new = [value for specimen, value in found if of[specimen] == material]
        old = [value for specimen, value in found if of[specimen] != material]
        if not new or not old:
            raise InputError(f"The {split} specimens of {dataset_dir} do not have {material} and others.")
        its, others = float(np.mean(new)), float(np.mean(old))
        rows.append({"never seen": material, "by": method, "its slices": its, "others": others, "AUC": auc(new, old)})
    return rows
