"""How much memory the first accelerator has free. Loads torch only where there is one."""

from __future__ import annotations

import logging

from gpu_worker.capabilities import cuda_present

log = logging.getLogger(__name__)


def free_gpu_memory() -> int | None:
    """Bytes that are free on the first CUDA device, of all processes together; None where there is none."""
    if not cuda_present():
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    return int(free)


def has_room(wanted: int) -> bool:
    """Whether so many bytes are free; True where there is no device whose memory could be short."""
    free = free_gpu_memory()
    if free is None or free >= wanted:
        return True
    log.warning("The accelerator has %d MiB free, %d are wanted", free >> 20, wanted >> 20)
    return False
