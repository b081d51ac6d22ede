"""The way to espeak-ng: a warm child process, asked over pipes, replaced when it dies.

One process per engine process; requests take turns. See :mod:`gpu_worker.speech.espeak_process` for the reason.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray

_ROOT = Path(__file__).resolve().parents[2]
#: Longest wait for one answer, seconds; a page of text takes under one.
ANSWER_SECONDS = 120.0


@dataclass(frozen=True)
class Utterance:
    """What espeak-ng said. ``phones`` are (sample, IPA), "" for a pause; ``words`` are (sample, first character,
    number of characters) in the text as it was sent."""

    samples: FloatArray
    rate: int
    phones: tuple[tuple[int, str], ...]
    words: tuple[tuple[int, int, int], ...]


class EspeakProcess:
    """Starts the process at the first request and again after it was lost. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def speak(
        self, text: str, voice: str, rate: int = 160, pitch: int = 50, pitch_range: int = 50, marked: bool = False
    ) -> Utterance:
        """Synthesise ``text``; ``rate`` in words a minute, ``pitch`` and ``pitch_range`` in 0..99. ``marked``: the
        text is mark-up written by :mod:`gpu_worker.speech.script`."""
        request = {"op": "speak", "text": text, "voice": voice, "rate": rate, "pitch": pitch, "range": pitch_range}
        request["marked"] = marked
        answer, sound = self._ask(request)
        samples = np.frombuffer(sound, dtype="<i2").astype(np.float32) / 32768.0
        phones = tuple((int(at), str(ipa)) for at, ipa in answer["phones"])
        words = tuple((int(at), int(first), int(count)) for at, first, count in answer["words"])
        return Utterance(samples, int(answer["rate"]), phones, words)

    def phonemes(self, texts: list[str], voice: str, spelled: bool = False) -> list[str]:
        """IPA of each text, "_" between phones and " " between spoken words. ``spelled``: the texts are phoneme
        mnemonics in double brackets."""
        if not texts:
            return []
        answer, _ = self._ask({"op": "phonemes", "texts": texts, "voice": voice, "spelled": spelled})
        return [str(found) for found in answer["phonemes"]]

    def inventory(self, voice: str) -> list[tuple[str, str]]:
        """(mnemonic, IPA) of every sound that ``voice`` has."""
        answer, _ = self._ask({"op": "inventory", "voice": voice})
        return [(str(mnemonic), str(ipa)) for mnemonic, ipa in answer["inventory"]]

    def voices(self) -> list[dict[str, str]]:
        """Every voice of the library: ``language``, ``name``, ``file``."""
        answer, _ = self._ask({"op": "voices"})
        return list(answer["voices"])

    def close(self) -> None:
        """End the process, if it runs and is ours."""
        with self._lock:
            self._end()

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            child = self._running()
            watchdog = threading.Timer(ANSWER_SECONDS, child.kill)
            watchdog.start()
            try:
                answer, sound = _exchange(child, request)
            except BaseException as problem:
                self._end()  # an answer left half read would be taken for the next one's
                if isinstance(problem, OSError | ValueError):
                    raise EngineError("The speech synthesiser stopped working.") from problem
                raise
            finally:
                watchdog.cancel()
        if "error" in answer:
            raise EngineError(f"The speech synthesiser refused: {answer['error']}", permanent=True)
        return answer, sound

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._owner == os.getpid() and self._child.poll() is None:
            return self._child
        if self._owner == os.getpid():
            self._end()
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8"}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "gpu_worker.speech.espeak_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        self._owner = os.getpid()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        with contextlib.suppress(OSError):
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _exchange(child: subprocess.Popen[bytes], request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """One request and its answer. Raises OSError or ValueError when the process is gone or talks nonsense."""
    if child.stdin is None or child.stdout is None:
        raise OSError("no pipes")
    child.stdin.write(json.dumps(request).encode() + b"\n")
    child.stdin.flush()
    line = child.stdout.readline()
    if not line.endswith(b"\n"):
        raise OSError("the process ended")
    answer: dict[str, Any] = json.loads(line)
    sound = child.stdout.read(int(answer["bytes"]))
    if len(sound) != int(answer["bytes"]):
        raise OSError("the process ended in the middle of the sound")
    return answer, sound


@lru_cache(maxsize=1)
def espeak() -> EspeakProcess:
    """The engine's one process."""
    process = EspeakProcess()
    atexit.register(process.close)
    return process
