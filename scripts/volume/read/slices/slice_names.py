"""Which files of a folder are the slices of one scan, and in which order, as their names tell."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

from scripts.errors import InputError
from scripts.files.opening import natural_key
from scripts.printable import listed

#: Whole numbers, as most programs count slices, and numbers with sign or decimals, such as heights in mm.
COUNTS, HEIGHTS = r"\d+", r"[-+]?\d+(?:\.\d+)?"


def choose_slices(folder: Path, files: list[Path]) -> tuple[list[Path], list[str]]:
    """Find the slices of the one scan in a folder: the largest group of files whose names differ in numbers only.

    Args:
        folder: for messages.
        files: the images in it, at least one.

    Returns:
        The slices in their order, and lines for the log: what was left out, gaps, an order that is not clear.

    Raises:
        InputError: several groups of about the same size; slices in several formats; one number twice.
    """
    groups: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(files, key=natural_key):
        groups[_pattern(file)].append(file)
    slices = max(groups.values(), key=len)
    others = [file for group in groups.values() if group is not slices for file in group]
    if len(slices) == 1:
        return _without_pattern(folder, sorted(files, key=natural_key))
    stem = _pattern(slices[0]).rpartition(".")[0]
    if any(_pattern(file).rpartition(".")[0] == stem for file in others):
        formats = ", ".join(sorted({file.suffix.lower() for file in files}))
        raise InputError(f"The folder {folder} holds slices of several formats ({formats}): keep one.")
    second = max((len(group) for group in groups.values() if group is not slices), default=0)
    if 2 * second > len(slices) or 2 * len(slices) <= len(files):
        raise _several_scans(folder, slices[0], others[0])
    ordered, lines = _in_order(folder, slices)
    if others:
        names = listed([file.name for file in others])
        lines.insert(0, f"left out {names}, whose names are unlike those of the {len(slices)} slices")
    return ordered, lines


def _pattern(file: Path) -> str:
    """The name in lower case with # for each number."""
    return re.sub(HEIGHTS, "#", file.stem.lower()) + file.suffix.lower()


def _without_pattern(folder: Path, files: list[Path]) -> tuple[list[Path], list[str]]:
    formats = sorted({file.suffix.lower() for file in files})
    if len(formats) > 1:
        raise InputError(f"The folder {folder} holds slices of several formats ({', '.join(formats)}): keep one.")
    if len(files) == 1:
        return files, []
    order = listed([file.name for file in files])
    return files, [f"the names have no numbers in common, so the slices are taken in this order: {order}"]


def _in_order(folder: Path, files: list[Path]) -> tuple[list[Path], list[str]]:
    """Sort by the number that counts the slices: whole, or with sign and decimals if the steps are even only so."""
    counted = _column(files, COUNTS)
    heights = _column(files, HEIGHTS)
    if heights and (not counted or _are_decimals(files) or _uneven(heights) < _uneven(counted)):
        ordered = [file for _, file in sorted(zip(heights, files, strict=True))]
        line = (
            f"the slices are taken in the order of the numbers in their names, {ordered[0].name} to {ordered[-1].name}"
        )
        return ordered, [line, *_gaps(sorted(heights), ordered)]
    if not counted:
        raise _no_count(folder, files)
    ordered = [file for _, file in sorted(zip(counted, files, strict=True))]
    return ordered, _gaps(sorted(counted), ordered)


def _column(files: list[Path], kind: str) -> list[float]:
    """The number in the names that counts them: another one in each, in even steps if possible; empty if none does."""
    found = [re.findall(kind, file.stem) for file in files]
    if len({len(numbers) for numbers in found}) > 1:
        return []
    columns = [[float(number) for number in column] for column in zip(*found, strict=True)]
    counting = [column for column in reversed(columns) if len(set(column)) == len(files)]
    return min(counting, key=_uneven, default=[])


def _are_decimals(files: list[Path]) -> bool:
    """Whether digits behind a point are of a fraction: of several lengths, and some begin with 0 (0.005, 0.01)."""
    fractions = {digits for file in files for digits in re.findall(r"\d\.(\d+)", file.stem)}
    return len({len(digits) for digits in fractions}) > 1 and any(digits[0] == "0" for digits in fractions)


def _uneven(numbers: list[float]) -> int:
    """How many steps between the sorted numbers are no usual ones."""
    ordered = sorted(numbers)
    steps = [after - before for before, after in itertools.pairwise(ordered)]
    return sum(abs(step - min(steps)) > 1e-6 * max(1.0, abs(ordered[-1])) * min(1.0, min(steps)) for step in steps)


def _gaps(numbers: list[float], files: list[Path]) -> list[str]:
    """A line if the numbers do not go up in equal steps."""
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    usual = min(steps)
    gaps = [f"{files[i].name} and {files[i + 1].name}" for i, step in enumerate(steps) if step - usual > 1e-3 * usual]
    if len(files) < 3 or not gaps:
        return []
    return [f"slices are missing between {gaps[0]} ({len(gaps)} gap(s)); they are treated as neighbours"]


def _no_count(folder: Path, files: list[Path]) -> InputError:
    """Two numbers in the names count, as in scan1_slice1, scan1_slice2, scan2_slice1; or one stands there twice."""
    same = Counter(tuple(map(int, re.findall(COUNTS, file.stem))) for file in files)
    twice = next((numbers for numbers, count in same.items() if count > 1), None)
    if twice is None:
        return _several_scans(folder, files[0], files[-1])
    first, second = [file for file in files if tuple(map(int, re.findall(COUNTS, file.stem))) == twice][:2]
    return InputError(
        f"The folder {folder} holds {first.name} and {second.name}, which have the same number: remove one of them."
    )


def _several_scans(folder: Path, one: Path, other: Path) -> InputError:
    return InputError(
        f"The folder {folder} seems to hold several scans or channels ({one.name}, {other.name}): put each into a "
        "folder of its own, or number the slices of one scan through."
    )
