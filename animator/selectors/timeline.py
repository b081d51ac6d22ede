"""Reading timelines of speech: the gate is the speech's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.models import User
from animator.models import Speech, SpeechTimeline
from animator.models.speech import SpeechKind
from animator.models.timeline import TimelineState
from animator.selectors.speech import speech_for_user
from gpu_worker import timeline_json
from gpu_worker.schema import Timeline
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.passage import plain_text
from gpu_worker.speech.subtitles import as_srt, as_vtt, cues
from gpu_worker.timeline_remarks import remarks_of

#: Peaks a second in a payload.
PEAKS_HZ = 100
#: Names of the files that a timeline gives.
FILES = ("subtitles.srt", "subtitles.vtt", "timeline.json", "spoken.wav")
SUBTITLES = ("subtitles.srt", "subtitles.vtt")


def latest_timeline(speech: Speech) -> SpeechTimeline | None:
    """The newest version, whatever its state."""
    return speech.timelines.order_by("-version").first()


def corrected_timeline(speech: Speech) -> SpeechTimeline | None:
    """The newest version if somebody corrected it; else a video measures for itself."""
    row = speech.timelines.filter(state=TimelineState.READY).order_by("-version").first()
    return row if row is not None and row.corrected else None


def corrected_timelines(speeches: Iterable[Speech]) -> dict[UUID, SpeechTimeline]:
    """The same for several, by the id of the speech, without those that nobody corrected."""
    found = {speech.id: corrected_timeline(speech) for speech in speeches}
    return {key: row for key, row in found.items() if row is not None}


def timeline_for_user(user: User, speech_id: UUID, version: int) -> SpeechTimeline:
    """One finished version of the user's own speech. Raises ``DoesNotExist`` for anybody else's."""
    speech = speech_for_user(user, speech_id)
    return speech.timelines.get(version=version, state=TimelineState.READY)


def timeline_of(row: SpeechTimeline) -> Timeline:
    """The timeline itself."""
    return timeline_json.from_dict(row.document)


def corrected_words(row: SpeechTimeline) -> str:
    """The words of a version as they are written, and once more as they sound where they are respelled."""
    words = timeline_of(row).words
    written = " ".join(word.word for word in words)
    return f"{written}\n{' '.join(word.said or word.word for word in words)}" if any(w.said for w in words) else written


def measured_words(speech: Speech) -> str:
    """The words that the engine found, before anybody corrected them."""
    row = speech.timelines.filter(version=1, state=TimelineState.READY).first()
    return " ".join(word.word for word in timeline_of(row).words) if row is not None else ""


def written_words(speech: Speech) -> str:
    """The words as somebody wrote them, with their punctuation and without mark-up."""
    return plain_text(parse_markup(speech.text)) if speech.kind == SpeechKind.TYPED else speech.transcript


def subtitles(timeline: Timeline, written: str, name: str) -> str:
    """A timeline's words as the subtitles that ``name`` (one of ``SUBTITLES``) asks for."""
    form = as_srt if name.endswith(".srt") else as_vtt
    return form(cues(timeline, written))


def timeline_payload(speech: Speech, row: SpeechTimeline | None) -> dict[str, Any]:
    """A version as the API says it; ``state`` is null where nothing was measured yet."""
    ready = row is not None and row.state == TimelineState.READY
    return {
        "speech": str(speech.id),
        "kind": speech.kind,
        "state": row.state if row is not None else None,
        "version": row.version if row is not None else 0,
        "document": row.document if row is not None and ready else None,
        "sound_url": sound_url(speech, row) if row is not None and ready else None,
        "remarks": remarks_of((row.document or {}).get("reasons", ())) if row is not None and ready else [],
        "peaks": row.peaks if row is not None and ready else "",
        "peaks_hz": PEAKS_HZ,
        "files": {
            name.replace(".", "_"): reverse("animator:media_timeline", args=[speech.id, row.version, name])
            for name in FILES[:3]
        }
        if row is not None and ready
        else {},
        "error": row.error if row is not None else None,
    }


def sound_url(speech: Speech, row: SpeechTimeline) -> str | None:
    """Where the sound is that a version belongs to."""
    if row.sound_path:
        return reverse("animator:media_timeline", args=[speech.id, row.version, "spoken.wav"])
    return reverse("animator:media_speech", args=[speech.id]) if speech.path else None
