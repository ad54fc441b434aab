"""The screw as a signed distance in space: metric thread, head with a slot, conical tip."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Array = NDArray[np.floating]


class Screw:
    """A screw with a helical 60 degree thread (ISO 68-1: crest P/8 wide, root P/4, depth 5/8 of 0.866 P).

    Args:
        rng: source of pose and phase.
        scale: size relative to the default of 2 x 88 pixels across the crests and a pitch of 46 pixels.
    """

    def __init__(self, rng: np.random.Generator, scale: float) -> None:
        self.pitch = 46.0 * scale
        self.major = rng.uniform(82, 92) * scale
        self.minor = self.major - 0.541 * self.pitch
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
        one = [(0.0, low), (p / 8, low), (7 / 16 * p, high), (9 / 16 * p, high), (7 / 8 * p, low), (p, low)]
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
        shank = np.maximum.reduce([thread, cone, self.head_top + 1.6 * depth - along])
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
