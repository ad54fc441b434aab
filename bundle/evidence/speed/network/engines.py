"""Other engines than eager PyTorch for the generator, where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images, way
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from scripts.precision import autocast, bfloat16_pays

EAGER = "eager"
ONNX_RUNTIME = "ONNX Runtime"
Stain = Callable[[torch.Tensor], Any]


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Time one tile through each engine, in turn, and compare the results."""
    side, repeats = (64, 2) if quick else (272, 9)
    network = for_inference()
    image = images(1, side)
    engines: dict[tuple[str, bool], Stain] = {}
    absent = []
    builders: dict[str, Callable[[torch.nn.Module, torch.Tensor, bool, Path], Stain]] = {
        EAGER: lambda network, image, amp, work: network,
        "torch.compile": _compiled,
        ONNX_RUNTIME: _onnx_runtime,
        "OpenVINO": _openvino,
    }
    for amp in (False, True) if bfloat16_pays(DEVICE) else (False,):
        for name, build in builders.items():
            if amp and name == ONNX_RUNTIME:
                continue  # its CPU provider has no bfloat16 convolution
            try:
                engine = build(network, image, amp, work)
                engines[name, amp] = engine
                with torch.no_grad(), autocast(DEVICE, amp):
                    engine(image)  # compiled now
            except Exception as error:  # whatever keeps an optional engine from working is what there is to report
                engines.pop((name, amp), None)
                reason = str(error).strip().splitlines() or [""]
                absent.append(f"{name}{_kind(amp)}: {type(error).__name__}, {reason[0][:120]}")
    ways = {name + _kind(amp): way(engine, image, amp) for (name, amp), engine in engines.items()}
    expected = _levels(ways[EAGER]())
    differences = {name: float(np.abs(_levels(once()) - expected).max()) for name, once in ways.items()}
    timings = time_in_turn(ways, repeats)
    ratios = {name: median_ratio(timings[EAGER], timing) for name, timing in timings.items()}
    return {
        "title": f"A tile of {side} x {side} through the folded generator",
        "note": f"Medians of {repeats} rounds in turn, as many threads each, float32 unless said. "
        "ONNX Runtime has no bfloat16 convolution on a CPU. " + " ".join(f"Left out: {one}." for one in absent),
        "floor": "in float32 the same stain, to a tenth of a grey level",
        "rows": [
            {
                "engine": name,
                "time": f"{1e3 * timing.median:.1f} ms",
                "times as fast": f"{ratios[name]:.2f}",
                "largest difference": f"{differences[name]:.4f} levels",
            }
            for name, timing in timings.items()
        ],
        "met": all(difference < 0.1 for name, difference in differences.items() if not name.endswith(_kind(True))),
    }


def _kind(amp: bool) -> str:
    return ", bfloat16" if amp else ""


def _levels(stain: Any) -> np.ndarray:
    """0 to 255, of a tensor on any device or of an array."""
    return 255 * torch.as_tensor(stain).float().cpu().numpy()


def _compiled(network: torch.nn.Module, image: torch.Tensor, amp: bool, work: Path) -> Stain:
    return torch.compile(network)


def _export(network: torch.nn.Module, image: torch.Tensor, work: Path) -> Path:
    path = work / "network.onnx"
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer, on sizes that are fixed here
            torch.onnx.export(network, (image,), str(path), input_names=["image"], dynamo=False)
    return path


def _onnx_runtime(network: torch.nn.Module, image: torch.Tensor, amp: bool, work: Path) -> Stain:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(_export(network, image, work), options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"image": x.cpu().numpy()})[0]


def _openvino(network: torch.nn.Module, image: torch.Tensor, amp: bool, work: Path) -> Stain:
    import openvino

    core = openvino.Core()
    precision = "bf16" if amp else "f32"
    options = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(_export(network, image, work)), "CPU", options)
    return lambda x: compiled(x.cpu().numpy())[0]
