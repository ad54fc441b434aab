"""The screw as a signed distance in space: metric thread, head with a slot, conical tip."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Array = NDArray[np.floating]
FAR = 1e4

PROFILES = {
    "metric": (1 / 8, 7 / 16, 9 / 16, 7 / 8),
    "flat": (0.20, 0.26, 0.74, 0.80),
    "buttress": (1 / 8, 1 / 5, 2 / 5, 9 / 10),
}
"""Where along one pitch the root ends, the crest begins, the crest ends and the root begins again."""


@dataclass(frozen=True)
class Thread:
    """The shape of a screw.

    Attributes:
        profile: a key of `PROFILES`.
        pitch: relative to the default.
        depth: of the thread, in pitches; 0 = a smooth pin.
        size: diameter relative to the default.
        head: whether there is a head.
    """

    profile: str = "metric"
    pitch: float = 1.0
    depth: float = 0.541
    size: float = 1.0
    head: bool = True


METRIC = Thread()


class Screw:
    """A screw, by default with a helical 60 degree thread (ISO 68-1: crest P/8 wide, root P/4, depth 5/8 of 0.866 P).

    Args:
        rng: source of pose and phase.
        scale: size relative to the default of 2 x 88 pixels across the crests and a pitch of 46 pixels.
        thread: shape of thread and head.
    """

    def __init__(self, rng: np.random.Generator, scale: float, thread: Thread = METRIC) -> None:
        self.thread = thread
        self.pitch = 46.0 * scale * thread.pitch
        self.major = rng.uniform(82, 92) * scale * thread.size
        self.minor = self.major - thread.depth * self.pitch
        self.head_top, self.head_bottom = -205.0 * scale, rng.uniform(-166, -158) * scale
        self.head_radius = self.major * rng.uniform(1.35, 1.5)
        self.slot = (14.0 * scale, 20.0 * scale)
        self.tip = rng.uniform(165, 215) * scale
        self.turn = rng.uniform(0, 1)
        self.centre = rng.uniform(-1, 1, 3) * np.array([10, 14, 26]) * scale
        in_plane, out_of_plane = rng.uniform(-0.35, 0.35), rng.uniform(-0.10, 0.10)
        self.axis = np.array([np.sin(out_of_plane), np.cos(out_of_plane) * np.cos(in_plane), 0.0])
        self.axis[2] = np.cos(out_of_plane) * np.sin(in_plane)
        across = np.cross(self.axis, [1.0, 0.0, 0.0])
        self.across = across / np.linalg.norm(across)
        self.normal = np.cross(self.axis, self.across)
        self.table = self._thread_table()

    def _thread_table(self) -> Array:
        """Signed distance to the thread over one pitch (rows, pixels) and the radius (columns, pixels)."""
        p, low, high = self.pitch, self.minor, self.major
        root_end, crest, crest_end, root = (share * p for share in PROFILES[self.thread.profile])
        one = [(0.0, low), (root_end, low), (crest, high), (crest_end, high), (root, low), (p, low)]
        line = np.array([(u + turn * p, r) for turn in (-1, 0, 1) for u, r in one])
        u = np.linspace(0, p, 64)[:, None]
        r = np.arange(0, np.ceil(high) + 60)[None, :]
        distance = np.full((u.size, r.size), np.inf)
        for (u0, r0), (u1, r1) in itertools.pairwise(line):
            length = (u1 - u0) ** 2 + (r1 - r0) ** 2
            if length > 0:
                t = np.clip(((u - u0) * (u1 - u0) + (r - r0) * (r1 - r0)) / length, 0, 1)
                distance = np.minimum(distance, np.hypot(u - u0 - t * (u1 - u0), r - r0 - t * (r1 - r0)))
        surface = np.interp(u, [c for c, _ in one], [c for _, c in one])
        return np.where(r > surface, distance, -distance)

    def frame(self, z: float, y: Array, x: Array) -> tuple[Array, Array]:
        """Depth along the axis (negative = towards the head) and distance from the axis, both (H, W) in pixels."""
        along, across, normal = self._project(z, y, x)
        return along, np.hypot(across, normal)

    def _project(self, z: float, y: Array, x: Array) -> tuple[Array, Array, Array]:
        dz, dy, dx = z - self.centre[0], (y - self.centre[1])[:, None], (x - self.centre[2])[None, :]
        along, across, normal = (v[0] * dz + v[1] * dy + v[2] * dx for v in (self.axis, self.across, self.normal))
        return along, across, normal

    def distance(self, z: float, y: Array, x: Array) -> Array:
        """Signed distance (H, W) in pixels to the screw's original surface, negative inside."""
        along, across, normal = self._project(z, y, x)
        radius = np.hypot(across, normal)
        turn = along / self.pitch + np.arctan2(normal, across) / (2 * np.pi) + self.turn
        rows = (turn % 1.0) * (self.table.shape[0] - 1)
        thread = map_coordinates(self.table, [rows, radius], order=1, mode="nearest")
        # Beyond the table the thread's profile no longer matters.
        thread += np.maximum(radius - (self.table.shape[1] - 1), 0)
        cone = 0.8 * (radius - 1.3 * (self.tip - along))
        width, depth = self.slot
        top = self.head_top + 1.6 * depth if self.thread.head else self.head_bottom
        shank: Array = np.maximum.reduce([thread, cone, top - along])
        if not self.thread.head:
            return shank
        head = self._head(along, radius)
        slot = np.maximum(np.abs(across) - width, along - (self.head_top + depth))
        distance: Array = np.minimum(shank, np.maximum(head, -slot))
        return distance

    def _head(self, along: Array, radius: Array) -> Array:
        """Signed distance to a disc with rounded edges."""
        rounding = 0.1 * (self.head_bottom - self.head_top)
        sideways = radius - self.head_radius + rounding
        lengthways = np.maximum(self.head_top - along, along - self.head_bottom) + rounding
        outside = np.hypot(np.maximum(sideways, 0), np.maximum(lengthways, 0))
        distance: Array = outside + np.minimum(np.maximum(sideways, lengthways), 0) - rounding
        return distance


class NoScrew(Screw):
    """Where a screw might have been, in bone that nobody has operated."""

    def frame(self, z: float, y: Array, x: Array) -> tuple[Array, Array]:
        """Depth along the axis as for a screw; the axis is far away."""
        along, _ = super().frame(z, y, x)
        return along, np.full(along.shape, FAR)

    def distance(self, z: float, y: Array, x: Array) -> Array:
        """A screw that is far away from all of the slice."""
        return self.frame(z, y, x)[1]
