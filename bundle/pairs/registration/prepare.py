"""What a search needs: the section at the scan's scale, guesses where it lies, and that part of the scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.pairs.options import Options, Ranges
from bundle.pairs.place.box import Box, around, read_box
from bundle.pairs.place.cut import Cut, Frame
from bundle.pairs.place.guess import frames_of, ranges_of
from bundle.pairs.place.landmark_fit import fit
from bundle.pairs.place.landmarks import Landmarks, check_within, read_landmarks
from bundle.pairs.place.level import SPACING
from bundle.pairs.section.drawn_mask import left_out
from bundle.pairs.slide.downsampling import reduced
from bundle.pairs.slide.slide import Slide
from bundle.shared.section.find import Section, find_section
from scripts.data.window import PERCENTILES
from scripts.errors import InputError
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import VolumeWindow, volume_window

NEAR_LANDMARKS = Ranges(depth=8.0, tilt=3.0, turn=3.0, shift=8.0)
LARGEST_BOX = 250e6  # voxels that are held for the search

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Scale:
    """How large pixels and voxels are.

    Attributes:
        pixel_um: edge of the slide's pixels in micrometres.
        voxel_um: edge of the scan's voxels within a slice in micrometres, and of the section's pixels.
        voxel: (3,) edges (z, y, x) of a voxel in pixels of the section.
    """

    pixel_um: float
    voxel_um: float
    voxel: Array

    @property
    def factor(self) -> float:
        """Pixels of the slide along one of the section."""
        return self.voxel_um / self.pixel_um


@dataclass(frozen=True)
class Guess:
    """Where the section is looked for.

    Attributes:
        frames: places and orientations, more than one if it may lie any way round.
        ranges: how far from them it may lie.
        landmarks: that somebody has set, None for none.
        start: the cut that fits them.
    """

    frames: Sequence[Frame]
    ranges: Ranges
    landmarks: Landmarks | None = None
    start: Cut | None = None


@dataclass(frozen=True)
class Task:
    """A section that is ready to be searched for.

    Attributes:
        slide: its slide.
        volume: the open scan.
        options: as given.
        scale: of both.
        section: at the scan's scale.
        drawn: (H, W) what a person has marked, None for nothing.
        window: of the scan.
        guess: where the section is looked for.
        averaged: pixels of the section that a voxel of `box` has along its edges, at least.
        box: the part of the scan that is searched.
    """

    slide: Slide
    volume: Volume
    options: Options
    scale: Scale
    section: Section
    drawn: npt.NDArray[np.bool_] | None
    window: VolumeWindow
    guess: Guess
    averaged: int
    box: Box

    @property
    def limits(self) -> tuple[float, float]:
        """Grey values that become black and white."""
        return self.window.lo, self.window.hi


def prepare(slide: Slide, volume: Volume, options: Options, progress: Callable[[str], None]) -> Task:
    """Average the slide down, find its section, guess where it lies, and read that part of the scan.

    Args:
        slide: open.
        volume: open scan.
        options: how.
        progress: called with what is being done.

    Raises:
        InputError: sizes that are not known, landmarks or a plane that cannot be right, a slide without a section.
    """
    scale = _scale(slide, volume, options)
    progress(f"averaging {scale.factor:.2f} pixels of {slide.path.name}")
    light = reduced(slide, scale.factor)
    size = (light.shape[0], light.shape[1])
    drawn = None if options.mask is None else left_out(options.mask, size, str(slide.path))
    section = find_section(light, str(slide.path), drawn)
    if drawn is not None:
        progress(f"the mask leaves out {100 * drawn.mean():.0f} % of the slide")
    window = volume_window(volume, PERCENTILES, given=options.ct_window)
    guess = _guess(slide, volume, options, scale, size)
    low, high = _reach(guess, size)
    progress("reading the scan")
    averaged = _binning(low, high, volume.shape, scale.voxel)
    box = read_box(volume, scale.voxel, low, high, averaged, (window.lo, window.hi), window.padding)
    return Task(slide, volume, options, scale, section, drawn, window, guess, averaged, box)


def _scale(slide: Slide, volume: Volume, options: Options) -> Scale:
    pixel = options.pixel_um if options.pixel_um is not None else slide.pixel_um
    if pixel is None:
        raise InputError(f"{slide.path} does not say how large its pixels are: give --pixel_um.")
    if volume.spacing is None:
        raise InputError(f"{volume.source} does not say how large its voxels are: give --voxel_um.")
    z, y, x = (1000 * value for value in volume.spacing)
    if abs(y - x) > 0.01 * y:
        raise InputError(f"{volume.source} has voxels of {y:g} x {x:g} micrometres in a slice: resample it to squares.")
    return Scale(pixel, y, np.array([z, y, x]) / y)


def _guess(slide: Slide, volume: Volume, options: Options, scale: Scale, size: tuple[int, int]) -> Guess:
    if options.landmarks is not None:
        landmarks = read_landmarks(options.landmarks)
        check_within(landmarks, slide.sizes[0], volume.shape)
        start = fit(landmarks, scale.factor, size, scale.voxel, SPACING)
        guess = Guess([start.frame], NEAR_LANDMARKS, landmarks, start)
    else:
        frames = frames_of(options.plane, volume.shape, scale.voxel, options.any_way)
        guess = Guess(frames, ranges_of(options.ranges, options.plane, volume.shape, scale.voxel))
    if volume.shape[0] == 1:  # somebody has cut the scan already
        return replace(guess, ranges=replace(guess.ranges, depth=0.0, tilt=0.0))
    return guess


def _reach(guess: Guess, size: tuple[int, int]) -> tuple[Array, Array]:
    """Least and greatest position (3,) that the section may reach."""
    ranges = guess.ranges
    reaches = [around(frame, size, ranges.depth, np.radians(ranges.tilt), ranges.shift) for frame in guess.frames]
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
