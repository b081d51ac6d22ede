"""The spoken answer of a person who is asked for their consent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from animator import phrases, storage
from animator.conf import engine_config, site_config
from animator.models import ConsentRequest
from animator.services import consent_answer
from gpu_worker.schema import Waveform
from gpu_worker.tasks.checking import ending
from picturetalk_site.logs import working_on


def check_voice(request_id: str, token: str) -> None:
    """Listen whether a person spoke their phrase; the recording is gone afterwards unless the operator keeps it."""
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.speech.phrase_check import hear_phrase

    key = UUID(request_id)
    request = consent_answer.claim(key, token)
    if request is None:
        return

    def beat() -> bool:
        return consent_answer.keep_alive(key, token)

    with working_on(request_id), ending(key, token, beat, consent_answer.reject, consent_answer.release):
        with storage.local_copy(request.source_path) as source:
            waveform = load_waveform(source, config=engine_config())
            heard = hear_phrase(waveform, request.phrase, phrases.WORDS[request.language], request.language)
            kept = _kept_voice(request, waveform)
        if not consent_answer.finish(key, token, heard.transcript, heard.score, kept):
            storage.erase([kept])


def _kept_voice(request: ConsentRequest, waveform: Waveform) -> str:
    """The path of a copy beside the photo, where the operator keeps recordings; else ""."""
    from gpu_worker.media.sound import wav_bytes

    if not site_config().keep_consent_recordings:
        return ""
    path = storage.beside_photo(request.photo_id, "consent", request.id, ".wav")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "voice.wav"
        copy.write_bytes(wav_bytes(waveform))
        return storage.store_file(path, copy).path
