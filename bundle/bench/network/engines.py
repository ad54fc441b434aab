"""Other engines than eager PyTorch for the generator, where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bundle.bench.network.shipped import for_inference, images
from bundle.bench.timing import median_ratio, time_in_turn

EAGER = "eager: inference"
Stain = Callable[[torch.Tensor], Any]


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Time one tile through each engine, in turn, and compare the results."""
    side, repeats = (64, 2) if quick else (272, 9)
    network = for_inference()
    image = images(1, side)
    engines: dict[str, Stain] = {EAGER: network}
    absent = []
    for name, build in {"torch.compile": _compiled, "ONNX Runtime": _onnx_runtime, "OpenVINO": _openvino}.items():
        try:
            engine = build(network, image, work)
            engine(image)  # compiled now
            engines[name] = engine
        except Exception as error:  # whatever keeps an optional engine from working is what there is to report
            reason = str(error).strip().splitlines() or [""]
            absent.append(f"{name}: {type(error).__name__}, {reason[0][:120]}")
    with torch.no_grad():
        expected = np.asarray(network(image))
        largest = {
            name: 255 * float(np.abs(np.asarray(engine(image)) - expected).max()) for name, engine in engines.items()
        }
        timings = time_in_turn({name: _way(engine, image) for name, engine in engines.items()}, repeats)
    ratios = {name: median_ratio(timings[EAGER], timing) for name, timing in timings.items()}
    return {
        "title": f"A tile of {side} x {side} through the folded generator",
        "note": f"Medians of {repeats} rounds in turn, float32, as many threads each. "
        + " ".join(f"Left out: {one}." for one in absent),
        "floor": "the same stain, to a tenth of a grey level",
        "rows": [
            {
                "engine": name,
                "time": f"{1e3 * timing.median:.1f} ms",
                "times as fast": f"{ratios[name]:.2f}",
                "largest difference": f"{largest[name]:.4f} levels",
            }
            for name, timing in timings.items()
        ],
        "met": max(largest.values()) < 0.1,
    }


def _way(engine: Stain, image: torch.Tensor) -> Callable[[], object]:
    return torch.no_grad()(lambda: engine(image))


def _compiled(network: torch.nn.Module, image: torch.Tensor, work: Path) -> Stain:
    return torch.no_grad()(torch.compile(network))


def _export(network: torch.nn.Module, image: torch.Tensor, work: Path) -> Path:
    path = work / "network.onnx"
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer, on sizes that are fixed here
            torch.onnx.export(network, (image,), str(path), dynamo=False)
    return path


def _onnx_runtime(network: torch.nn.Module, image: torch.Tensor, work: Path) -> Stain:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(_export(network, image, work), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x.numpy()})[0]


def _openvino(network: torch.nn.Module, image: torch.Tensor, work: Path) -> Stain:
    import openvino

    core = openvino.Core()
    options = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(_export(network, image, work)), "CPU", options)
    return lambda x: compiled(x.numpy())[0]
