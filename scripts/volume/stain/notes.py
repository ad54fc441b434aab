"""What was noted of the slabs of a staining, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scripts.volume.stain.begun import Begun
from scripts.volume.write.flicker import mean_change
from scripts.volume.write.maps import Map


class Kept:
    """What is known of the files and slices of a stain, and of its other maps, by which they are checked later.

    Args:
        slabs: along z, in order: for each what `ResultStores.write` returned.
    """

    def __init__(self, slabs: Sequence[Mapping[str, NDArray[np.uint8]]]) -> None:
        self._slabs = slabs

    def stores(self) -> list[str]:
        """SHA-256 over the digests of the slabs' files, for each map, the stain first."""
        return [hashlib.sha256(digests.tobytes()).hexdigest() for digests in self._columns("stored")]

    def slices(self, kind: str) -> list[str]:
        """SHA-256 over the SHA-256 of all slices, for each level of the pyramid.

        Args:
            kind: name of a map.
        """
        levels = sum(name.startswith(f"{kind}_slices_") for name in self._slabs[0])
        digests = ([slab[f"{kind}_slices_{level}"] for slab in self._slabs] for level in range(levels))
        return [hashlib.sha256(np.concatenate(level).tobytes()).hexdigest() for level in digests]

    def _columns(self, name: str) -> NDArray[np.uint8]:
        """(stores, slabs, 32)."""
        return np.stack([slab[name] for slab in self._slabs], axis=1)


class Notes:
    """What was noted of the slabs, put together."""

    def __init__(self, begun: Begun) -> None:
        self.begun, axes = begun, begun.staining.request.axes
        self.axis = "z" if "z" in axes else axes[0]
        self.slabs: dict[str, list[dict[str, NDArray[np.uint8]]]] = {axis: [] for axis in axes}
        # changes from the last slice of a slab to the first of the next: (axis, "ct" or "stain") to one for each pair
        self._between: dict[tuple[str, str], list[float]] = {}
        last: dict[tuple[str, str], NDArray[np.uint8]] = {}
        for axis, start, _ in begun.slabs():
            notes = begun.notes(axis, start)
            for what in ("ct", "stain"):
                ends = notes.pop(f"{what}_ends")  # images, which are not kept: there may be thousands
                changes = self._between.setdefault((axis, what), [])
                if (axis, what) in last:
                    changes.append(mean_change(np.stack([last[axis, what], ends[0]])))
                last[axis, what] = ends[1]
            self.slabs[axis].append(notes)

    def kept(self) -> Kept:
        """Of a staining along z alone."""
        return Kept(self.slabs["z"])

    def levels(self, of: Map) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many voxels of a map along one axis have each level, (256,), and `unlike_of_slices` of all its slices."""
        slabs = self.slabs[self.axis]
        return np.sum([slab[of.name] for slab in slabs], axis=0), np.concatenate(
            [slab[f"{of.name}_unlike"] for slab in slabs]
        )

    def ct_planes(self) -> dict[str, NDArray[np.uint8]]:
        """The CT's middle planes: xy (Y, X), xz (Z, X), yz (Z, Y), uint8."""
        slabs = self.slabs[self.axis]
        middle = next(slab["ct_middle"] for slab in slabs if slab["ct_middle"].size)
        rows = np.concatenate([slab["ct_row"] for slab in slabs])
        columns = np.concatenate([slab["ct_column"] for slab in slabs])
        if self.axis == "z":  # slices (y, x)
            return {"xy": middle, "xz": rows, "yz": columns}
        if self.axis == "y":  # slices (z, x)
            return {"xy": rows, "xz": middle, "yz": columns.T}
        return {"xy": rows.T, "xz": columns.T, "yz": middle}  # slices (z, y)

    def change(self, what: str, axis: str) -> float | None:
        """Mean change of the CT or the stain from slice to slice, in grey levels; None for a single slice."""
        within = [slab[f"{what}_change"] for slab in self.slabs[axis]]
        between = self._between[axis, what]
        total = float(sum(part[0] for part in within)) + sum(between)
        pairs = float(sum(part[1] for part in within)) + len(between)
        return total / pairs if pairs else None

    def seconds(self) -> dict[str, float]:
        sums = np.sum([slab["seconds"] for slabs in self.slabs.values() for slab in slabs], axis=0)
        return dict(zip(("reading", "staining", "storing"), (round(float(value), 3) for value in sums), strict=True))

    def replaced(self) -> tuple[int, list[int]]:
        """Voxels that were NaN or infinite, and the slabs that hold some, by their first slice.

        Of a resampled volume that is sliced along y or x it is not known which slabs hold them.
        """
        if self.axis != "z" and self.begun.findings.replaced is not None:
            return self.begun.findings.replaced, []
        slabs = [
            (start, notes)
            for (axis, start, _), notes in zip(
                (slab for slab in self.begun.slabs() if slab[0] == self.axis), self.slabs[self.axis], strict=True
            )
        ]
        return (
            sum(int(notes["replaced"]) for _, notes in slabs),
            [start for start, notes in slabs if notes["replaced"]],
        )

    def digest(self) -> str:
        """SHA-256 over the SHA-256 of each slice's stored grey values, from the first slice to the last."""
        reach = len(self.begun.findings.slice_average) // 2
        digest = hashlib.sha256()
        for slab in self.slabs[self.axis]:
            digests = slab["digests"]
            digest.update(digests[reach : len(digests) - reach].tobytes())
        return digest.hexdigest()
