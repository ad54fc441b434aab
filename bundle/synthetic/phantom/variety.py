"""What sets a varied specimen apart: scanner, grey scale, field of view, implant's shape, bone and dye.

All ranges stand in this file. Within each split every property is shared out evenly over the specimens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.screw import METRIC, Thread

T = TypeVar("T")
STREAM = 5
"""Stream of random numbers, beside those of `render` and `pairs`."""

PIXELS_UM = (2.5, 3.75, 5.0, 7.5)
ENERGIES_KEV = (34.0, 38.4, 45.0)
MATERIALS = ("Mg-5Gd", "Ti", "Mg-10Gd", "none", "PEEK")
GREYS = ("counts", "attenuation", "export8", "hounsfield", "export16", "counts")
PADDINGS = ("no", "zero", "no", "low", "no", "no")
"""What lies outside a round field of view; ``no``: the field is square."""
THREADS = ("metric", "flat", "buttress", "pin", "metric")
BARE_BONES = ("cortical", "trabecular", "both")
NOISE = (0.5, 3.0)  # relative to the middle of the plain phantom's
BLUR = (0.5, 1.3)  # pixels of the scanner
FRINGE = (0.1, 1.0)  # the plain phantom: 0.35 to 0.6
RINGS = (0.3, 3.0)  # relative to the plain phantom's
STREAKS = (0.4, 1.6)  # relative to the plain phantom's
OFFSET = (0.0, 20000.0)  # counts
SLOPE = (3000.0, 14000.0)  # counts per 1/cm
HUE = 0.6
"""Reach of the hue relative to that of the amount: greener than this no section of bone looks real."""


@dataclass(frozen=True)
class Variety:
    """What sets one specimen apart.

    Attributes:
        pixel_um: edge of a pixel and of a voxel.
        energy_kev: of the X-rays.
        grey: how the scan is stored, one of `GREYS`.
        offset: counts of no attenuation, where ``grey`` is ``counts``.
        slope: counts per 1/cm, likewise.
        calibration: factor on the attenuation, for the other greys.
        noise: relative to the plain phantom's.
        blur: standard deviation of the point spread in pixels.
        fringe: strength of the phase-contrast fringes.
        rings: strength of the rings relative to the plain phantom's.
        streaks: strength of the streaks at metal relative to the plain phantom's.
        padding: what lies outside a round field of view, one of `PADDINGS`.
        air: whether the block of resin ends within the field.
        thread: shape of the screw.
        bone: ``both``, ``cortical`` or ``trabecular``.
        dye: amount of the dye, see `dyes.dyes_between`.
        hue: of the stain, likewise.
        light: unevenness of the light relative to the plain phantom's.
    """

    pixel_um: float
    energy_kev: float
    grey: str
    offset: float
    slope: float
    calibration: float
    noise: float
    blur: float
    fringe: float
    rings: float
    streaks: float
    padding: str
    air: bool
    thread: Thread
    bone: str
    dye: float
    hue: float
    light: float


def draw_varieties(seed: int, split: int, count: int, dye: float) -> tuple[list[str], list[Variety]]:
    """Materials and properties of the ``count`` specimens of split number ``split``.

    Args:
        seed: of the phantom.
        split: 0, 1 or 2.
        count: number of specimens.
        dye: largest deviation of the amount of dye from the plain phantom's, 0 to 1; that of the hue is `HUE` of it.
    """
    rng = np.random.default_rng([seed, STREAM, split])
    materials = _share(rng, MATERIALS, count)
    pixels, energies = _share(rng, PIXELS_UM, count), _share(rng, ENERGIES_KEV, count)
    greys, paddings = _share(rng, GREYS, count), _share(rng, PADDINGS, count)
    threads, airs = _share(rng, THREADS, count), _share(rng, (False, True, False), count)
    noises, blurs = (
        np.exp(_spread(rng, float(np.log(NOISE[0])), float(np.log(NOISE[1])), count)),
        _spread(rng, *BLUR, count),
    )
    fringes = _spread(rng, *FRINGE, count)
    scans = np.array([pixels, energies, noises, blurs, fringes, [grey.startswith("export") for grey in greys]], float)
    amounts = _independent(rng, _spread(rng, -dye, dye, count), scans)
    hues = _independent(rng, _spread(rng, -HUE * dye, HUE * dye, count), np.vstack([scans, amounts]))
    bare = 0
    varieties = []
    for k in range(count):
        bone = "both"
        if materials[k] == "none":
            bone, bare = BARE_BONES[bare % len(BARE_BONES)], bare + 1
        varieties.append(
            Variety(
                pixel_um=pixels[k],
                energy_kev=energies[k],
                grey=greys[k],
                offset=float(rng.uniform(*OFFSET)),
                slope=float(rng.uniform(*SLOPE)),
                calibration=float(rng.uniform(0.95, 1.05)),
                noise=float(noises[k]),
                blur=float(blurs[k]),
                fringe=float(fringes[k]),
                rings=float(rng.uniform(*RINGS)),
                streaks=float(rng.uniform(*STREAKS)),
                padding=paddings[k],
                air=airs[k],
                thread=_draw_thread(rng, threads[k]),
                bone=bone,
                dye=float(amounts[k]),
                hue=float(hues[k]),
                light=float(rng.uniform(0.5, 2.5)),
            )
        )
    return materials, varieties


def _draw_thread(rng: np.random.Generator, kind: str) -> Thread:
    size, pitch, depth, head = rng.uniform(0.65, 1.1), rng.uniform(0.6, 1.4), rng.uniform(0.3, 0.6), rng.random() < 0.6
    if kind == "pin":
        return Thread(METRIC.profile, depth=0.0, size=float(size), head=bool(head))
    # Leave a core of at least half of the diameter: a thread is 46 pixels high and the crests 87 from the axis.
    depth = min(depth, 0.5 * 87 * size / (46 * pitch))
    return Thread(kind, float(pitch), float(depth), float(size), bool(head))


def _share(rng: np.random.Generator, options: Sequence[T], count: int) -> list[T]:
    """Each option equally often, as far as possible, in random order."""
    first = int(rng.integers(len(options)))
    return [options[(first + int(k)) % len(options)] for k in rng.permutation(count)]


def _spread(rng: np.random.Generator, low: float, high: float, count: int) -> NDArray[np.float64]:
    """Values spread evenly from low to high, in random order."""
    places = (rng.permutation(count) + rng.uniform(0.2, 0.8, count)) / count
    return low + (high - low) * places


def _independent(
    rng: np.random.Generator, values: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The values in an order that hardly correlates with any of the others (N, count)."""

    def standard(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        spread = rows.std(axis=-1, keepdims=True)
        found: NDArray[np.float64] = (rows - rows.mean(axis=-1, keepdims=True)) / np.where(spread > 0, spread, 1)
        return found

    orders = np.stack([rng.permutation(values) for _ in range(500)])
    correlated = np.square(standard(orders) @ standard(others).T).sum(axis=1)
    best: NDArray[np.float64] = orders[int(correlated.argmin())]
    return best
