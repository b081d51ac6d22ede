"""Decoding apart from the process that asks: answers, faults, interruption, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from gpu_worker.errors import Cancelled, EngineError
from gpu_worker.lifeline import interruptible
from gpu_worker.media.sound import resample
from gpu_worker.speech import decoder
from gpu_worker.speech.apart import apart
from gpu_worker.speech.recognition import recognise
from gpu_worker.speech.synthesis import synthesise


def children() -> list[str]:
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii").split()


def test_the_answer_comes_back_as_it_was() -> None:
    before = children()
    answer = [["word", 0.1 + 0.2, 1e-300, -3], [], "ü" * 200_000]
    assert apart(lambda: answer) == answer
    assert children() == before


def test_what_fails_there_fails_here() -> None:
    before = children()

    def fail() -> None:
        raise RuntimeError("no such word")

    with pytest.raises(EngineError, match="no such word"):
        apart(fail)
    with pytest.raises(EngineError, match="without an answer"):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert children() == before


def test_whoever_waits_can_be_interrupted_while_the_interpreter_is_held() -> None:
    """By a call that does not let go of it, as the decoder's does not."""
    before = children()
    with interruptible() as interrupt:
        waiting = threading.Timer(0.1, interrupt)
        waiting.start()
        with pytest.raises(Cancelled):
            apart(lambda: re.match("(a+)+b", "a" * 60))
        waiting.join()
    assert children() == before


def test_others_go_on_while_the_decoder_works() -> None:
    """Signs of life come from a thread: it must have its turns. And every piece starts from the same state."""
    samples = resample(synthesise("Please move both of your lips together.")[0], 16000).samples
    first = recognise(samples)
    assert first
    turns: list[float] = []
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.001):
            turns.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        before = len(turns)
        heard = decoder.decoded(decoder.recogniser(), samples)
        during = len(turns) - before
    finally:
        over.set()
        thread.join()
    assert [word for word, *_ in heard]
    assert during > 10
    assert recognise(samples) == first


def test_the_decoder_here_is_as_it_was() -> None:
    engine = decoder.aligner()

    def work() -> bool:
        engine.add_word("_a_word_of_this_test", "AA B AA", False)
        return engine.lookup_word("_a_word_of_this_test") is not None

    assert apart(work)
    assert engine.lookup_word("_a_word_of_this_test") is None


def test_a_process_with_threads_of_the_linear_algebra_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoder.run(os.getpid) != os.getpid()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert decoder.run(os.getpid) == os.getpid()
    before = decoder.phone_decoder()

    def fail() -> None:
        raise RuntimeError("no such word")

    with pytest.raises(EngineError, match="no such word"):
        decoder.run(fail)
    assert decoder.phone_decoder() is not before
