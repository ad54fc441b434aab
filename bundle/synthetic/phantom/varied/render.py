"""Slices of a varied specimen: painted at 5 micrometres, then scanned and photographed at the scanner's own pixel."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from bundle.synthetic.phantom.anatomy.bone import OldBone
from bundle.synthetic.phantom.anatomy.canvas import Canvas, cover
from bundle.synthetic.phantom.anatomy.dyes import dyes_between
from bundle.synthetic.phantom.anatomy.materials import METAL, RESIN
from bundle.synthetic.phantom.anatomy.specimen import Specimen
from bundle.synthetic.phantom.files import PIXEL_MM
from bundle.synthetic.phantom.looks import LOOKS, Look
from bundle.synthetic.phantom.plan import Plan
from bundle.synthetic.phantom.render import SLICE, VOLUME, Rendering
from bundle.synthetic.phantom.section import WHITE, Slide
from bundle.synthetic.phantom.tomography import Scanner
from bundle.synthetic.phantom.varied.energy import at_energy
from bundle.synthetic.phantom.varied.grey import GreyScale, grey_scale, round_field
from bundle.synthetic.phantom.varied.grid import Grid
from bundle.synthetic.phantom.variety import PIXELS_UM, Variety

Array = NDArray[np.floating]

PAINTED_UM = 1000 * PIXEL_MM
EXAMPLE = 4
"""Stream of random numbers of the slice that decides the ends of an export, beside those of `render` and `pairs`."""
PLAIN_NOISE, PLAIN_RINGS = 0.085, 0.0235  # 1/cm: middles of the plain phantom's ranges
FAR = 1e3
DARKEST = 1e-4  # least transmittance of a section


@dataclass(frozen=True)
class Scan:
    """A varied specimen and its scanner; ``edge`` is that of the resin in painted pixels: row, column, radius."""

    specimen: Specimen
    scanner: Scanner
    variety: Variety
    edge: tuple[float, float, float] | None


@dataclass(frozen=True)
class Body:
    """A varied specimen in its scanner, how its grey values are stored and how its slides look."""

    scan: Scan
    grey: GreyScale
    slide: Slide


def scale_of(variety: Variety) -> float:
    """Edge of the scanner's pixel in painted pixels."""
    return variety.pixel_um / PAINTED_UM


@functools.lru_cache(maxsize=2)
def body(seed: int, plan: Plan, size: int, half_depth: float) -> Body:
    """The specimen, its scan and its slides, from the generator of ``[seed, specimen]``."""
    variety = plan.variety
    assert variety is not None, "a plain specimen"
    rng = np.random.default_rng([seed, plan.index])
    look = LOOKS.get(plan.look)
    dyes = look.dyes if look else dyes_between(variety.dye, variety.hue)
    reach = half_depth * max(PIXELS_UM) / PAINTED_UM
    specimen = Specimen(rng, plan.material, plan.weeks, size, reach, variety.thread, dyes, look.fat if look else 1.0)
    _change_bone(rng, specimen.bone, variety.bone)
    if look:
        _refine_bone(specimen.bone, look)
    scanner = _scanner(rng, variety, Grid(size, scale_of(variety)).side, specimen.implant.streaks)
    slide = _slide(rng, variety)
    edge = None
    if variety.air:
        row, column = rng.normal(0, 0.02 * size, 2)
        edge = (float(row), float(column), float(rng.uniform(0.54, 0.62) * size))
    scan = Scan(specimen, scanner, variety, edge)
    example, _ = _scan(np.random.default_rng([seed, plan.index, EXAMPLE]), scan, size, 0.0)
    return Body(scan, grey_scale(variety, example), slide)


def _change_bone(rng: np.random.Generator, bone: OldBone, kind: str) -> None:
    """Thicker or thinner trabeculae; only trabeculae, or nothing but cortical bone."""
    bone.thickness *= rng.uniform(0.8, 1.25)
    if kind != "both":
        bone.top = -FAR
        bone.bottom = FAR if kind == "cortical" else -FAR


def _refine_bone(bone: OldBone, look: Look) -> None:
    """Trabeculae of another thickness and another distance."""
    bone.thickness *= look.trabeculae
    bone.network.k /= look.mesh


def _slide(rng: np.random.Generator, variety: Variety) -> Slide:
    red, green, blue = np.asarray(WHITE) - rng.uniform(0, 1, 3) * (6, 8, 10)
    return Slide(
        strength=float(rng.uniform(0.92, 1.08)),
        light=variety.light * rng.normal(0, 0.006, 6),
        noise=float(rng.uniform(0.8, 1.4)),
        white=(float(red), float(green), float(blue)),
        uneven=0.04,
    )


def _scanner(rng: np.random.Generator, variety: Variety, side: int, streaks: float) -> Scanner:
    profile = gaussian_filter1d(rng.standard_t(3, (2, 2 * side)), 0.7, axis=1)
    return Scanner(
        gain=1.0,
        blur=variety.blur,
        noise=variety.noise * PLAIN_NOISE,
        fringe=variety.fringe,
        axis=(float(rng.normal(0, 0.1 * side)), float(rng.normal(0, 0.1 * side))),
        rings=variety.rings * PLAIN_RINGS * profile,
        streaks=variety.streaks * streaks,
    )


def render_varied_slice(seed: int, plan: Plan, size: int, half_depth: float, index: int, z: float) -> Rendering:
    """Render a whole slice at height ``z`` in painted pixels: a scan, and a section of its own thickness and light."""
    rng = np.random.default_rng([seed, plan.index, SLICE, index])
    return _render(rng, body(seed, plan, size, half_depth), size, size, z, vary=True)


def render_varied_layer(
    seed: int, plan: Plan, size: int, half_depth: float, index: int, z: float, side: int
) -> Rendering:
    """Render the middle ``side`` painted pixels of a slice of a volume, at height ``z`` in the scanner's voxels."""
    rng = np.random.default_rng([seed, plan.index, VOLUME, index])
    parts = body(seed, plan, size, half_depth)
    return _render(rng, parts, size, side, z * scale_of(parts.scan.variety), vary=False)


def _render(rng: np.random.Generator, parts: Body, size: int, side: int, z: float, vary: bool) -> Rendering:
    attenuation, canvas = _scan(rng, parts.scan, side, z)
    grid = Grid(side, scale_of(parts.scan.variety))
    slide = parts.slide.vary(rng) if vary else parts.slide
    # A pixel of a section is the mean of the light that came through, not of the optical density.
    light = np.clip(grid.resample(10**-canvas.optical_density), DARKEST, 1)
    field = 2 * grid.pixels * grid.scale / size
    stain = slide.photograph(rng, -np.log10(light), field, field)
    mask = None
    if parts.grey.padding is not None:
        mask = np.where(round_field(grid.side, grid.side), 255, 0).astype(np.uint8)
    return Rendering(parts.grey.store(attenuation), stain, grid.nearest(canvas.labels), mask)


def _scan(rng: np.random.Generator, scan: Scan, side: int, z: float) -> tuple[Array, Canvas]:
    """Attenuation (H, W) on the scanner's grid as the scanner finds it, and the painted slice."""
    pixel = np.arange(side) - (side - 1) / 2
    canvas = scan.specimen.slice(z, pixel, pixel)
    if scan.edge is not None:
        row, column, radius = scan.edge
        away = np.hypot(pixel[:, None] - row, pixel[None, :] - column) - radius
        canvas.paint(cover(-away), 0.0, np.zeros((3, 1, 1)), RESIN)
    grid = Grid(side, scale_of(scan.variety))
    mu = grid.resample(at_energy(canvas.mu, scan.variety.energy_kev))
    metal = grid.nearest(canvas.labels) == METAL
    return scan.scanner.reconstruct(rng, mu, metal, z / grid.scale, grid.pixels, grid.pixels), canvas
