"""A network as TorchScript and ONNX: written, read back, and compared with PyTorch."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data.torchscript_utils import save_net_with_metadata
from numpy.typing import NDArray

from bundle.export.int8 import calibration_slices, loss, write_int8
from bundle.shared.contents import read_metadata
from bundle.shared.markdown import table
from bundle.shared.places import ROOT
from bundle.shared.trained_network import read_network
from scripts.errors import InputError
from scripts.files.digest import digest_file_of, note_digest
from scripts.files.output_folder import writable_folder
from scripts.files.seal import is_archive, seal
from scripts.inferers import TileInferer, default_tile_size
from scripts.networks import ResNetGenerator, fold_layers, trained_on
from scripts.networks.definition import ENTRY
from scripts.networks.ensemble import members_of
from scripts.networks.exported import FACTS, SUFFIXES, load_exported
from scripts.weights.origin import converted
from scripts.whole import whole_file, writing
from scripts.words import count

WORST = 1e-4  # of a stain in [0, 1] in float32
SHAPES = ((1, 1, 64, 64), (2, 1, 97, 131), (1, 1, 256, 320))  # images, channels, height, width
TIMED = (1, 1, 1024, 1024)
ROUNDS = 5
OPSET = 18


def export(
    out: Path, checkpoint: Path, formats: Sequence[str], overlay: Path | None = None, int8: Path | None = None
) -> None:
    """Write, read back, compare with PyTorch at several sizes, time, and print a table.

    Args:
        out: folder for ``model.ts``, ``model.onnx`` and ``model_int8.onnx``.
        checkpoint: weights of a training.
        formats: "ts", "onnx".
        overlay: config file of the training, for weights that do not say what network they are of.
        int8: data set that the network in 8 bits is fitted to, None for no such network.

    Raises:
        InputError: no such checkpoint; a network of another kind; a package is missing; an export that differs by more
            than `WORST`, which is not left behind.
    """
    writable_folder(out, "--out")
    if checkpoint.suffix in SUFFIXES:
        raise InputError(f"{checkpoint} is exported already: give the model.pt or checkpoint.pt of a training.")
    if "onnx" in formats:
        _check_onnx()
    if int8 is not None and "onnx" not in formats:
        raise InputError("--int8 is made of the ONNX file: give --formats onnx as well.")
    network: Any = read_network(checkpoint, overlay).cpu()
    network.trained_on = converted(network.trained_on, checkpoint)
    slices = [] if int8 is None else calibration_slices(int8, network.trained_on.pixel_um)
    if not isinstance(members_of(network)[0], ResNetGenerator):
        raise InputError(
            f"{checkpoint} is of another network: only a StainGenerator, or an ensemble of them, can be exported."
        )
    rows = []
    made: dict[str, tuple[Any, float]] = {}
    reference = _seconds(fold_layers(network).to(memory_format=torch.channels_last))
    for suffix in formats:
        path = out / f"model.{suffix}"
        exported, worst = _write_and_compare(path, network)
        made[suffix] = exported, _seconds(exported)
        speed = f"{reference / made[suffix][1]:.2f}"
        rows.append({"file": str(path), "greatest difference": f"{worst:.1e}", "times PyTorch's speed": speed})
    print("\n".join(table(rows)))
    print(
        f"The stain lies in [0, 1]. Times are of staining {TIMED[-2]} x {TIMED[-1]} pixels as inference does, "
        f"in tiles, in float32 on {count(torch.get_num_threads(), 'thread')}."
    )
    if int8 is not None:
        _write_int8(out, slices, int8, *made["onnx"])


def _write_and_compare(path: Path, network: Any) -> tuple[Any, float]:
    """Write a file of the format that its suffix names; return what is read back, and its greatest difference."""
    with _published(path) as partial:
        with writing(path, "give another --out"):
            WRITERS[path.suffix.removeprefix(".")](network, partial)
        exported = load_exported(partial)
        differences = [_difference(network, exported, shape) for shape in SHAPES]
        worst = max(differences)
        if not all(difference <= WORST for difference in differences):  # a NaN is no difference to be content with
            raise InputError(f"The exported {path.name} differs from PyTorch by {worst:.1g}, more than {WORST:g}.")
    return exported, worst


def _write_int8(
    out: Path, slices: Sequence[NDArray[np.float32]], dataset_dir: Path, exact: Any, seconds: float
) -> None:
    """Write model_int8.onnx, and say what it loses and gains against `exact`, which takes `seconds`."""
    path = out / "model_int8.onnx"
    with _published(path) as partial:
        with writing(path, "give another --out"):
            write_int8(out / "model.onnx", partial, slices)
        quantised = load_exported(partial)
        lost = loss(exact, quantised, dataset_dir, exact.trained_on.pixel_um)
    print(
        f"{path}: {seconds / _seconds(quantised):.2f} times as fast as model.onnx; its stain differs by "
        f"{lost['mean']:.1f} grey levels on average and by less than {lost['99 %']:.0f} in 99 % of the values, and has "
        f"a PSNR of {lost['PSNR']:.2f} dB, model.onnx {lost['PSNR in float32']:.2f} (validation of {dataset_dir})."
    )


@contextlib.contextmanager
def _published(path: Path) -> Iterator[Path]:
    """Yield the path of a file to write, which gets its name at the end.

    The digest by which inference notices damage goes into a zip archive, or else beside the file.
    """
    with whole_file(path, path.with_name(f".{path.stem}.partial{path.suffix}")) as partial:
        yield partial
        digest_file_of(path).unlink(missing_ok=True)  # of an earlier export
        if is_archive(partial):
            seal(partial)
    if not is_archive(path):
        note_digest(path)


def write_torchscript(network: Any, path: Path) -> None:
    """Write TorchScript with the format of its data, as ``monai.bundle ckpt_export`` does, but for the time."""
    metadata = {name: read_metadata(ROOT)[name] for name in ("name", "version", "network_data_format")}
    buffer = io.BytesIO()  # where a disk is full, torch would end the process
    save_net_with_metadata(torch.jit.script(network), buffer, include_config_vals=False, meta_values=metadata)
    path.write_bytes(buffer.getvalue())


def write_onnx(network: Any, path: Path) -> None:
    """Write ONNX whose numbers of images, rows and columns are free."""
    import onnx

    scriptable: Any = network.__prepare_scriptable__().eval()
    free = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        scriptable,
        (torch.rand(2, 1, 96, 128),),
        dynamo=True,
        verbose=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["pred"],
        dynamic_shapes=({0: free, 2: free, 3: free},),
    )
    assert program is not None
    model = program.model_proto
    facts: dict[str, Any] = {name: getattr(scriptable, name) for name in ("stride", "halo", "channels")}
    facts |= {name: getattr(network, name).tolist() for name in ("ct_window", "ct_percentiles")}
    facts[ENTRY] = network.definition
    facts[trained_on.ENTRY] = trained_on.as_text(network.trained_on)
    onnx.helper.set_model_props(model, {FACTS: json.dumps(facts)})
    onnx.save_model(model, str(path))


def _check_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401 - to read it back
        import onnxscript  # noqa: F401 - torch.onnx needs it
    except ImportError as error:
        raise InputError(
            f"ONNX needs packages that are not installed ({error}): pip install '.[onnx]', or give --formats ts."
        ) from error


WRITERS: dict[str, Callable[[Any, Path], None]] = {"ts": write_torchscript, "onnx": write_onnx}


def _difference(network: Any, exported: Any, shape: tuple[int, ...]) -> float:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return float((network(image) - exported(image)).abs().max())


def _seconds(network: Any) -> float:
    """The shortest of several runs of what inference does with a slice."""
    image = torch.rand(TIMED, generator=torch.Generator().manual_seed(0))
    inferer = TileInferer(default_tile_size(network, "cpu"))
    times = []
    with torch.no_grad():
        inferer(image, network)
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            inferer(image, network)
            times.append(time.perf_counter() - begun)
    return min(times)
