"""Other engines than eager PyTorch for the generator, where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images, way
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from scripts.precision import autocast, bfloat16_pays

EAGER = "eager"
ONNX_RUNTIME = "ONNX Runtime"
Stain = Callable[[torch.Tensor], Any]


@dataclass(frozen=True)
class Case:
    """What an engine is built for.

    Attributes:
        network: the generator as inference runs it.
        image: (1, 1, H, W) in [0, 1].
        work: folder for files of the engine.
        amp: whether to compute in bfloat16.
    """

    network: torch.nn.Module
    image: torch.Tensor
    work: Path
    amp: bool = False


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time one tile through each engine, in turn, and compare the results."""
    side, repeats = (64, 2) if conditions.quick else (272, 9)
    case = Case(for_inference(), images(1, side), conditions.work)
    engines, absent = _build_all(case)
    ways = {name + _kind(amp): way(engine, case.image, amp) for (name, amp), engine in engines.items()}
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


def _build_all(case: Case) -> tuple[dict[tuple[str, bool], Stain], list[str]]:
    """Engines that run `case`, by name and whether in bfloat16; and why others do not."""
    builders: dict[str, Callable[[Case], Stain]] = {
        EAGER: lambda case: case.network,
        "torch.compile": _compiled,
        ONNX_RUNTIME: _onnx_runtime,
        "OpenVINO": _openvino,
    }
    engines: dict[tuple[str, bool], Stain] = {}
    absent = []
    for amp in (False, True) if bfloat16_pays(DEVICE) else (False,):
        for name, build in builders.items():
            if amp and name == ONNX_RUNTIME:
                continue  # its CPU provider has no bfloat16 convolution
            engine = _tried(build, replace(case, amp=amp))
            if isinstance(engine, Exception):
                reason = str(engine).strip().splitlines() or [""]
                absent.append(f"{name}{_kind(amp)}: {type(engine).__name__}, {reason[0][:120]}")
            else:
                engines[name, amp] = engine
    return engines, absent


def _tried(build: Callable[[Case], Stain], case: Case) -> Stain | Exception:
    """An engine that has run once, which compiles it; or what keeps it from running."""
    try:
        engine = build(case)
        with torch.no_grad(), autocast(DEVICE, case.amp):
            engine(case.image)
    except Exception as error:  # whatever keeps an optional engine from working is what there is to report
        return error
    return engine


def _kind(amp: bool) -> str:
    return ", bfloat16" if amp else ""


def _levels(stain: Any) -> NDArray[np.float32]:
    """0 to 255, of a tensor on any device or of an array."""
    return 255 * torch.as_tensor(stain).float().cpu().numpy()


def _compiled(case: Case) -> Stain:
    return torch.compile(case.network)


def _export(case: Case) -> Path:
    path = case.work / "network.onnx"
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer, on sizes that are fixed here
            torch.onnx.export(case.network, (case.image,), str(path), input_names=["image"], dynamo=False)
    return path


def _onnx_runtime(case: Case) -> Stain:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(_export(case)), options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"image": x.cpu().numpy()})[0]


def _openvino(case: Case) -> Stain:
    import openvino

    core = openvino.Core()
    precision = "bf16" if case.amp else "f32"
    options = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(_export(case)), "CPU", options)
    return lambda x: compiled(x.cpu().numpy())[0]
