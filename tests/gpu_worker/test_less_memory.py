"""Less memory: half the batch, again and again, then the CPU."""

from __future__ import annotations

import pytest
import torch

from gpu_worker.errors import Cancelled, EngineError
from gpu_worker.less_memory import Step, is_out_of_memory, steps, with_less_memory


def test_the_batch_halves_then_the_cpu_takes_over() -> None:
    on_cuda = [Step("cuda", batch) for batch in (10, 5, 2, 1)]
    assert list(steps("cuda", 10, 2)) == [*on_cuda, Step("cpu", 2), Step("cpu", 1)]
    assert list(steps("cpu", 4)) == [Step("cpu", 4), Step("cpu", 2), Step("cpu", 1)]
    assert list(steps("cuda", 1)) == [Step("cuda", 1), Step("cpu", 1)]


def test_what_fits_is_done_and_the_way_there_is_told() -> None:
    tried: list[Step] = []

    def work(step: Step) -> str:
        tried.append(step)
        if step.device != "cpu" or step.batch > 1:
            torch.empty(1 << 58, dtype=torch.uint8)  # torch's own refusal: no machine has so much
        return "done"

    result, reasons = with_less_memory(work, "cuda", 2, 2)
    assert result == "done"
    assert tried == [Step("cuda", 2), Step("cuda", 1), Step("cpu", 2), Step("cpu", 1)]
    assert reasons == [
        "Memory was full; went on with 1 at a time on cuda.",
        "Memory was full; went on with 2 at a time on cpu.",
        "Memory was full; went on with 1 at a time on cpu.",
    ]


def test_no_sentence_where_memory_sufficed() -> None:
    assert with_less_memory(lambda step: step.batch, "cuda", 16) == (16, [])


def test_when_nothing_helps_it_is_an_engine_error() -> None:
    def greedy(_: Step) -> None:
        raise MemoryError("not even one")

    with pytest.raises(EngineError, match="Memory was full on cuda and on the CPU: not even one"):
        with_less_memory(greedy, "cuda", 4)


@pytest.mark.parametrize("problem", [ValueError("shape"), RuntimeError("device-side assert"), Cancelled()])
def test_another_fault_passes_through_at_once(problem: Exception) -> None:
    tried: list[Step] = []

    def faulty(step: Step) -> None:
        tried.append(step)
        raise problem

    with pytest.raises(type(problem)):
        with_less_memory(faulty, "cuda", 8)
    assert tried == [Step("cuda", 8)]


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA failed with error out of memory",
        "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED",
        "[enforce fail at alloc_cpu.cpp:119] . DefaultCPUAllocator: can't allocate memory: you asked for 8 bytes",
        "std::bad_alloc",
    ],
)
def test_what_the_libraries_say_is_understood(words: str) -> None:
    assert is_out_of_memory(RuntimeError(words))
    assert not is_out_of_memory(ValueError(words))


def test_torch_has_its_own_word_for_it() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("anything"))
