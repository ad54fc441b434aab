"""The command ``stain``: images and volumes, by the workflow of ``configs/inference.yaml`` or in memory to one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bundle.shared.places import SHIPPED
from bundle.shared.window_option import add_window_option, window_of
from bundle.workflows.typed import NAMES as COMMON_NAMES
from bundle.workflows.typed import add_common, path_text, require_plain, run_typed

KIND = "inference"
NAMES = {**COMMON_NAMES, "--input": "INPUT"}
IMAGES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")
VOLUMES = (".nii", ".nii.gz", ".zarr", ".mha", ".nrrd", ".h5")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "inputs",
        type=path_text,
        nargs="+",
        metavar="INPUT",
        help="image, TIFF stack, folder of slices, NIfTI, MHA, NRRD, OME-Zarr, file.h5:/entry/data, folder of volumes",
    )
    parser.add_argument(
        "--out",
        type=path_text,
        required=True,
        help="a folder, for volumes of any size; or a name that ends in .png (one slice) or .tif: then one INPUT that "
        "fits into memory is stained to this file alone",
    )
    parser.add_argument("--checkpoint", type=path_text, default=SHIPPED, help="weights: of a training, or exported")
    parser.add_argument(
        "--output_format", metavar="FORMAT,...", help="in a folder: ome.zarr, tif, nii.gz, nii (default: ome.zarr)"
    )
    add_window_option(parser)
    parser.add_argument(
        "--voxel_um",
        nargs="+",
        metavar="UM",
        help='voxel size in micrometres in place of the file\'s: 5, or z y x as in 10 5 5 or "[10, 5, 5]"',
    )
    parser.add_argument(
        "--force_voxel_um",
        nargs="?",
        const="true",
        choices=["true", "false"],
        help="take a voxel size below 0.05 or above 500 um",
    )
    parser.add_argument("--spacing", nargs="+", help=argparse.SUPPRESS)  # of version 0.9 and before
    parser.add_argument(
        "--output_grid",
        choices=["network", "input"],
        help="in a folder: where the stain lies if the voxel size is not the network's (default: network). A single "
        "file always lies on the input's grid",
    )
    parser.add_argument("--axis", choices=["z", "y", "x", "all"], help="in a folder: of the slices (default: z)")
    parser.add_argument("--uncertainty", action="store_true", help="in a folder: also write the doubt about each voxel")
    parser.add_argument("--novelty", action="store_true", help="in a folder: also write how unlike the training it is")
    parser.add_argument("--overwrite", action="store_true", help="in a folder: replace an earlier stain")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Stain, and say where the stain is.

    Raises:
        InputError: what the workflow refuses; an option without effect on a single file.
    """
    if _is_single_file(args):
        return _to_a_file(args)
    from scripts.errors import InputError

    ending = _ending(args)
    if ending.endswith(VOLUMES):
        raise InputError(
            f"--out {args.out} is named like a volume: name a folder, and give --output_format nii.gz, tif or ome.zarr."
        )
    return _to_a_folder(args)


def interrupted(args: argparse.Namespace) -> str:
    """How to go on after Ctrl-C."""
    if _is_single_file(args):
        return "nothing is written; give the same command again, which begins anew"
    if not any(Path(args.out).glob("*_stain.partial")):
        return "no volume is half stained; give the same command again"
    if args.overwrite:
        return "the same command goes on with the volume at which it stopped, and stains finished ones anew"
    return "the same command goes on where it stopped"


def _ending(args: argparse.Namespace) -> str:
    return "".join(Path(args.out).suffixes[-2:]).lower()


def _is_single_file(args: argparse.Namespace) -> bool:
    return _ending(args).endswith(IMAGES) and not Path(args.out).is_dir()


def _to_a_file(args: argparse.Namespace) -> int:
    from bundle.workflows.one_file import stain_to_file
    from scripts.errors import InputError
    from scripts.memory import keep_freed_memory

    idle = {
        "--output_format": args.output_format,
        "--output_grid": args.output_grid,
        "--axis": args.axis,
        "--uncertainty": args.uncertainty,
        "--novelty": args.novelty,
        "--overwrite": args.overwrite,
        "--set": args.set,
    }
    for option, value in idle.items():
        if value:
            raise InputError(f"{option} has no effect on the single file {args.out}: leave it out, or name a folder.")
    if len(args.inputs) > 1 or len(args.overlay) > 1:
        what = "INPUT" if len(args.inputs) > 1 else "--overlay"
        raise InputError(f"The single file {args.out} takes one {what}: give one, or name a folder.")
    require_plain({"device": args.device})
    overlay = args.overlay[0] if args.overlay else None
    keep_freed_memory()
    options = {name: value for name, value in _size(args).items() if value is not None}
    said = stain_to_file(
        args.inputs[0], Path(args.out), Path(args.checkpoint), overlay, window_of(args), args.device, options
    )
    print(said)
    return 0


def _to_a_folder(args: argparse.Namespace) -> int:
    from bundle.shared.stained import RECORD, find_stained
    from bundle.workflows.inputs import names_of_inputs
    from bundle.workflows.results import Results, found_finished

    options = _options(args)
    require_plain(options)
    out, names = Path(args.out), names_of_inputs(args.inputs)
    results = Results(out / f"{name}{RECORD}" for name in names)
    with found_finished() as finished:
        for source in args.inputs:
            run_typed(KIND, {"input": source, **options}, args.overlay, args.set)
    results.require("staining", may_stay=finished)
    for name in names:
        find_stained(out, name)
    print(f"stained in {out}")
    return 0


def _size(args: argparse.Namespace) -> dict[str, Any]:
    """The voxel size: one number for cubes, else all that was typed; the workflow checks them."""
    from scripts.errors import InputError
    from scripts.options.entries import REPLACED

    if args.spacing is not None:
        raise InputError(f"There is no option --spacing any more: {REPLACED['spacing']}")
    typed = None
    if args.voxel_um is not None:
        words = " ".join(args.voxel_um).strip("[]() ").replace(",", " ").split()
        try:
            typed = [float(word) for word in words]
        except ValueError:
            raise InputError(
                f"--voxel_um is {' '.join(args.voxel_um)}: give one number of micrometres or three (z y x)."
            ) from None
    return {
        "voxel_um": typed[0] if typed is not None and len(typed) == 1 else typed,
        "force_voxel_um": True if args.force_voxel_um == "true" else None,
    }


def _options(args: argparse.Namespace) -> dict[str, Any]:
    from scripts.volume.stain.plan import check_formats

    return {
        "output_dir": args.out,
        "checkpoint": args.checkpoint,
        "output_format": None if args.output_format is None else check_formats(args.output_format),
        "ct_window": window_of(args),
        **_size(args),
        "output_grid": args.output_grid,
        "axis": args.axis,
        "uncertainty": args.uncertainty,
        "novelty": args.novelty,
        "overwrite": args.overwrite,
        "device": args.device,
    }
