"""The whole of inference against the network alone, and against the obvious way with MONAI's own parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel.nifti1
import numpy as np
import torch
from monai.inferers.inferer import SliceInferer
from monai.transforms.compose import Compose
from monai.transforms.intensity.array import ScaleIntensityRange
from monai.transforms.io.array import LoadImage, SaveImage
from monai.transforms.utility.array import EnsureChannelFirst

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from bundle.evidence.speed.volume.scan import WINDOW, write_folder, write_nifti
from bundle.shared.places import SHIPPED
from bundle.shared.trained_network import read_network
from bundle.shared.workflow import run_workflow
from scripts.data.window import window
from scripts.inferers.tiles import tiles
from scripts.networks import StainGenerator, fold_layers
from scripts.volume import open_volume

PIECE = 384
ROI = 256


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time whole runs, from opening the volume to the finished OME-Zarr, in turn with the network over the same pixels.

    The network alone is timed twice: on whole slices, and on pieces of 384 x 384 side by side without any halo, whose
    result would show seams but which fit better into a processor's caches.
    """
    length, side, repeats = (8, 512, 2) if conditions.quick else (256, 768, 3)
    folder = write_folder(conditions.work / "scan", (length, side, side), "float32")
    network = fold_layers(read_network(SHIPPED))
    network.to(memory_format=torch.channels_last)
    with open_volume(folder) as volume:
        images = torch.from_numpy(window(volume.read(0, length), *WINDOW))[:, None]

    in_pieces = f"network, pieces of {PIECE} x {PIECE}"
    ways = {
        "inference": _inference(folder, conditions.work / "out"),
        "network, whole slices": lambda: _on_slices(network, images, side),
        in_pieces: lambda: _on_slices(network, images, PIECE),
    }
    timings = time_in_turn(ways, repeats)
    whole = median_ratio(timings["inference"], timings["network, whole slices"])
    pieces = median_ratio(timings["inference"], timings[in_pieces])
    rows = [{"way": name, "time": str(timing)} for name, timing in timings.items()]
    rows += [
        {"way": "inference : network, whole slices", "time": f"{whole:.2f}"},
        {"way": "inference : network, pieces", "time": f"{pieces:.2f}"},
    ]
    halo = _recomputed(network, side)
    return {
        "title": f"Wall time of {length} slices of {side} x {side}, float32 TIFF to OME-Zarr",
        "note": f"Encoder and decoder recompute {100 * halo:.1f} % of their pixels in halos, the trunk none.",
        "floor": "at most 1.15 times the network's own",
        "rows": rows,
        "met": pieces <= 1.15,
    }


def measure_against_monai(conditions: Conditions) -> dict[str, Any]:
    """Time the obvious way: LoadImage, SliceInferer with half-overlapping Gaussian windows, SaveImage; float32."""
    length, side, repeats = (4, 512, 1) if conditions.quick else (6, 2000, 2)
    source = write_nifti(conditions.work / "scan.nii.gz", (length, side, side), "uint16")
    ways = {
        "inference to nii.gz": _inference(source, conditions.work / "ours", output_format="nii.gz", amp=False),
        "MONAI's parts": lambda: _monai(source, conditions.work / "theirs"),
    }
    timings = time_in_turn(ways, repeats)
    ratio = median_ratio(timings["MONAI's parts"], timings["inference to nii.gz"])
    rows = [{"way": name, "time": str(timing)} for name, timing in timings.items()]
    rows.append({"way": "MONAI's parts : inference", "time": f"{ratio:.1f}"})
    return {
        "title": f"Against LoadImage, SliceInferer ({ROI} x {ROI}, overlap 0.5, Gaussian), SaveImage: "
        f"{length} slices of {side} x {side}, nii.gz to nii.gz",
        "note": "The same network and weights in float32, the same cores. MONAI's parts profit from the setting of C's "
        "allocator that inference makes for the whole process.",
        "floor": "at least 4 times as fast",
        "rows": rows,
        "met": ratio >= 4,
    }


def _inference(source: Path, out: Path, **options: Any) -> Callable[[], None]:
    def way() -> None:
        shutil.rmtree(out, ignore_errors=True)
        run_workflow("inference", {"input": source, "output_dir": out, "ct_window": WINDOW} | options)

    return way


@torch.no_grad()
def _on_slices(network: torch.nn.Module, images: torch.Tensor, piece: int) -> None:
    side = images.shape[-1]
    for image in images:
        for top in range(0, side, piece):
            for left in range(0, side, piece):
                network(image[None, :, top : top + piece, left : left + piece])


def _recomputed(network: StainGenerator, side: int, tile: int = 256) -> float:
    """Share of pixels that encoder and decoder compute besides those of the slice."""

    def computed(halo: int) -> int:
        return sum(
            (min(side, rows.stop + halo) - max(0, rows.start - halo))
            * (min(side, columns.stop + halo) - max(0, columns.start - halo))
            for rows, columns in tiles((side, side), tile, network.stride)
        )

    return (computed(network.encoder_halo) + computed(network.decoder_halo)) / (2 * side * side) - 1


@torch.no_grad()
def _monai(source: Path, out: Path) -> None:
    network = read_network(SHIPPED)
    load = Compose(
        [LoadImage(image_only=True), EnsureChannelFirst(), ScaleIntensityRange(*WINDOW, 0.0, 1.0, clip=True)]
    )
    inferer = SliceInferer(
        roi_size=(ROI, ROI), spatial_dim=2, sw_batch_size=4, overlap=0.5, mode="gaussian", progress=False
    )
    stained = inferer(load(source)[None].as_tensor(), network)[0]
    save = SaveImage(
        output_dir=out, output_ext=".nii.gz", output_dtype=np.uint8, separate_folder=False, print_log=False
    )
    save(stained * 255)
    written: Any = nibabel.nifti1.load(next(out.glob("*.nii.gz")))
    assert written.shape[:2] == stained.shape[1:3]  # it did write the whole
