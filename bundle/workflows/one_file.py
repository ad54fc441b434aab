"""One image or small volume, stained in memory to one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scripts.errors import InputError
from scripts.files.opening import TIFF_SUFFIXES, has_suffix
from scripts.files.output_folder import writable_folder
from scripts.printable import printable
from scripts.virtual_stainer import VirtualStainer
from scripts.volume.read.reader import open_volume
from scripts.whole import whole_file, writing


def stain_to_file(
    ct: str,
    out: Path,
    checkpoint: Path,
    overlay: Path | None = None,
    window: Sequence[float] | str | None = None,
    device: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Stain and write.

    Args:
        ct: image or volume.
        out: RGB to write: .png for one slice, .tif for any number.
        checkpoint: weights.
        overlay: config file of the training, for weights of version 0.8 and before, which do not say of what they are.
        window: grey values that become black and white, or a word, see `given_window`; None to find them.
        device: where to compute, None for a GPU if there is one.
        options: of `VirtualStainer`.

    Returns:
        Lines that say what was written, with which weights, and how the scan differs from the training's.

    Raises:
        InputError: see `VirtualStainer`; an output of another format, that exists, or that cannot be written.
    """
    if not has_suffix(out, (*TIFF_SUFFIXES, ".png")):
        raise InputError(f"{out} ends in no known format: give --out a name that ends in .png or .tif.")
    if out.exists():
        raise InputError(f"{out} exists already: give another --out, or remove it.")
    with open_volume(ct) as volume:
        if volume.shape[0] > 1 and not has_suffix(out, TIFF_SUFFIXES):
            raise InputError(f"{volume.source} has {volume.shape[0]} slices, {out} holds one: give --out a .tif.")
    writable_folder(out.parent, "--out")
    stained = VirtualStainer(checkpoint, device, overlay, options).stain(ct, window)
    _write(out, stained.rgb, f"Virtual stain, computed from the CT, no section. Weights: {printable(stained.weights)}.")
    size, (lo, hi) = " x ".join(map(str, stained.rgb.shape[:-1])), stained.window
    made = f"{out}: {size} pixels, stained with the window {lo:g} to {hi:g} by {stained.weights}"
    return "\n".join([made, *stained.warnings])


def _write(path: Path, rgb: NDArray[np.uint8], words: str) -> None:
    """Write an image that says what it is."""
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with writing(path, "give another --out"), whole_file(path, partial):
        if has_suffix(path, TIFF_SUFFIXES):
            said = words.encode("ascii", "replace")  # as TIFF asks for
            tifffile.imwrite(partial, rgb, photometric="rgb", compression="zlib", description=said)
        else:
            entries = PngInfo()
            entries.add_itxt("Description", words)
            Image.fromarray(rgb[0]).save(partial, pnginfo=entries)
