"""How a section is registered: what the command line and a study's table decide."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ranges:
    """How far from the guess a section may lie.

    Attributes:
        depth: pixels along the normal.
        tilt: degrees about each axis.
        turn: degrees in the plane.
        shift: pixels in the plane.
    """

    depth: float = 45.0
    tilt: float = 10.0
    turn: float = 18.0
    shift: float = 30.0


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
        ct_window: grey values (lo, hi) that become black and white, or a word, see `given_window`; None to find them.
        seed: of the search.
        mask: image, 0 where the section is not to be used, see `drawn_mask.left_out`.
    """

    landmarks: str | None = None
    plane: str | None = None
    ranges: Ranges = field(default_factory=Ranges)
    any_way: bool = False
    pixel_um: float | None = None
    voxel_um: float | None = None
    ct_window: tuple[float, float] | str | None = None
    seed: int = 0
    mask: str | None = None
