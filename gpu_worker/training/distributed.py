"""One training over several processes, as ``torchrun`` starts them; alone, everything here does nothing.

Each process takes its part of every batch, and the gradients are averaged before the step. Since the losses are means
over the whole batch, that is the step one process would have taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


@dataclass(frozen=True)
class Group:
    """This process's number among how many."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their mean over the group, in one exchange."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over the group."""
        if self.size > 1:
            distributed.all_reduce(values)
            values = values / self.size
        return values

    def wait(self) -> None:
        """Until every process is here."""
        if self.size > 1:
            distributed.barrier()


def join_group(device: torch.device) -> Group:
    """The group that ``torchrun`` tells of in the environment; a group of one without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Group()
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Group(distributed.get_rank(), size)


def leave_group() -> None:
    """Let the others go."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def chosen_device(wanted: str) -> torch.device:
    """``auto``: a GPU where there is one, each process its own."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and "LOCAL_RANK" in os.environ:
        wanted = f"cuda:{os.environ['LOCAL_RANK']}"
    return torch.device(wanted)
