"""Words out of sound by WhisperX, in every language that the installed Whisper model knows.

Voice activity detection finds where somebody speaks and cuts there (Bain et al. 2023); the pieces are recognised in
batches. Rough times come along: those of the pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gpu_worker.errors import EngineError, InputError
from gpu_worker.languages import Language, find_language
from gpu_worker.less_memory import Step, with_less_memory
from gpu_worker.schema import FloatArray
from gpu_worker.speech import whisperx_models as models
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.whisperx_watch import Report, watched

#: Another language than the one that was named is believed from this probability, in sound of at least this length.
SURE, LEAST_SECONDS = 0.8, 3.0
#: Codes that Whisper calls otherwise.
_WHISPER_CODES = {"nb": "no"}


@dataclass(frozen=True)
class HeardPiece:
    """What was said in one stretch of sound, seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Heard:
    """Everything that was said, the language that it was taken for, and sentences on what is worth telling."""

    language: Language
    pieces: tuple[HeardPiece, ...]
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)


def recognise_by_whisperx(samples: FloatArray, language: Language, progress: Progress | None = None) -> Heard:
    """The words of 16 kHz sound; no pieces where nothing was heard.

    ``language`` is what the user said; where the model is sure of another one, that is used and a reason says so.
    Raises :class:`EngineError` where the model is missing, does not know the language, or fails.
    """
    folder = models.recogniser_folder()

    def work(report: Report) -> tuple[Heard, list[str]]:
        def attempt(step: Step) -> Heard:
            return _recognise(models.load_recogniser(folder, step.device), samples, language, step.batch, report)

        with models.turn(), models.failures_as_engine_errors():
            on = models.device()
            return with_less_memory(attempt, on, models.BATCH[on], models.BATCH["cpu"])

    heard, reasons = watched(work, progress)
    return Heard(heard.language, heard.pieces, (*heard.reasons, *reasons))


def _recognise(pipeline: Any, samples: FloatArray, asked: Language, batch: int, report: Report) -> Heard:
    report(0.0)
    chosen, reasons = _language(pipeline, samples, asked)
    report(0.1)
    found = pipeline.transcribe(
        samples,
        batch_size=batch,
        language=_whisper_code(chosen),
        task="transcribe",
        progress_callback=lambda percent: report(0.1 + 0.9 * percent / 100.0),
    )
    duration = len(samples) / RATE
    pieces = tuple(
        HeardPiece(text, float(piece["start"]), min(float(piece["end"]), duration))
        for piece in found["segments"]
        if (text := str(piece["text"]).strip())
    )
    return Heard(chosen, pieces, tuple(reasons))


def _language(pipeline: Any, samples: FloatArray, asked: Language) -> tuple[Language, list[str]]:
    """The language to recognise, and why it is another than the one asked for.

    Raises :class:`EngineError` where the model does not know it.
    """
    whisper = pipeline.model
    code = _whisper_code(asked)
    if not whisper.model.is_multilingual:
        if code != "en":
            raise EngineError(f"The installed Whisper model knows English alone, not {asked.name}.")
        return asked, []
    known = set(whisper.supported_languages)
    heard, sure = _detected(whisper, samples)
    if heard != code and (code not in known or (sure >= SURE and len(samples) >= LEAST_SECONDS * RATE)):
        try:
            other = find_language(heard)
        except InputError:
            other = None
        if other is not None and sure >= SURE:
            return other, [f"The speech sounds like {other.name}, not {asked.name}; it was recognised as such."]
    if code not in known:
        raise EngineError(f"The installed Whisper model does not know {asked.name}.")
    return asked, []


def _detected(whisper: Any, samples: FloatArray) -> tuple[str, float]:
    """Whisper's code of the likeliest language, and its probability, from the first half minute."""
    from whisperx.audio import N_SAMPLES, log_mel_spectrogram

    bands = whisper.feat_kwargs.get("feature_size") or 80
    start = samples[:N_SAMPLES]
    features = log_mel_spectrogram(start, n_mels=bands, padding=N_SAMPLES - len(start))
    token, sure = whisper.model.detect_language(whisper.encode(features))[0][0]
    return str(token)[2:-2], float(sure)


def _whisper_code(language: Language) -> str:
    base = language.code.split("-")[0]
    return _WHISPER_CODES.get(base, base)
