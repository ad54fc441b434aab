"""A pair and what the checks say of it."""

from __future__ import annotations

from dataclasses import dataclass

from bundle.data.check.finding import Finding
from bundle.data.check.look import Look
from bundle.data.listing.listed import Listed
from bundle.shared.quality.fit import Quality

GOOD, LOOK, OUT, KEPT = "good", "look at it", "left out", "kept as you asked"


@dataclass(frozen=True)
class Checked:
    """A pair and what the checks say of it.

    Attributes:
        listed: the pair.
        look: what was seen; None where it could not be read.
        quality: how well it fits; None where that was not measured.
        findings: about it, worst first.
        kept: whether the user wants it whatever is found.
    """

    listed: Listed
    look: Look | None
    quality: Quality | None
    findings: tuple[Finding, ...]
    kept: bool = False

    @property
    def fault(self) -> bool:
        """Whether something was found by which training must not have it."""
        return any(finding.fault for finding in self.findings)

    @property
    def used(self) -> bool:
        """Whether it goes into the data list."""
        return self.look is not None and self.look.seen is not None and (self.kept or not self.fault)

    @property
    def verdict(self) -> str:
        """One of the four words above."""
        if self.fault:
            return KEPT if self.used else OUT
        return LOOK if self.findings else GOOD
