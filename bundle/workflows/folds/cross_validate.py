"""A cross-validation from its plan to its ensemble; what is done is not done again."""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bundle.shared.windowed_pairs import load_pairs
from bundle.workflows.folds.design import Fold, make_folds
from bundle.workflows.folds.fold_run import FoldRun
from bundle.workflows.folds.scores import line_of, lines_of, read_scores, rows_of, summary
from bundle.workflows.folds.study import Study, read_study, write_fold
from scripts.data.datalist.file import SPLITS
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.files.table import write_rows
from scripts.handlers.metrics import PSNR, SSIM
from scripts.lock import locked
from scripts.lookup_table.choice import choose_lut, score_lut
from scripts.provenance.evaluation_of import COMPANION
from scripts.whole import write_text
from scripts.words import duration

PLAN, TABLE, RECORD, ENSEMBLE = "plan.json", "folds.csv", "folds.json", "ensemble.pt"


def cross_validate(args: argparse.Namespace, words: Sequence[str]) -> None:
    """Train and evaluate all folds, write ``folds.csv``, ``folds.json`` and ``ensemble.pt``, and print the scores.

    Args:
        args: of the command ``folds``.
        words: the options of ``train`` among them.

    Raises:
        InputError: a data list that cannot be used; too few specimens; a folder of other folds, or one that another
            process is writing to; a training or an evaluation that failed.
    """
    study = read_study(Path(args.data), args.splits)
    folds = make_folds(study.pairs, args.folds, args.seed or 0)
    words = [*words, *_working_size(study, args)]
    out = writable_folder(args.out, "--out")
    try:
        with locked(out):
            _plan(out, study, folds, words)
            _all_folds(out, study, folds, words, args)
    except BlockingIOError:
        raise InputError(f"Another process is writing to {out}: wait for its end, or give another --out.") from None


def _working_size(study: Study, args: argparse.Namespace) -> list[str]:
    """All folds work at one pixel size, that of all pairs; each alone might choose another."""
    from bundle.shared.workflow import config_files
    from scripts.overlay import read_with_overlay

    said = read_with_overlay(Path(config_files("training")[0]), *args.overlay).get("working_um")
    asked = any(entry.startswith("working_um=") for entry in args.set)
    return [] if asked or said is not None or study.working_um is None else ["--set", f"working_um={study.working_um}"]


def _plan(out: Path, study: Study, folds: Sequence[Fold], words: Sequence[str]) -> None:
    """Write what is to be done, or check that it is what the folder was begun with."""
    plan = {
        "datalist": str(study.path),
        "datalist_sha256": study.digest,
        "folds": [
            {"held_out": list(f.held_out), "validation": list(f.validation), "training": list(f.training)}
            for f in folds
        ],
        "options": list(words),
    }
    path = out / PLAN
    if path.is_file():
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            known = {}
        other = next((name for name in plan if known.get(name) != plan[name]), None)
        if other is not None:
            names = {"datalist": "data list", "datalist_sha256": "content of the data list", "options": "options"}
            raise InputError(
                f"{out} holds folds with other {names.get(other, other)}: give another --out, or the command of then."
            )
        return
    if any(out.glob("fold_*")):
        raise InputError(f"{out} holds folds, but no {PLAN} that says which: give another --out.")
    write_text(path, json.dumps(plan, indent=1) + "\n")


def _all_folds(out: Path, study: Study, folds: Sequence[Fold], words: Sequence[str], args: argparse.Namespace) -> None:
    print(
        f"{sum(study.pairs.values())} pairs of {len(study.pairs)} specimens ({', '.join(args.splits)} of {study.path}) "
        f"in {len(folds)} folds, trained one after the other.",
        flush=True,
    )
    done, took = [], list[float]()
    for fold in folds:
        begun = time.monotonic()
        run = FoldRun(fold.number, out / f"fold_{fold.number}")
        write_fold(study, fold, run.data)
        print(
            f"fold {fold.number} of {len(folds)}: learns from {', '.join(fold.training)}; its epoch is chosen on "
            f"{', '.join(fold.validation)}; held out {', '.join(fold.held_out)}. "
            f"{'Trained already.' if (known := run.is_trained()) else f'See {run.folder}/training.log.'}",
            flush=True,
        )
        run.train(words)
        run.evaluate(_words_of_evaluation(args))
        done.append(_result(run, fold, study))
        took += [] if known else [time.monotonic() - begun]
        left = (len(folds) - len(done)) * statistics.fmean(took) if took else 0
        print(f"{line_of(done[-1])}{f'; about {duration(left)} left' if left else ''}", flush=True)
    together = summary(done)
    write_rows(out / TABLE, rows_of(done, together))
    write_text(out / RECORD, json.dumps({"folds": done, **together}, indent=1) + "\n")
    print("\n".join(lines_of(len(done), together)))
    print(f"scores in {out / TABLE} and {out / RECORD}")
    _ensemble(out, [Path(fold["weights"]) for fold in done])


def _words_of_evaluation(args: argparse.Namespace) -> list[str]:
    sets = [entry for entry in args.set if entry.startswith("lpips_weights=")]
    return [*([f"--device={args.device}"] if args.device else []), *(["--set", *sets] if sets else [])]


def _result(run: FoldRun, fold: Fold, study: Study) -> dict[str, Any]:
    scores, specimens = read_scores(run.scores)
    return {
        "fold": fold.number,
        "held_out": list(fold.held_out),
        "validation": list(fold.validation),
        "training": list(fold.training),
        "pairs": sum(study.pairs[name] for name in fold.held_out),
        "weights": str(run.weights),
        "scores": scores,
        "specimens": specimens,
        "lookup_table": _lookup_table(run),
    }


def _lookup_table(run: FoldRun) -> dict[str, float]:
    """Mean scores of the best grey-to-colour table on the held-out pairs, at the network's pixel size."""
    path = run.folder / "lookup_table.json"
    if not path.is_file():
        size = json.loads((run.scores.parent / COMPANION).read_text(encoding="utf-8"))["network_pixel_um"]
        training, validation, held_out = (load_pairs(run.data, split, working_um=size) for split in SPLITS)
        sigma, table = choose_lut(training, validation)
        values = score_lut(held_out, table, sigma, {"psnr": PSNR(), "ssim": SSIM()})
        write_text(path, json.dumps({name: statistics.fmean(column) for name, column in values.items()}) + "\n")
    known: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return known


def _ensemble(out: Path, weights: Sequence[Path]) -> None:
    """Write the ensemble, or say why its members do not fit together: the scores stand all the same."""
    from scripts.weights.checkpoint import save_atomically
    from scripts.weights.ensemble import ensemble_of

    try:
        ensemble = ensemble_of(weights)
    except InputError as error:
        print(f"no ensemble: {error}")
        return
    save_atomically(ensemble.state_dict(), out / ENSEMBLE)
    print(
        f"ensemble of the folds in {out / ENSEMBLE}: its stain is their mean. It has seen every specimen above: only "
        "others can judge it. To stain with it:"
    )
    print(f"python -m bundle stain SCAN --checkpoint {shlex.quote(str(out / ENSEMBLE))} --uncertainty --out STAINED")
