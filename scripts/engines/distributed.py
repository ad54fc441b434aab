"""Several processes: in training each draws patches of its own and the gradients are averaged, in inference each stains
its share of the slabs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

import ignite.distributed as idist
import torch
from torch import distributed as dist

from scripts.errors import InputError, find_input_error

Decision = TypeVar("Decision")


def join_processes(backend: str) -> None:
    """Join the group of processes that ``torchrun`` started.

    Args:
        backend: ``nccl`` for GPUs, ``gloo`` for CPUs.

    Raises:
        InputError: the process was started without ``torchrun``.
    """
    if "RANK" not in os.environ:
        raise InputError(
            "Training on several processes was not started by torchrun: start it with "
            "`torchrun --nproc_per_node N -m monai.bundle run ...`, or leave the overlay multi_gpu_train.yaml out."
        )
    idist.initialize(backend)


def join_if_started_by_torchrun() -> None:
    """Join the group of processes if ``torchrun`` started several of this one, with NCCL on GPUs, else with gloo."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1 and not dist.is_initialized():
        # a rank waits for the others until they are done, which may take hours
        idist.initialize("nccl" if torch.cuda.is_available() else "gloo", timeout=timedelta(days=30))


def decided_by_first(decide: Callable[[], Decision]) -> Decision:
    """Return what the first process decides, in all processes: they might see different files, or free memory.

    Raises:
        InputError: in all processes, where the decision of the first one fails.
    """
    if idist.get_world_size() == 1:
        return decide()
    told: list[Any] = [None, None]  # the decision, and why there is none
    failure: Exception | None = None
    if idist.get_rank() == 0:
        try:
            told[0] = decide()
        except Exception as error:
            failure = error
            told[1] = str(find_input_error(error) or f"the first process ended with {error!r}")
    dist.broadcast_object_list(told)
    if failure is not None:
        raise failure
    if told[1] is not None:
        raise InputError(told[1])
    decision: Decision = told[0]
    return decision


def average(tensors: Iterable[torch.Tensor]) -> None:
    """Replace floating-point tensors by their mean over all processes, in place and in one message.

    ``DistributedDataParallel`` expects every parameter to get a gradient in each backward pass; a GAN with frozen
    discriminators, several passes per step and terms that can be switched off does not promise that. Averaging after
    the backward pass does the same sum. All processes must pass tensors of the same shapes in the same order.
    """
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
    if idist.get_world_size() == 1 or not tensors:
        return
    message = torch.cat([tensor.detach().float().flatten() for tensor in tensors])
    dist.all_reduce(message)
    message /= idist.get_world_size()
    start = 0
    for tensor in tensors:
        tensor.copy_(message[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()
