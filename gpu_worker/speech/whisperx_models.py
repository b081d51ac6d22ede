"""WhisperX's models: found in the models folder, loaded once in a process, never fetched.

The package and those below it download what they miss and report home unless told otherwise. So every file is looked
for first (``gpu_worker.weights``), all of them are told to stay offline before the first import, and NLTK is given
what it would fetch.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gpu_worker import weights
from gpu_worker.capabilities import cuda_present
from gpu_worker.cores import usable_cores
from gpu_worker.errors import EngineError
from gpu_worker.stand_ins import absent, hollow, import_torchaudio

#: Pieces of up to 30 s that are recognised at the same time.
BATCH = {"cuda": 16, "cpu": 2}
#: Arithmetic of the recogniser, the first that the device can do.
_COMPUTE = {"cuda": ("float16", "int8_float16", "float32"), "cpu": ("int8", "float32")}
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYANNOTE_METRICS_ENABLED": "false",
    "TOKENIZERS_PARALLELISM": "false",
}
#: What a library may raise that has come upon something it does not expect; a job's own exceptions are none of these.
_FAILURES = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError, AssertionError, ArithmeticError)
#: One piece of work at a time: the models are shared, and two would not fit into a card's memory.
_TURN = threading.Lock()


def why_not() -> str:
    """Why WhisperX cannot be used here, as a sentence; "" when the packages are there."""
    missing = [name for name in ("torch", "whisperx", "faster_whisper") if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} is not installed (make gpu-env installs it)." if missing else ""


def version() -> str:
    """Version of the installed package, "" without it."""
    try:
        return importlib.metadata.version("whisperx")
    except importlib.metadata.PackageNotFoundError:
        return ""


def device() -> str:
    """``cuda`` where torch and CTranslate2 both have a card to work on, else ``cpu``."""
    if not cuda_present():
        return "cpu"
    import ctranslate2
    import torch

    return "cuda" if torch.cuda.is_available() and ctranslate2.get_cuda_device_count() else "cpu"


def recogniser_folder() -> Path:
    """Where the Whisper model lies. Raises :class:`EngineError` with the reason where none can be used."""
    return _folder(weights.WHISPER)


def aligner_folder(language: str) -> Path:
    """Where the word aligner of a language lies. Raises :class:`EngineError` with the reason."""
    return _folder(weights.align_model(language))


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Whoever works with the models does it inside, one after another."""
    with _TURN:
        yield


@contextlib.contextmanager
def failures_as_engine_errors() -> Iterator[None]:
    """What goes wrong inside becomes an :class:`EngineError`, which leads to the next rung of the ladder."""
    try:
        yield
    except _FAILURES as error:
        raise EngineError(f"WhisperX failed: {type(error).__name__}: {str(error)[:300]}") from error


@functools.lru_cache(maxsize=2)
def load_recogniser(folder: Path, on: str) -> Any:
    """WhisperX's pipeline (voice activity detection and Whisper) from a CTranslate2 folder, on ``cuda`` or ``cpu``.

    Raises :class:`EngineError` where the folder does not hold such a model.
    """
    _offline()
    whisperx = _package()
    import ctranslate2

    can = ctranslate2.get_supported_compute_types(on)
    compute = next((kind for kind in _COMPUTE[on] if kind in can), "default")
    try:
        return whisperx.asr.load_model(
            str(folder), on, compute_type=compute, vad_method="pyannote", local_files_only=True, threads=usable_cores()
        )
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"WhisperX cannot load {folder}: {str(error)[:300]}", permanent=True) from error


@functools.lru_cache(maxsize=4)
def load_aligner(folder: Path, language: str, on: str) -> tuple[Any, dict[str, Any]]:
    """Wav2Vec2 with CTC from a folder, and what WhisperX wants to know of it.

    Raises :class:`EngineError` where the folder does not hold such a model.
    """
    _offline()
    whisperx = _package()
    # WhisperX prints what goes wrong before it raises; both end in the one sentence here.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            model, about = whisperx.alignment.load_align_model(
                language, on, model_name=str(folder), model_cache_only=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise EngineError(f"WhisperX cannot load {folder}: {str(error)[:300]}", permanent=True) from error
    model.eval()
    return model, about


def forget() -> None:
    """Let go of every loaded model."""
    load_recogniser.cache_clear()
    load_aligner.cache_clear()


def _folder(model: weights.ModelFolder) -> Path:
    found = weights.find(model)
    if found.state != "present" or found.path is None:
        raise EngineError(found.reason, permanent=True)
    return found.path


def _offline() -> None:
    """For every package below: no address is asked for anything, nothing is told to anybody."""
    os.environ.update(_OFFLINE)
    hub = sys.modules.get("huggingface_hub.constants")
    if hub is not None:  # it read its settings when it was imported
        hub.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


@functools.cache
def _package() -> Any:
    """The package with the two modules that are needed. Raises :class:`EngineError`."""
    try:
        import_torchaudio()
        import transformers  # noqa: F401 - before the stand-in of av, which it would take for the real one

        with absent("torchcodec"), hollow("av"):
            import faster_whisper  # noqa: F401
            import whisperx
            import whisperx.alignment
            import whisperx.asr
        from nltk.tokenize.punkt import PunktSentenceTokenizer
    except ImportError as error:
        raise EngineError(f"WhisperX cannot be loaded: {error}", permanent=True) from error
    # Words are what counts, so Punkt's rules without a language's own will do for the ends of sentences. WhisperX would
    # look for data files, which NLTK refuses in folders that others may write to, and then fetch them.
    whisperx.alignment.nltk_load = lambda _: PunktSentenceTokenizer()
    return whisperx
