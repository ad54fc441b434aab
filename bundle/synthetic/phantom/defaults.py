"""Defaults that the command's help tells, which must not import NumPy."""

from __future__ import annotations

VARIED = (18, 4, 8)
"""Varied specimens of training, validation and test."""

PLAIN_LOOK = "plain"
"""Look of the specimens that are not varied; the others are in `looks`."""

DYE = 0.5
"""How far the looks reach from the plain phantom's towards the measured one, and as far beyond it the other way.

CT does not show how strongly a section was stained, so a network can only learn the middle of what it sees. The looks
therefore lie evenly on both sides of the plain phantom's, and depend on nothing that the scan shows."""
