"""Training on several processes: every process draws patches of its own, the gradients are averaged."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from torch import distributed as dist

from scripts.errors import InputError


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
    dist.init_process_group(backend)


def is_distributed() -> bool:
    """Say whether this process belongs to a group of several (``torchrun``)."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def rank() -> int:
    """Number of this process, 0 where there is only one."""
    return dist.get_rank() if is_distributed() else 0


def average(tensors: Iterable[torch.Tensor]) -> None:
    """Replace floating-point tensors by their mean over all processes, in place and in one message.

    ``DistributedDataParallel`` expects every parameter to get a gradient in each backward pass; a GAN with frozen
    discriminators, several passes per step and terms that can be switched off does not promise that. Averaging after
    the backward pass does the same sum. All processes must pass tensors of the same shapes in the same order.
    """
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
    if not is_distributed() or not tensors:
        return
    message = torch.cat([tensor.detach().float().flatten() for tensor in tensors])
    dist.all_reduce(message)
    message /= dist.get_world_size()
    start = 0
    for tensor in tensors:
        tensor.copy_(message[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()
