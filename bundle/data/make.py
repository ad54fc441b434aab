"""The steps of the command ``data``."""

from __future__ import annotations

import argparse
import difflib
import json
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bundle.data.check.check import check
from bundle.data.check.checked import Checked
from bundle.data.check.upside_down import upside_down
from bundle.data.datalist import datalist_of
from bundle.data.listing.exchanged import refuse_exchanged
from bundle.data.listing.folders import list_folders
from bundle.data.listing.listed import Listed
from bundle.data.listing.table import list_table
from bundle.data.masks import with_masks
from bundle.data.page.page import Said, page_of
from bundle.data.split import LEAST_SLICES, split_up
from bundle.data.windows import Window, windows_of
from bundle.shared.window_option import window_of
from scripts.data.datalist.file import NAME, SPLITS
from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.whole import remove, write_text, writing
from scripts.words import count

PAGE = "pairs.html"


def make_list(args: argparse.Namespace) -> int:
    """Check the pairs of two folders or a table, write ``datalist.json`` and ``pairs.html``, and say what was found.

    Raises:
        InputError: a mistake in options, folders or table; no pair can be used; the list would replace one that
            somebody else wrote; it cannot be written.
    """
    pairs = [_as_typed(args, pair) for pair in _listed(args)]
    refuse_exchanged(pairs)
    kept = _kept(args.keep, pairs)
    out = _claimed(args.out)
    with tqdm(desc="reading", unit="pair", total=len(pairs), leave=False) as bar:
        checked = check(pairs, lambda done, _: bar.update(done - bar.n))
    checked = [replace(one, kept=one.listed.name in kept) for one in checked]
    remarks = [_counted(checked), *_of_all(checked)]
    with writing(out / PAGE, "give another --out"):
        _tell_findings(checked)
        if not any(one.used for one in checked):
            _write(out, page_of(checked, Said(remarks, {}, {})))
            raise InputError(f"None of the {count(len(checked), 'pair')} can be used: see above, or {out / PAGE}.")
        used, how = split_up(with_masks(checked, out), args.seed, args.within_specimen)
        windows = windows_of(used)
        said = Said([*remarks, how], {pair.name: pair for pair in used}, windows)
        _write(out, page_of(checked, said), datalist_of(used, windows, out))
    _tell(checked, said, windows, out)
    return 0


def _listed(args: argparse.Namespace) -> list[Listed]:
    folders = [folder for folder in (args.ct, args.section) if folder is not None]
    if args.table is not None:
        if folders or args.masks is not None:
            raise InputError("Give either --table or two folders: a table has its masks in a column mask.")
        return list_table(args.table, args.specimen)
    if len(folders) < 2:
        raise InputError("Give the folder of the CT slices and that of the sections, or --table.")
    return list_folders(args.ct, args.section, args.masks, args.specimen)


def _as_typed(args: argparse.Namespace, pair: Listed) -> Listed:
    """What was typed for all pairs counts where the table says nothing."""
    if args.pixel_um is not None and not is_pixel_size(args.pixel_um):
        raise InputError(f"--pixel_um is {args.pixel_um:g}, expected {FINEST_UM:g} to {COARSEST_UM:g} micrometres.")
    return replace(pair, pixel_um=pair.pixel_um or args.pixel_um, ct_window=pair.ct_window or window_of(args))


def _kept(asked: Sequence[str], pairs: Sequence[Listed]) -> set[str]:
    """Names of the pairs that are used whatever is found: as messages call them, or as their files are called."""
    named: dict[str, str] = {}
    for pair in pairs:
        for text in (pair.name, pair.ct.name, pair.section.name, pair.ct.stem, pair.section.stem):
            named.setdefault(text.casefold(), pair.name)
    unknown = [text for text in asked if text.casefold() not in named]
    if unknown:
        close = difflib.get_close_matches(unknown[0].casefold(), named, n=1)
        hint = f"did you mean {named[close[0]]}?" if close else f"the first is {pairs[0].name}."
        raise InputError(f"--keep {', '.join(unknown)}: there is no such pair; {hint}")
    return {named[text.casefold()] for text in asked}


def _claimed(out: Path) -> Path:
    """The output folder.

    Raises:
        InputError: it cannot be written, or holds a list that this command did not write.
    """
    if (out / NAME).exists() and not (out / PAGE).exists():
        raise InputError(f"{out} has a {NAME} that this command did not write: give another --out, or move it away.")
    return writable_folder(out, "--out")


def _write(out: Path, page: str, datalist: Mapping[str, Any] | None = None) -> None:
    """Page and list take the place of those of an earlier run, which stay together until then."""
    remove(out / NAME)
    write_text(out / PAGE, page)
    if datalist is not None:
        write_text(out / NAME, json.dumps(datalist, indent=2, ensure_ascii=False) + "\n")


def _counted(checked: Sequence[Checked]) -> str:
    """Such as "12 pairs: 11 good, 1 left out"."""
    verdicts = Counter(one.verdict for one in checked)
    return f"{count(len(checked), 'pair')}: {', '.join(f'{number} {verdict}' for verdict, number in verdicts.items())}."


def _of_all(checked: Sequence[Checked]) -> list[str]:
    """What concerns all pairs."""
    remarks = []
    if len(checked) < 3:
        remarks.append("Fewer than three pairs cannot be compared: an inverted image or another dye stays unnoticed.")
    inverted = upside_down(checked)
    return remarks if inverted is None else [*remarks, inverted]


def _tell_findings(checked: Sequence[Checked]) -> None:
    for one in checked:
        for finding in one.findings:
            print(f"{one.listed.name}: {one.verdict}: {finding}")


def _tell(checked: Sequence[Checked], said: Said, windows: dict[str, Window], out: Path) -> None:
    for remark in said.remarks:
        print(remark)
    for specimen, window in windows.items():
        print(f"Window of {specimen}: {window.lo:.6g} to {window.hi:.6g}, {window.why}.")
    unknown = [one for one in checked if one.used and one.look is not None and one.look.pixel_um is None]
    if unknown:
        print(f"Nothing says how large the pixels of {count(len(unknown), 'pair')} are: give --pixel_um, micrometres.")
    masked = [pair.name for pair in said.used.values() if pair.mask is not None and pair.mask.is_relative_to(out)]
    if masked:
        print(f"Masks of what fits are proposed for {', '.join(masked)}: they lie in {out}.")
    counts = Counter(pair.split for pair in said.used.values())
    print(f"{out / NAME}: {', '.join(f'{counts[split]} for {split}' for split in SPLITS)}.")
    print(f"Look through {out / PAGE}, then: {_next(said.used.values(), out)}")


def _next(pairs: Collection[Listed], out: Path) -> str:
    """The command that comes next, or why there is none yet."""
    if {"training", "validation"} <= {pair.split for pair in pairs}:
        return f"python -m bundle train {shlex.quote(str(out))} --out O"
    most = max(Counter(pair.specimen for pair in pairs).values())
    instead = "give --within_specimen" if most >= LEAST_SLICES else "cut one pair into splits: python -m bundle blocks"
    return f"training needs pairs for training and for validation. Add a specimen, or {instead}."
