"""Sound: a recording is listened to and cleaned; typed words are spoken for whoever waits for them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from animator import storage
from animator.conf import engine_config
from animator.models import Speech
from animator.services import sound_choice, upload
from animator.services import speech as speech_service
from gpu_worker.errors import InputError
from gpu_worker.tasks.checking import checking, finding_dict, forget_unless_known
from picturetalk_site.logs import working_on

if TYPE_CHECKING:
    from gpu_worker.media.sound_findings import SoundReport


def check_speech(speech_id: str, token: str) -> None:
    """Listen whether there is sound to speak with; keep it as WAV without metadata, or say why it cannot be used.

    A recording that was kept already gets the cleaned copy that its owner asked for.
    """
    key = UUID(speech_id)
    speech = upload.claim(Speech, key, token)
    if speech is None:
        return
    if not speech.source_path:
        _clean_speech(speech, token)
        return
    with (
        working_on(speech_id),
        checking(Speech, key, token, speech_service.reject_speech, speech_service.release_speech),
    ):
        with storage.local_copy(speech.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, report = _listen(source, Path(folder))
            kept = storage.store_file(storage.kept_path("speech", key, copy.suffix), copy)
        facts = {"duration_s": round(report.duration, 3), "findings": [finding_dict(one) for one in report.findings]}
        if not speech_service.accept_speech(key, token, kept, facts):
            forget_unless_known(Speech, key, kept.path)


def _clean_speech(speech: Speech, token: str) -> None:
    """The copy of a recording with less noise, or without silence at its ends."""
    from gpu_worker.media.sound_cleaning import clean_sound

    key = speech.id
    with (
        working_on(str(key)),
        checking(Speech, key, token, sound_choice.use_original, sound_choice.release_copy),
    ):
        with storage.local_copy(speech.original_path) as source, tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "cleaned.wav"
            seconds = clean_sound(source, copy, denoise=speech.denoise, trim=speech.trim)
            kept = storage.store_file(storage.cleaned_path(key, token), copy)
        if not sound_choice.accept_copy(key, token, kept, seconds):
            forget_unless_known(Speech, key, kept.path)


def preview_speech(
    text: str,
    language: str,
    voice: str,
    speed: float,
    pitch: float,
    said: str = "",
    dictionary: dict[str, str] | None = None,
) -> bytes | dict[str, str]:
    """Typed words as a WAV file, or the refusal as the API says it. Somebody listens at this very moment.

    ``said`` is how the whole of ``text``, then a word, is pronounced; else its words are as ``dictionary`` says.
    """
    from gpu_worker.media.sound import wav_bytes
    from gpu_worker.speech.dictionary import how_said
    from gpu_worker.speech.passage import Passage
    from gpu_worker.speech.synthesis import synthesise, synthesise_passages

    try:
        if said:
            respelled, ipa = how_said(said)
            passages = [Passage(text, respelled=respelled, ipa=ipa)]
            waveform, _ = synthesise_passages(passages, language, voice or None, speed, pitch, engine_config())
        else:
            waveform, _ = synthesise(text, language, voice or None, speed, pitch, engine_config(), dictionary)
    except InputError as error:
        return error.as_dict()
    return wav_bytes(waveform)


def _listen(source: Path, folder: Path) -> tuple[Path, SoundReport]:
    """The clean copy of a sound, and what its owner should know of it."""
    from gpu_worker.media.sound import extract_soundtrack, load_waveform
    from gpu_worker.media.sound_findings import inspect_sound
    from gpu_worker.speech.speech_presence import speech_finding

    config = engine_config()
    waveform = load_waveform(source, config=config)
    report, silent = inspect_sound(waveform), speech_finding(waveform)
    if silent is not None:
        report = replace(report, findings=(silent, *report.findings))
    return extract_soundtrack(source, folder / "copy.wav", config=config), report
