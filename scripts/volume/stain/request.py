"""What was asked for and what was found at the start of a staining: together they decide every voxel of the stain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.volume.grid.resampled import RESAMPLED
from scripts.volume.write.export import EXPORTS
from scripts.volume.write.maps import NOVELTY, STAIN, UNCERTAINTY, Map

OME_ZARR = "ome.zarr"  # the format that is always made, and others from it
FORMATS = (OME_ZARR, *EXPORTS)
NETWORK, INPUT = GRIDS = ("network", "input")  # on which the outputs may lie


@dataclass(frozen=True)
class Request:
    """What decides the voxels of a stained volume; a staining is only continued where this is the same.

    Attributes:
        source: the volume, see `open_volume`.
        shape: (Z, Y, X).
        dtype: of the grey values.
        voxel_um: voxel size (z, y, x) in micrometres as it was asked for, None for the file's.
        orientation: axis codes as asked for, None for the file's.
        ct_window: (lo, hi) or a word as asked for, see `given_window`; None for a window found.
        slice_average: weights of neighbouring slices as asked for.
        nan_value: grey value of NaN and infinity, None for the window's lower end.
        axes: along which the volume is sliced.
        slab_size: slices per slab as asked for, None for a size found.
        output_format: formats besides preview and record.
        checkpoint: SHA-256 of the file.
        tile_size: longest side of a tile in pixels; another one may round a pixel to the next grey level.
        amp: whether the network computes in bfloat16.
        views: of each slice by which the uncertainty is found, 1 for none.
        novelty: whether it is written, too.
        network_shape: (Z, Y, X) of the network's grid, None where nothing is resampled.
        output_grid: ``network`` or ``input``, on which the outputs lie.
    """

    source: str
    shape: Sequence[int]
    dtype: str
    voxel_um: Sequence[float] | None
    orientation: str | None
    ct_window: Sequence[float] | str | None
    slice_average: Sequence[float]
    nan_value: float | None
    axes: Sequence[str]
    slab_size: int | None
    output_format: Sequence[str]
    checkpoint: str
    tile_size: int | None
    amp: bool
    views: int
    novelty: bool = False
    network_shape: Sequence[int] | None = None
    output_grid: str = NETWORK

    @property
    def stained_shape(self) -> tuple[int, int, int]:
        """(Z, Y, X) of the grid that is stained."""
        z, y, x = self.network_shape or self.shape
        return z, y, x

    @property
    def stained_dtype(self) -> str:
        """Type of the grey values on that grid."""
        return self.dtype if self.network_shape is None else RESAMPLED.name

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(Z, Y, X) of the outputs."""
        z, y, x = self.shape if self.output_grid == INPUT else self.stained_shape
        return z, y, x

    @property
    def in_one_pass(self) -> bool:
        """Whether what is stained is stored as it is, not to be fused or resampled afterwards."""
        return list(self.axes) == ["z"] and self.output_shape == self.stained_shape

    @property
    def maps(self) -> tuple[Map, ...]:
        """What is written, in the order of the inferer's channels."""
        return (STAIN, *[UNCERTAINTY] * (self.views > 1), *[NOVELTY] * self.novelty)

    def to_json(self) -> dict[str, Any]:
        """The entries as JSON gives them back: tuples as lists."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


@dataclass(frozen=True)
class Findings:
    """What was found out at the start of a staining.

    Attributes:
        window: (lo, hi) grey values that became black and white.
        window_source: "given", "trained", "landmarks", "percentiles" or "export".
        slice_average: weights in use.
        slab_size: slices per slab.
        files: size and time of change of each file, to notice a volume that was exchanged.
        padding: grey values that are no tissue, as `Padding.to_json` gives them.
        fit: how the scan differs from those of the training, see `fit_of`.
        window_why: why this window, in words; empty for a given one.
        landmarks: grey values of background and mineral; None where there are none, or where nobody looked.
        replaced: voxels that were NaN or infinite, where only the copy that is sliced along other axes tells.
    """

    window: Sequence[float]
    window_source: str
    slice_average: Sequence[float]
    slab_size: int
    files: dict[str, Sequence[int]] = field(default_factory=dict)
    padding: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)
    window_why: str = ""
    landmarks: Sequence[float] | None = None
    replaced: int | None = None


def window_words(found: Findings) -> str:
    """A window and where it comes from, in words."""
    lo, hi = found.window
    why = f"{found.window_source}: {found.window_why}" if found.window_why else found.window_source
    return f"{lo:g} to {hi:g} ({why})"
