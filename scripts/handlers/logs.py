"""Which handlers a process of several has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monai.handlers import MLFlowHandler, TensorBoardHandler

from scripts.engines.distributed import rank

LOGS = (TensorBoardHandler, MLFlowHandler)


def log_on_first_process(handlers: Sequence[Any]) -> list[Any]:
    """All handlers on the first process; on the others all but those that log, which would write everything again."""
    return [handler for handler in handlers if rank() == 0 or not isinstance(handler, LOGS)]
