"""What to do when an accelerator's memory is full: half the batch, again and again, then the CPU.

Light: nothing is imported but what is loaded already.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from gpu_worker.errors import EngineError

T = TypeVar("T")

log = logging.getLogger(__name__)

#: What CUDA, cuBLAS, cuDNN, CTranslate2 and torch's CPU allocator say when memory is full.
_SAYINGS = (
    "out of memory", "alloc_failed", "allocation_failed", "can't allocate memory", "not enough memory",
    "failed to allocate", "bad_alloc",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """How to work: ``device`` as torch names it, ``batch`` pieces at the same time."""

    device: str
    batch: int


def steps(device: str, batch: int, cpu_batch: int = 1) -> Iterator[Step]:
    """From ``batch`` pieces on ``device`` by halves down to one, then ``cpu_batch`` on the CPU, by halves as well."""
    ladder = [(device, batch)] if device == "cpu" else [(device, batch), ("cpu", cpu_batch)]
    for place, most in ladder:
        size = max(1, most)
        while size:
            yield Step(place, size)
            size //= 2


def with_less_memory(work: Callable[[Step], T], device: str, batch: int, cpu_batch: int = 1) -> tuple[T, list[str]]:
    """``work`` done in the first way of :func:`steps` that memory allows, and a sentence for each that it did not.

    What else ``work`` raises passes through. Raises :class:`EngineError` when even the last way takes too much.
    """
    reasons: list[str] = []
    refusal: BaseException | None = None
    for step in steps(device, batch, cpu_batch):
        if refusal is not None:
            reasons.append(f"Memory was full; went on with {step.batch} at a time on {step.device}.")
            log.warning("memory full, going on with %d at a time on %s", step.batch, step.device)
            release()
        try:
            return work(step), reasons
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            # Without its frames, which would keep the tensors alive that filled the memory.
            refusal = error.with_traceback(None)
    raise EngineError(f"Memory was full on {device} and on the CPU: {str(refusal)[:200]}") from refusal


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch, CTranslate2 or Python says that memory is full."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    kind = getattr(torch, "OutOfMemoryError", None)
    if kind is not None and isinstance(error, kind):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SAYINGS)


def release() -> None:
    """Give back what nobody holds any more, on the host and, where torch uses one, on the accelerator."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
