"""All pairs of a study checked, each by itself and against the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bundle.data.check.against import NEGATIVE, duplicates, inversions, is_negative, other_dyes
from bundle.data.check.checked import Checked
from bundle.data.check.finding import Finding
from bundle.data.check.fitting import FITS_FROM, LEAST_AFTER, LEAST_GAIN, PART, fit_of, remedy_of
from bundle.data.check.look import SATURATION, Look, look_at
from bundle.data.check.relation import Relation, mean_of, relation_of
from bundle.data.listing.listed import Listed
from bundle.shared.quality.fit import GOOD_FROM, LEAST_JUDGED, Quality
from scripts.errors import InputError

CLEARLY = 0.15  # by how much a section that has the colours of another dye must be more like the others as a negative
PARTNERS = 3  # sections of other pairs that are tried on a CT, the most promising first
TURN_IT = "do so in an image program, or export it again"
WHAT_TO_DO = {
    "turned": TURN_IT,
    "mirrored": TURN_IT,
    "shifted": "register the pair again",
    "other scale": "resample one onto the other",
}

Progress = Callable[[int, int], None]


def check(listed: Sequence[Listed], progress: Progress | None = None) -> list[Checked]:
    """Check all pairs.

    Args:
        listed: the pairs.
        progress: called with the number of pairs that were read, and their total.
    """
    looks: list[Look | InputError] = []
    for number, pair in enumerate(listed, 1):
        looks.append(look_or_mistake(pair))
        if progress is not None:
            progress(number, len(listed))
    return judge(listed, looks)


def look_or_mistake(pair: Listed) -> Look | InputError:
    """What is seen of a pair, or why it cannot be read."""
    try:
        return look_at(pair)
    except InputError as error:
        return error


def judge(listed: Sequence[Listed], looks: Sequence[Look | InputError]) -> list[Checked]:
    """Judge pairs that were read, each by itself and against the others."""
    return _Study(listed, looks).checked()


class _Study:
    """Findings by the place of the pair."""

    def __init__(self, listed: Sequence[Listed], looks: Sequence[Look | InputError]) -> None:
        self.listed = listed
        self.looks = {place: look for place, look in enumerate(looks) if isinstance(look, Look)}
        self.findings: dict[int, list[Finding]] = {place: [] for place in range(len(listed))}
        self.quality: dict[int, Quality] = {}
        for place, look in enumerate(looks):
            if isinstance(look, Look):
                self.findings[place] += look.findings
            else:
                what, _, todo = str(look).rstrip(".").rpartition(": ")
                self.findings[place].append(Finding("cannot be used", what or todo, todo if what else "correct it"))

    def checked(self) -> list[Checked]:
        """All pairs with their findings."""
        for place, look in self.looks.items():
            if look.seen is not None and look.seen.tissue.any():
                self.quality[place] = fit_of(look, look.seen)
        self._compare()
        usual = self._usual()
        self._find_duplicates()
        for place, look in self.looks.items():
            if look.seen is None or place in self.quality:
                self._judge_fit(place, look, usual)
            self._forget_saturation(place)
        return [
            Checked(
                pair,
                self.looks.get(place),
                self.quality.get(place),
                tuple(sorted(self.findings[place], key=lambda finding: not finding.fault)),
            )
            for place, pair in enumerate(self.listed)
        ]

    def _forget_saturation(self, place: int) -> None:
        """Metal is as bright as can be. A negative does not show it as black, a moved section not in its place."""
        findings = self.findings[place]
        if any(finding.kind in (NEGATIVE.kind, *WHAT_TO_DO) for finding in findings):
            self.findings[place] = [finding for finding in findings if finding.kind != SATURATION]

    def _fits(self, place: int) -> bool:
        return place in self.quality and self.quality[place].fitting >= FITS_FROM

    def _relation(self, place: int) -> Relation:
        look = self.looks[place]
        assert look.seen is not None
        return relation_of(look.seen.image, look.grey, look.inside & ~look.seen.opaque)

    def _compare(self) -> None:
        """Find inverted images and other dyes."""
        relations = {place: self._relation(place) for place in self.quality if self._fits(place)}
        inverted = inversions(relations, self.looks)
        seen = {place: look.seen for place, look in self.looks.items() if look.seen is not None}
        dyes = other_dyes({place: one for place, one in seen.items() if place not in inverted})
        for place in dyes.keys() & relations.keys():
            others = [relation for other, relation in relations.items() if other not in dyes]
            if others and is_negative(relations[place], others, self.looks[place], CLEARLY):
                dyes[place] = NEGATIVE
        for found in (inverted, dyes):
            for place, finding in found.items():
                self.findings[place].append(finding)

    def _usual(self) -> Relation | None:
        """Greys of colours in the pairs that fit and have no fault."""
        sound = [place for place in self.quality if self._fits(place) and not self._has_fault(place)]
        return mean_of([self._relation(place) for place in sound]) if sound else None

    def _has_fault(self, place: int) -> bool:
        return any(finding.fault for finding in self.findings[place])

    def _find_duplicates(self) -> None:
        places = list(self.looks)
        for second, (first, shared) in duplicates([self.looks[place] for place in places]).items():
            one, other = places[first], places[second]
            if shared != "both" and self._fits(other) and not self._fits(one):
                one, other = other, one
            what = {"both": "Both images are", "ct": "Its CT is", "section": "Its section is"}[shared]
            of = self.listed[one].name
            todo = "take one of the two out" if shared == "both" else "find its own image"
            self.findings[other].append(Finding("duplicate", f"{what} the same as of {of}", todo))

    def _judge_fit(self, place: int, look: Look, usual: Relation | None) -> None:
        quality = self.quality.get(place)
        if quality is not None and quality.judged < LEAST_JUDGED:
            what = f"Only {quality.judged} places have enough contrast to say whether CT and section fit"
            self.findings[place].append(Finding("hardly to be judged", what, "look at both images", fault=False))
        elif quality is None or quality.fitting < GOOD_FROM:
            self.findings[place].append(self._misfit(place, look, usual, 0.0 if quality is None else quality.fitting))

    def _misfit(self, place: int, look: Look, usual: Relation | None, fitting: float) -> Finding:
        sizes = ""
        if look.seen is None:
            (rows, columns), (high, wide) = look.shape, look.section_shape
            sizes = f"The CT has {rows} x {columns} pixels (rows x columns), the section {high} x {wide}. "
        remedy = remedy_of(look, usual, fitting)
        share = f"{100 * fitting:.0f} % of its places fit"
        if remedy is not None:
            what = (
                f"{sizes}The section fits if it is {remedy.words}: {100 * remedy.fitting:.0f} % of its places fit then"
            )
            what += "" if sizes else f", {100 * fitting:.0f} % as it is"
            return Finding("other size" if sizes else remedy.kind, what, WHAT_TO_DO[remedy.kind])
        if sizes:
            return Finding("other size", sizes.rstrip(". "), "resample one onto the other")
        partner = self._partner(place, look, fitting)
        if partner is not None:
            name, todo = self.listed[partner].name, "exchange them"
            if self._fits(partner):
                todo = "find its own section"
            return Finding("foreign section", f"The CT fits the section of {name}, not its own", todo)
        if fitting < FITS_FROM:
            what = f"The section seems to be of another place or specimen: {share}"
            return Finding("foreign section", what, "find its own section, or register the pair again")
        todo = "look at it; training gets a mask of what fits"
        return Finding(PART, f"Only {share}", todo, fault=False)

    def _partner(self, place: int, look: Look, fitting: float) -> int | None:
        """The place of the pair whose section fits a CT."""
        fine = _fine(look.grey)
        others = {
            other: look_.seen
            for other, look_ in self.looks.items()
            if other != place and look_.seen is not None and look_.grey.shape == look.grey.shape
        }
        promising = sorted(others, key=lambda other: -abs(float((fine * _fine(others[other].image.mean(-1))).sum())))
        for other in promising[:PARTNERS]:
            if fit_of(look, others[other]).fitting >= max(LEAST_AFTER, fitting + LEAST_GAIN):
                return other
        return None


def _fine(image: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    detail = image - gaussian_filter(image, 6)
    scaled: NDArray[np.floating[Any]] = detail / max(float(np.linalg.norm(detail)), 1e-9)
    return scaled
