"""Whether the uncertainty of a stain ranks its errors, and notices unseen materials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bundle.evidence.shared.machine import describe_machine
from bundle.evidence.uncertainty.figures import draw_uncertainty
from bundle.evidence.uncertainty.judge import SHARES, auc, calibration, fit_scale, removed_error
from bundle.evidence.uncertainty.maps import Maps, maps_of
from bundle.shared.markdown import table
from bundle.shared.trained_network import read_network
from bundle.synthetic.phantom.datalist import materials
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import write_text

METHOD = "4 views"  # what inference writes by default
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
    removed = {name: removed_error(maps.error, values, SHARES) for name, values in maps.uncertainty.items()}
    _print_removed(removed, removed_error(maps.error, maps.error, [DISCARDED])[0])
    # the scale is found on the validation specimens, whatever is judged
    fitted = maps if split == "validation" else maps_of(dataset_dir, "validation", networks[:1], [4])
    calibrated = _calibrate(maps, fitted)
    flags = [_flag(material, path, dataset_dir, split) for material, path in unseen.items()]
    if flags:
        print("\nMean uncertainty of a slice, networks that never saw a material\n")
        print("\n".join(table([{k: f"{v:.2f}" if isinstance(v, float) else v for k, v in f.items()} for f in flags])))
    observed = (np.asarray(calibrated["expected"]), np.asarray(calibrated["observed"]))
    draw_uncertainty(out / "uncertainty.png", SHARES, removed, observed, METHOD)
    content = {
        "machine": describe_machine(),
        "split": split,
        "checkpoints": [str(path) for path in checkpoints],
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


def _flag(material: str, checkpoint: Path, dataset_dir: Path, split: str) -> dict[str, Any]:
    """Whether slices of a material that a network never saw are less certain than those of others."""
    of = materials(dataset_dir)
    found = maps_of(dataset_dir, split, [read_network(checkpoint)], [4]).of_slices(METHOD)
    new = [value for specimen, value in found if of[specimen] == material]
    old = [value for specimen, value in found if of[specimen] != material]
    if not new or not old:
        raise InputError(f"The {split} specimens of {dataset_dir} do not have {material} and others.")
    return {
        "never seen": material,
        "its slices": float(np.mean(new)),
        "others": float(np.mean(old)),
        "AUC": auc(new, old),
    }
