"""The command ``stain``: one image or small volume, in memory, to one file."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import tifffile
import yaml
from PIL import Image

from scripts.data.window import check_window
from scripts.errors import InputError
from scripts.files.opening import TIFF_SUFFIXES, has_suffix
from scripts.files.output_folder import writable_folder
from scripts.virtual_stainer import VirtualStainer
from scripts.volume.read.reader import open_volume
from scripts.whole import whole_file, writing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("ct", help="an image, TIFF stack, NIfTI ... of grey values that fits into memory")
    parser.add_argument("--out", type=Path, required=True, help="RGB to write: .png for one slice, .tif for any number")
    parser.add_argument("--checkpoint", type=Path, help="weights (default: the bundle's models/model.pt)")
    parser.add_argument("--overlay", type=Path, help="config of the training, for weights of version 0.8 and before")
    parser.add_argument("--ct_window", metavar='"[LO, HI]"', help="grey values that become black and white")
    parser.add_argument("--device", help="where to compute (default: a GPU if there is one)")


def run(args: argparse.Namespace) -> int:
    """Stain and write.

    Raises:
        InputError: see `VirtualStainer`; an output of another format, that exists, or that cannot be written.
    """
    if not has_suffix(args.out, (*TIFF_SUFFIXES, ".png")):
        raise InputError(f"{args.out} ends in no known format: give --out a name that ends in .png or .tif.")
    if args.out.exists():
        raise InputError(f"{args.out} exists already: give another --out, or remove it.")
    with open_volume(args.ct) as volume:
        if volume.shape[0] > 1 and not has_suffix(args.out, TIFF_SUFFIXES):
            raise InputError(f"{volume.source} has {volume.shape[0]} slices, {args.out} holds one: give --out a .tif.")
    writable_folder(args.out.parent, "--out")
    window = None if args.ct_window is None else check_window(_list(args.ct_window), str(args.ct))
    stainer = VirtualStainer(args.checkpoint, args.device, args.overlay)
    rgb, _, (lo, hi) = stainer.stain(args.ct, window)
    _write(args.out, rgb)
    print(f"{args.out}: {' x '.join(map(str, rgb.shape[:-1]))} pixels, stained with the window {lo:g} to {hi:g}")
    return 0


def _list(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _write(path: Path, rgb: np.ndarray) -> None:
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with writing(path, "give another --out"), whole_file(path, partial):
        if has_suffix(path, TIFF_SUFFIXES):
            tifffile.imwrite(partial, rgb, photometric="rgb", compression="zlib")
        else:
            Image.fromarray(rgb[0]).save(partial)
