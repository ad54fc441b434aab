"""One section and its scan to a checked pair."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from bundle.pairs.pair_files import claim, write_pair
from bundle.pairs.place import landmarks as marks
from bundle.pairs.place.cut import POSE, Cut
from bundle.pairs.place.guess import frames_of, ranges_of
from bundle.pairs.place.scan import around, on_surface, read_box
from bundle.pairs.place.search import SPACING, Found, Ranges, search
from bundle.pairs.quality import Quality, judge
from bundle.pairs.section.area import reduced
from bundle.pairs.section.drawn import left_out
from bundle.pairs.section.section import Section, find_section
from bundle.pairs.section.slide import Slide, open_slide
from scripts.data.window import window as windowed
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import volume_window

AROUND_TISSUE = 6  # pixels beside the tissue that count in the search: glass against what is beside the specimen
NEAR_LANDMARKS = Ranges(depth=8.0, tilt=3.0, turn=3.0, shift=8.0)
LARGEST_BOX = 250e6  # voxels that are held for the search
SURE = 0.8  # share of windows that fit from which a search is not repeated
LEAST_INSIDE = 0.5  # share of the tissue that must lie in the scan
PERCENTILES = (0.5, 99.5)

Array = NDArray[np.floating]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How a section is registered.

    Attributes:
        landmarks: CSV file, see `landmarks.read_landmarks`.
        plane: ``z0,nx,ny,nz``, see `guess.parse_plane`.
        ranges: how far from `plane` the section may lie.
        any_way: whether it may lie turned by quarters and on either face.
        pixel_um: edge of the slide's pixels in micrometres instead of the file's.
        voxel_um: edge of the scan's voxels in micrometres instead of the file's.
        ct_window: grey values (lo, hi) that become black and white; None for the scan's percentiles.
        seed: of the search.
        mask: image, 0 where the section is not to be used, see `drawn.left_out`.
    """

    landmarks: str | None = None
    plane: str | None = None
    ranges: Ranges = field(default_factory=Ranges)
    any_way: bool = False
    pixel_um: float | None = None
    voxel_um: float | None = None
    ct_window: tuple[float, float] | None = None
    seed: int = 0
    mask: str | None = None


@dataclass(frozen=True)
class Pair:
    """A section and what its scan shows there.

    Attributes:
        section: at the scan's scale.
        ct: (H, W) grey values of the scan: float32, or float64 where only that tells them apart.
        window: grey values (lo, hi) that become black and white.
        inside: (H, W) whether a pixel lies in the scan.
        quality: how well they fit.
        cut: where the section lies, None if nobody looked for it.
        pixel_um: edge of the pixels in micrometres, None if nobody knows.
        facts: for the report.
    """

    section: Section
    ct: Array
    window: tuple[float, float]
    inside: NDArray[np.bool_]
    quality: Quality
    cut: Cut | None
    pixel_um: float | None
    facts: dict[str, Any]


def register(slide: str, volume: str, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Register a slide to a scan and write the pair with its report.

    Args:
        slide: file of the slide.
        volume: anything `open_volume` opens.
        out: folder of the pair; it is there only when everything in it is.
        options: how.
        progress: called with what is being done.

    Returns:
        The report, as in ``report.json``.

    Raises:
        InputError: files that cannot be used, sizes that are not known, landmarks or a plane that cannot be right, a
            slide without a section, a folder that holds something else.
    """
    begun = time.monotonic()
    out = claim(out)
    for name, value in (("voxel_um", options.voxel_um), ("pixel_um", options.pixel_um)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"--{name} {value:g}: give a positive number of micrometres.")
    opened = open_slide(slide)
    with open_volume(volume, None if options.voxel_um is None else options.voxel_um / 1000) as scan:
        pair = _register(opened, scan, options, progress or (lambda line: None))
    report = write_pair(pair, out, time.monotonic() - begun)
    return report


def _register(slide: Slide, volume: Volume, options: Options, progress: Progress) -> Pair:
    pixel_um, spacing = _sizes(slide, volume, options)
    voxel_um = spacing[1]
    voxel = np.array(spacing) / voxel_um
    factor = voxel_um / pixel_um
    progress(f"averaging {factor:.2f} pixels of {slide.path.name}")
    light = reduced(slide, factor)
    drawn = None if options.mask is None else left_out(options.mask, (light.shape[0], light.shape[1]), str(slide.path))
    section = find_section(light, str(slide.path), drawn)
    if drawn is not None:
        progress(f"the mask leaves out {100 * drawn.mean():.0f} % of the slide")
    size = (section.density.shape[0], section.density.shape[1])
    found_window = volume_window(volume, PERCENTILES, given=options.ct_window)
    window, padding = (found_window.lo, found_window.hi), found_window.padding
    given = None
    if options.landmarks is not None:
        given = marks.read_landmarks(options.landmarks)
        marks.check_within(given, slide.sizes[0], volume.shape)
        fitted = marks.fit(given, factor, size, voxel, SPACING)
        frames, ranges, start = [fitted.frame], NEAR_LANDMARKS, fitted
    else:
        frames = frames_of(options.plane, volume.shape, voxel, options.any_way)
        ranges, start = ranges_of(options.ranges, options.plane, volume.shape, voxel), None
    if volume.shape[0] == 1:  # somebody has cut the scan already
        ranges = replace(ranges, depth=0.0, tilt=0.0)
    low, high = _reach(frames, size, ranges)
    progress("reading the scan")
    averaged = _binning(low, high, volume.shape, voxel)
    box = read_box(volume, voxel, low, high, averaged, window, padding)
    weight = binary_dilation(section.tissue, iterations=AROUND_TISSUE) & ~section.marked

    def attempt(seed: int) -> tuple[Found, Array, NDArray[np.bool_], Array, Quality]:
        found = search(
            box,
            torch.from_numpy(section.density),
            torch.from_numpy(weight.astype(np.float32)),
            frames,
            ranges,
            start=start,
            seed=seed,
            progress=progress,
        )
        ct, inside = on_surface(volume, voxel, found.cut.places(), window, padding)
        grey = windowed(ct, *window)
        folding = found.cut.fold().numpy()
        valid = section.tissue & inside & ~section.marked & (folding > 0)
        quality = judge(section.image, section.density, grey, valid)
        return found, ct, inside, folding, quality

    best = attempt(options.seed)
    if best[-1].fitting < SURE:
        progress(f"{100 * best[-1].fitting:.0f} % of the windows fit: searching again from elsewhere")
        best = max(best, attempt(options.seed + 1), key=lambda found: found[0].information)
    found, ct, inside, folding, quality = best
    quality = _stricter(quality, section, inside, folding)
    if given is not None and quality.verdict == "reject" and float(found.cut.normal[0]) < 0:
        hint = "the landmarks lay the section on its back: are x and y, or two landmarks, mixed up?"
        quality = replace(quality, reasons=(*quality.reasons, hint))
    facts = {
        "slide": str(slide.path),
        "volume": volume.source,
        "pixel_um_of_slide": pixel_um,
        "scan_averaged_for_the_search": averaged,
        "glass": [round(value, 4) for value in section.glass],
        "left_out_by_hand": None if drawn is None else round(float(drawn.mean()), 4),
        "options": asdict(options),
        "ct_window_given": options.ct_window is not None,
        "padding": padding.to_json(),
        "information_nats": round(found.information, 4),
        "pose": _in_words(found.cut),
        "least_jacobian": round(float(folding[section.tissue].min()), 3),
        "tissue_inside_scan": round(float(inside[section.tissue].mean()), 4),
    }
    if given is not None:
        distance = marks.errors(given, found.cut, factor, voxel)
        facts["landmark_errors_pixels"] = [round(float(value), 2) for value in distance]
    return Pair(section, ct, window, inside, quality, found.cut, voxel_um, facts)


def _sizes(slide: Slide, volume: Volume, options: Options) -> tuple[float, tuple[float, float, float]]:
    """Edges of the slide's pixels and of the voxels (z, y, x) in micrometres."""
    pixel = options.pixel_um if options.pixel_um is not None else slide.pixel_um
    if pixel is None:
        raise InputError(f"{slide.path} does not say how large its pixels are: give --pixel_um.")
    if volume.spacing is None:
        raise InputError(f"{volume.source} does not say how large its voxels are: give --voxel_um.")
    z, y, x = (1000 * value for value in volume.spacing)
    if abs(y - x) > 0.01 * y:
        raise InputError(f"{volume.source} has voxels of {y:g} x {x:g} micrometres in a slice: resample it to squares.")
    return pixel, (z, y, x)


def _reach(frames: list[Any], size: tuple[int, int], ranges: Ranges) -> tuple[Array, Array]:
    reaches = [around(frame, size, ranges.depth, np.radians(ranges.tilt), ranges.shift) for frame in frames]
    return np.min([low for low, _ in reaches], axis=0), np.max([high for _, high in reaches], axis=0)


def _binning(low: Array, high: Array, shape: tuple[int, int, int], voxel: Array) -> int:
    """Pixels to average so that what is searched fits into memory.

    Args:
        low: least position wanted.
        high: greatest position wanted.
        shape: (Z, Y, X) of the scan.
        voxel: edges of its voxels in pixels.
    """
    extent = np.clip(high, 0, (np.array(shape) - 1) * voxel) - np.clip(low, 0, None)
    factor = 1
    while np.prod(np.maximum(extent, 1) / np.maximum(voxel, factor)) > LARGEST_BOX:
        factor += 1
    return factor


def _stricter(quality: Quality, section: Section, inside: NDArray[np.bool_], folding: Array) -> Quality:
    """The verdict where the scan is too small for the section, or the map folds."""
    share = float(inside[section.tissue].mean())
    if share < LEAST_INSIDE:
        reason = f"{100 * share:.0f} % of the section lie in the scan, fewer than {100 * LEAST_INSIDE:.0f}"
        return replace(quality, verdict="reject", reasons=(*quality.reasons, reason))
    if (folding[section.tissue] <= 0).any():
        reason = f"the map folds over {100 * (folding[section.tissue] <= 0).mean():.1f} % of the section"
        worse = "reject" if quality.verdict == "reject" else "usable with mask"
        return replace(quality, verdict=worse, reasons=(*quality.reasons, reason))
    return quality


def _in_words(cut: Cut) -> dict[str, Any]:
    pose = dict(zip(POSE, (float(value) for value in cut.pose), strict=True))
    angles = {f"{name}_degrees": round(float(np.degrees(pose[name])), 2) for name in POSE[:3]}
    shifts = {f"{name}_pixels": round(pose[name], 2) for name in POSE[3:6]}
    stretches = {f"{name}_percent": round(100 * (float(np.exp(pose[name])) - 1), 2) for name in POSE[6:8]}
    centre = cut.places()[cut.size[0] // 2, cut.size[1] // 2]
    return {
        "centre_zyx_pixels": [round(float(value), 2) for value in centre],
        "normal_zyx": [round(float(value), 5) for value in cut.normal],
        **angles,
        **shifts,
        **stretches,
        "shear": round(pose["shear"], 4),
        "largest_bump_pixels": round(float(cut.bumps.abs().max()), 2),
    }
