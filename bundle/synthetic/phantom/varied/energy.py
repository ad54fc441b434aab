"""Attenuation at other energies than the 38.4 keV at which the specimens are painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Linear attenuation in 1/cm: nothing, water, PMMA resin, PEEK, Mg, cortical bone, Mg-5Gd, Mg-10Gd, Ti; computed from
# tabulated mass attenuation coefficients.
PAINTED = (0.0, 0.28, 0.29, 0.30, 0.93, 1.41, 1.62, 2.35, 11.2)
ATTENUATION = {
    34.0: (0.0, 0.32, 0.32, 0.33, 1.22, 1.89, 2.17, 3.18, 15.8),
    38.4: PAINTED,
    45.0: (0.0, 0.25, 0.26, 0.28, 0.69, 1.01, 1.14, 1.62, 7.3),
}


def at_energy(mu: Array, energy_kev: float) -> Array:
    """Attenuation in 1/cm at an energy of the table, from that at 38.4 keV.

    Piecewise linear between the materials; in proportion beyond the last one. Tissues between them are assumed to be
    mixtures of them.
    """
    known = ATTENUATION[energy_kev]
    found: Array = np.interp(mu, PAINTED, known) + np.maximum(mu - PAINTED[-1], 0) * known[-1] / PAINTED[-1]
    return found
