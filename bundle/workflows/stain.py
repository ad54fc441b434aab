"""The command ``stain``: images and volumes, by the workflow of ``configs/inference.yaml`` or in memory to one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import SHIPPED
from bundle.workflows.typed import NAMES as COMMON_NAMES
from bundle.workflows.typed import add_common, path_text, run_typed

NAMES = {**COMMON_NAMES, "--input": "INPUT"}
IMAGES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")
VOLUMES = (".nii", ".nii.gz", ".zarr", ".mha", ".nrrd", ".h5")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="image, TIFF stack, folder of slices, NIfTI, MHA, NRRD, OME-Zarr, file.h5:/entry/data, folder of volumes",
    )
    parser.add_argument(
        "--out",
        required=True,
        help="a folder, for volumes of any size; or a name that ends in .png (one slice) or .tif: then one INPUT that "
        "fits into memory is stained to this file alone",
    )
    parser.add_argument("--checkpoint", default=SHIPPED, help="weights: of a training, or exported")
    parser.add_argument(
        "--output_format", metavar="FORMAT,...", help="in a folder: ome.zarr, tif, nii.gz, nii (default: ome.zarr)"
    )
    parser.add_argument("--ct_window", type=float, nargs=2, metavar=("LO", "HI"), help="grey values: black, white")
    parser.add_argument("--axis", choices=["z", "y", "x", "all"], help="in a folder: of the slices (default: z)")
    parser.add_argument("--uncertainty", action="store_true", help="in a folder: also write the doubt about each voxel")
    parser.add_argument("--overwrite", action="store_true", help="in a folder: replace an earlier stain")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Stain, and say where the stain is.

    Raises:
        InputError: what the workflow refuses; an option without effect on a single file.
    """
    ending = "".join(Path(args.out).suffixes[-2:]).lower()
    if ending.endswith(IMAGES) and not Path(args.out).is_dir():
        return _to_a_file(args)
    from scripts.errors import InputError

    if ending.endswith(VOLUMES):
        raise InputError(
            f"--out {args.out} is named like a volume: name a folder, and give --output_format nii.gz, tif or ome.zarr."
        )
    return _to_a_folder(args)


def _to_a_file(args: argparse.Namespace) -> int:
    from bundle.workflows.one_file import stain_to_file
    from scripts.errors import InputError
    from scripts.memory import keep_freed_memory

    idle = {
        "--output_format": args.output_format,
        "--axis": args.axis,
        "--uncertainty": args.uncertainty,
        "--overwrite": args.overwrite,
        "--set": args.set,
    }
    for option, value in idle.items():
        if value:
            raise InputError(f"{option} has no effect on the single file {args.out}: leave it out, or name a folder.")
    if len(args.inputs) > 1 or len(args.overlay) > 1:
        what = "INPUT" if len(args.inputs) > 1 else "--overlay"
        raise InputError(f"The single file {args.out} takes one {what}: give one, or name a folder.")
    overlay = args.overlay[0] if args.overlay else None
    keep_freed_memory()
    print(stain_to_file(args.inputs[0], Path(args.out), Path(args.checkpoint), overlay, args.ct_window, args.device))
    return 0


def _to_a_folder(args: argparse.Namespace) -> int:
    out = Path(path_text(args.out))
    options = {
        "output_dir": out,
        "checkpoint": path_text(args.checkpoint),
        "output_format": None if args.output_format is None else args.output_format.split(","),
        "ct_window": args.ct_window,
        "axis": args.axis,
        "uncertainty": args.uncertainty,
        "overwrite": args.overwrite,
        "device": args.device,
    }
    for source in args.inputs:
        run_typed("inference", {"input": path_text(source), **options}, args.overlay, args.set)
    print(f"stained in {out}")
    return 0
