"""An exported network in whole numbers of 8 bits, for ONNX Runtime on a processor."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data.dataset import Dataset
from numpy.typing import NDArray

from bundle.shared.windowed_pairs import load_pairs

CALIBRATED_ON = 8  # slices, whose ranges of values are representative
Stain = Callable[[torch.Tensor], torch.Tensor]


def calibration_slices(dataset_dir: Path, working_um: float | None = None) -> list[NDArray[np.float32]]:
    """Windowed CT (1, 1, H, W) in [0, 1], slices spread evenly over the training split.

    Args:
        dataset_dir: folder with ``datalist.json``.
        working_um: pixel size that the network works at, micrometres, None where its weights do not say.

    Raises:
        InputError: the data set cannot be read, or has no training split.
    """
    pairs = load_pairs(dataset_dir, "training", working_um=working_um)
    places = np.unique(np.linspace(0, len(pairs) - 1, min(CALIBRATED_ON, len(pairs))).round().astype(int))
    return [_ct(pairs, int(place)) for place in places]


def write_int8(exported: Path, path: Path, slices: Sequence[NDArray[np.float32]]) -> None:
    """Quantise the convolutions of an ONNX file (static, one scale for each channel of the weights).

    The first and the last convolution stay in float32, which halves what is lost; weights take seven bits, since
    processors without instructions for such products add in 16 bits, which eight would overflow (ONNX Runtime's own
    advice).

    Args:
        exported: ``model.onnx`` as `bundle.export.exporting` writes it.
        path: file to write.
        slices: CT by which the ranges of values are found, see `calibration_slices`.
    """
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Slices(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(slices)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(({"image": image} for image in self._left), None)

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".int8.partial.") as temporary:
        prepared = Path(temporary) / "prepared.onnx"
        quant_pre_process(str(exported), str(prepared), skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(str(prepared)).graph.node if node.op_type == "Conv"]
        quantization.quantize_static(
            str(prepared),
            str(path),
            Slices(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
            per_channel=True,
            reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
            activation_type=quantization.QuantType.QUInt8,
        )


def loss(reference: Stain, quantised: Stain, dataset_dir: Path, working_um: float | None = None) -> dict[str, float]:
    """What the stain loses, on the validation split.

    Args:
        reference: the network in float32, (N, 1, H, W) to (N, 3, H, W) in [0, 1].
        quantised: the same in int8.
        dataset_dir: folder with ``datalist.json``.
        working_um: as in `calibration_slices`.

    Returns:
        ``mean`` and ``99 %`` (percentile) of the difference in grey levels; ``PSNR`` against the true sections in dB,
        and the reference's, ``PSNR in float32``; means over slices.

    Raises:
        InputError: the data set cannot be read, or has no validation split.
    """
    pairs = load_pairs(dataset_dir, "validation", working_um=working_um)
    found: list[tuple[float, float, float, float]] = []
    for index in range(len(pairs)):
        ct, true = torch.from_numpy(_ct(pairs, index)), np.asarray(pairs[index]["label"])
        before, after = (np.asarray(stain(ct))[0] for stain in (reference, quantised))
        apart = 255 * np.abs(before - after)
        found.append((apart.mean(), np.percentile(apart, 99), _psnr(after, true), _psnr(before, true)))
    names = ("mean", "99 %", "PSNR", "PSNR in float32")
    return {name: float(np.mean(column)) for name, column in zip(names, zip(*found, strict=True), strict=True)}


def _ct(pairs: Dataset, index: int) -> NDArray[np.float32]:
    return np.asarray(pairs[index]["image"], np.float32)[None]


def _psnr(stain: NDArray[np.float32], true: NDArray[np.float32]) -> Any:
    return -10 * np.log10(np.square(stain - true).mean())
