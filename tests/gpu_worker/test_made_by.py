"""Every result says what made it, and what stood in for what; what may not stand in ends the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, FallbackForbiddenError
from gpu_worker.made_by import made_by, refuse_forbidden, render_fallbacks, speech_fallbacks
from gpu_worker.request import AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import Fallback, Timeline
from tests.gpu_worker.edited import small_timeline

TYPED = AnimationRequest(Path("photo.jpg"), TypedSpeech("Hello"), "job")


def timed(source: str, *reasons: str) -> Timeline:
    return replace(small_timeline(), source=source, reasons=reasons)  # type: ignore[arg-type]


def test_steps_down_the_ladder_are_known_by_their_sentences() -> None:
    timeline = timed(
        "recognised",
        "No transcript was given.",
        "WhisperX's recognition was left: whisper was not found; looked for /models/whisper",
        "The words were recognised, then each phone was aligned with the sound.",
    )
    (found,) = speech_fallbacks([timeline])
    assert found == Fallback("align", "whisperx", "pocketsphinx", "whisper was not found; looked for /models/whisper")


def test_several_steps_are_told_once_each() -> None:
    timeline = timed(
        "energy",
        "WhisperX was left: it failed",
        "WhisperX was left: again",
        "Recognition was left: no words were heard.",
    )
    assert [(one.wanted, one.used) for one in speech_fallbacks([timeline, timeline])] == [
        ("whisperx", "loudness"), ("pocketsphinx", "loudness"),
    ]  # fmt: skip
    assert speech_fallbacks([timed("events", "The voice told when each phone sounds.")]) == []


def test_the_ladder_itself_speaks_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentences are those of the ladder, with a recogniser that fails."""
    from gpu_worker.speech import ladder
    from gpu_worker.speech.synthesis import synthesise

    def fail(*_: object) -> str:
        raise EngineError("the decoder is gone")

    monkeypatch.setattr(ladder, "recognise", fail)
    sound, _ = synthesise("Good morning, my dear.")
    decoded = ladder.time_speech(sound, None, "en")
    monkeypatch.setattr(ladder, "decode_phones", fail)
    loud = ladder.time_speech(sound, None, "en")
    for timeline, used in ((decoded, "phone decoding"), (loud, "loudness")):
        assert speech_fallbacks([timeline]) == [Fallback("align", "pocketsphinx", used, "the decoder is gone")]


def test_a_renderer_that_gave_up_says_so() -> None:
    engine = "warp, as torch on cuda ran out of memory with a single frame"
    (found,) = render_fallbacks(TYPED, EngineConfig(), engine)
    assert (found.wanted, found.used, found.reason) == (
        "torch", "warp", "torch on cuda ran out of memory with a single frame",
    )  # fmt: skip
    assert render_fallbacks(TYPED, EngineConfig(), "warp") == []
    assert [one.wanted for one in render_fallbacks(TYPED, EngineConfig(engine="torch"), "warp")] == ["torch"]
    assert render_fallbacks(TYPED, EngineConfig(engine="torch"), "torch on cpu") == []


def test_what_may_not_stand_in_ends_the_work() -> None:
    found = [Fallback("align", "whisperx", "pocketsphinx", "WhisperX is not installed")]
    refuse_forbidden(found, EngineConfig(no_fallback=frozenset({"torch"})))
    with pytest.raises(FallbackForbiddenError, match="not installed") as caught:
        refuse_forbidden(found, EngineConfig(no_fallback=frozenset({"whisperx"})))
    assert (caught.value.engine, caught.value.used, caught.value.permanent) == ("whisperx", "pocketsphinx", True)


def test_every_engine_is_named_with_its_version() -> None:
    import numpy as np

    from gpu_worker.cast import Speech
    from gpu_worker.schema import Inspection, Waveform
    from gpu_worker.stage_results import Film, Score

    silence = Waveform(np.zeros(16, np.float32), 16000)
    timeline = timed("forced", "WhisperX was left: whisperx is not installed.", "The words are known.")
    fan = Fallback("inspect", "mediapipe-mesh", "face-alignment-3d", "The mesh found nobody in the picture.")
    score = Score(Inspection(8, 8, (), (), "face-alignment-3d", (fan,)), Speech(silence, timeline, {}), ())
    film = Film(1, Path("v"), Path("p"), (), (), np.zeros((8, 8), bool), None, "warp")  # type: ignore[arg-type]
    request = replace(TYPED, speech=SoundSpeech(Path("sound.wav")), signing_folder=Path("keys"))
    made = made_by(request, EngineConfig(), "mediapipe-mesh", score, film)
    assert made.engines == {
        "landmarks": "face-alignment-3d", "speech": "forced", "aligner": "pocketsphinx", "render": "warp",
        "encoder": "libx264", "signature": "c2pa",
    }  # fmt: skip
    assert made.versions["aligner"].startswith("pocketsphinx ")
    assert made.versions["encoder"].startswith("ffmpeg ")
    assert made.fallbacks == (fan,), "what was never installed was not wanted"
    learned = timed(
        "phones",
        "WhisperX was left: it failed",
        "Phones were heard by the learned model sound-motion x.2 (full), without words.",
    )
    heard = made_by(
        request, EngineConfig(), "mediapipe-mesh", replace(score, speech=Speech(silence, learned, {})), film
    )
    assert (heard.engines["aligner"], heard.versions["aligner"]) == ("sound-motion", "sound-motion x.2 (full)")
    assert heard.fallbacks[1] == Fallback("align", "whisperx", "the learned model", "it failed")
    plain = replace(score, inspection=Inspection(8, 8, ()), speech=None)
    assert made_by(TYPED, EngineConfig(), "mediapipe-mesh", plain, film).engines["landmarks"] == "mediapipe-mesh"
    assert made_by(TYPED, EngineConfig(), "mediapipe-mesh", plain, film).engines["voice"] == "espeak-ng"
