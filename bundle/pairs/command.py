"""The command ``pairs``: ``register`` makes a pair of one section and its scan, ``collect`` a data set of a study."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.pairs.options import Ranges
from bundle.shared.window_option import add_window_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    one = steps.add_parser("register", help="one section and its scan to a checked pair")
    one.add_argument("--slide", help="SVS, NDPI, MRXS, OME-TIFF, TIFF, PNG or JPEG")
    one.add_argument("--volume", help="TIFF stack, folder of slices, NIfTI, MHA, NRRD, HDF5 or OME-Zarr")
    one.add_argument("--landmarks", help="CSV of slide_x,slide_y,volume_x,volume_y,volume_z")
    one.add_argument("--mask", help="image, 0 where the section is not to be used, such as drawn over a thumbnail")
    one.add_argument("--ct", help="instead of --slide and --volume: grey image of a pair that is registered already")
    one.add_argument("--histology", help="its section")
    one.add_argument("--out", type=Path, required=True, help="folder of the pair")
    several = steps.add_parser("collect", help="a study's sections to a data set that training accepts")
    several.add_argument("study", type=Path, metavar="STUDY", help="CSV table, or a folder with study.csv")
    several.add_argument("--out", type=Path, required=True, help="folder of the data set")
    several.add_argument("--normalise_stain", action="store_true", help="sections as if they were all dyed alike")
    several.add_argument("--jobs", type=int, default=1, help="sections at a time")
    for step in (one, several):
        _add_options(step)


def _add_options(step: argparse.ArgumentParser) -> None:
    """Declare what both steps take."""
    defaults = Ranges()
    step.add_argument("--plane", help="z0,nx,ny,nz: slice at the scan's middle and normal (default: any depth)")
    step.add_argument("--depth", type=float, default=defaults.depth, help="voxels from the plane at most")
    step.add_argument("--tilt", type=float, default=defaults.tilt, help="degrees from it at most")
    step.add_argument("--turn", type=float, default=defaults.turn, help="degrees turned in it at most")
    step.add_argument("--shift", type=float, default=defaults.shift, help="voxels shifted in it at most")
    step.add_argument("--any_way", action="store_true", help="sections turned by quarters or on either face")
    step.add_argument("--pixel_um", type=float, help="edge of the slide's pixels, if the file does not say")
    step.add_argument("--voxel_um", type=float, help="edge of the scan's voxels, if the file does not say")
    add_window_option(step)
    step.add_argument("--seed", type=int, default=0, help="of the search")


def run(args: argparse.Namespace) -> int:
    """Register, and say what became of it; 1 where there is no pair that training could use, or a section of a study
    could not be registered.

    Raises:
        InputError: see `register`, `read_study`, `collect`.
    """
    from bundle.pairs.steps import run_step

    return run_step(args)
