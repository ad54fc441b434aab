"""A stained volume made without a network: what `run inference` leaves in a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from scripts.volume.read.reader import open_volume
from scripts.volume.write.export import EXPORTS
from scripts.volume.write.maps import STAIN, UNCERTAINTY
from scripts.volume.write.stain_store import StainStore

Shape = tuple[int, int, int]


def smooth(shape: Shape, channels: int) -> np.ndarray:
    """uint8 (z, y, x, channels): each channel rises along another axis, so JPEG keeps it within a few levels."""
    ramps = [np.linspace(20, 230, side) for side in shape]
    volume = np.empty((*shape, channels))
    for channel in range(channels):
        ramp = ramps[2 - channel]
        volume[..., channel] = np.expand_dims(ramp, [axis for axis in range(3) if axis != 2 - channel])
    return np.rint(volume).astype(np.uint8)


def digests_of(voxels: np.ndarray) -> dict[str, list[str]]:
    """What a record says of (z, y, x, channels) without a pyramid: SHA-256 over those of the slices' planes."""
    slices = [b"".join(image[..., channel].tobytes() for channel in range(image.shape[-1])) for image in voxels]
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in slices))
    return {"sha256_of_slice_sha256": [digest.hexdigest()]}


@pytest.fixture
def stained_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes OUT with a stain of `shape`, and the CT ``scan.tif`` beside it."""

    def make(
        name: str = "scan",
        shape: Shape = (6, 24, 40),
        spacing: Shape | tuple[float, float, float] | None = (0.005, 0.005, 0.005),
        formats: tuple[str, ...] = ("ome.zarr",),
        uncertainty: bool = False,
        sliced_along: str = "z",
        **changes: Any,
    ) -> Path:
        out = tmp_path / "out"
        ct = tmp_path / "scan.tif"
        tifffile.imwrite(ct, (smooth(shape, 1)[..., 0].astype(np.uint16) * 100), photometric="minisblack")
        with open_volume(ct, None if spacing is None else [1000 * side for side in spacing]) as volume:
            for kind, channels in (("stain", 3), ("uncertainty", 1)):
                if kind == "stain" or uncertainty:
                    voxels = smooth(shape, channels)
                    for suffix in formats:
                        path = out / f"{name}_{kind}.{suffix}"
                        if suffix in EXPORTS:
                            EXPORTS[suffix](path, volume, [voxels], channels)
                        else:
                            store = StainStore(path, shape, 4, (UNCERTAINTY if channels == 1 else STAIN).channels)
                            out.mkdir(exist_ok=True)
                            store.create(name, volume.spacing, volume.affine)
                            for start in range(0, shape[0], 4):
                                store.write(start, np.moveaxis(voxels[start : start + 4], -1, 0))
            affine = volume.affine
        grey = tifffile.imread(ct)
        digests = b"".join(hashlib.sha256(image.tobytes()).digest() for image in grey)
        flat = max(shape[1:]) <= 256  # a pyramid has one level then
        stain, doubt = (digests_of(smooth(shape, channels)) if flat else {} for channels in (3, 1))
        record = {
            "input": {
                "path": str(ct),
                "shape_zyx": list(shape),
                "voxel_size_zyx_um": None if spacing is None else [1000 * side for side in spacing],
                "affine_xyz_to_mm": None if affine is None else affine.tolist(),
                "sha256_of_slice_sha256": hashlib.sha256(digests).hexdigest(),
                "sliced_along": sliced_along,
            },
            "checkpoint": {"sha256": "0" * 64},
            "checkpoint_path": "/trained/model.pt",
            "window": {"lo": 2000.0, "hi": 23000.0, "source": "given"},
            "outputs": [
                *(f"{name}_stain.{suffix}" for suffix in formats),
                *(f"{name}_uncertainty.{suffix}" for suffix in formats if uncertainty),
                f"{name}_stain.png",
            ],
            "uncertainty": {"views": 4, "mean": 2.0, **doubt} if uncertainty else None,
            "stain": stain,
            "made_of": {"request": {"orientation": None}},
            "finished": "2026-11-27T12:00:00+00:00",
            **changes,
        }
        (out / f"{name}_stain.json").write_text(json.dumps(record))
        return out

    return make
