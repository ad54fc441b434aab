"""A volume as a network sees it, for staining in memory."""

from __future__ import annotations

from typing import NamedTuple

from scripts.data.padding import NO_PADDING, Padding
from scripts.volume.grid.network import network_shape
from scripts.volume.grid.resampled import ResampledVolume, Resampling, resampling_bytes
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import VolumeWindow
from scripts.volume.stain.slab import Slab


class OnGrid(NamedTuple):
    """A volume on the network's grid, and what is known of its grey values there.

    Attributes:
        volume: resampled, or as it is.
        window: its window.
        nan_value: grey value that NaN, infinity and padding become.
        padding: what is still to be replaced.
        extra_bytes: memory that resampling takes.
    """

    volume: Volume
    window: VolumeWindow
    nan_value: float
    padding: Padding
    extra_bytes: int = 0

    def slab(self, start: int, stop: int, average: tuple[float, ...]) -> Slab:
        """Some of its slices, to be averaged with their neighbours by these weights."""
        return Slab(self.volume, start, stop, self.window.window, average, self.nan_value, self.padding)


def on_network_grid(volume: Volume, windowed: VolumeWindow, nan_value: float, pixel_um: float | None) -> OnGrid:
    """Resample a volume, if its voxel size is another than the network's.

    Args:
        volume: with its voxel size, if it is known.
        windowed: its window and padding.
        nan_value: grey value that NaN, infinity and padding become.
        pixel_um: size of the pixels that the network works at, micrometres, None if the weights do not say.

    Raises:
        InputError: see `network_shape`.
    """
    shape = network_shape(volume, pixel_um)
    if shape is None:
        return OnGrid(volume, windowed, nan_value, windowed.padding)
    resampling = Resampling(shape, (windowed.lo, windowed.hi), nan_value, windowed.padding)
    return OnGrid(
        ResampledVolume(volume, resampling),
        resampling.windowed_above(windowed.source),
        0.0,
        NO_PADDING,
        resampling_bytes(volume, shape),
    )
