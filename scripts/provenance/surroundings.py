"""What a run was computed with and on: versions of libraries, the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import ignite
import monai
import numpy as np
import torch


def library_versions() -> dict[str, str]:
    """Of Python and of what computes."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "monai": str(monai.__version__),
        "ignite": ignite.__version__,
        "numpy": np.__version__,
    }


def machine() -> dict[str, str | int | list[str]]:
    """System, processor, cores in use, threads, GPUs. The machine's name and its user's are nobody's business."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
