"""Hearing typed words before a video is made: nothing is kept, nothing counts against the day's videos."""

from __future__ import annotations

from collections.abc import Mapping

from animator import queue
from animator.errors import SiteError
from animator.services import rate
from animator.services.speech import TypedWords, check_words
from gpu_worker.errors import InputError
from gpu_worker.speech.dictionary import check_said

#: Longest text that is spoken for a preview, characters; what is longer is cut at a word.
LONGEST_TEXT = 300
#: Previews that one person may hear in a window, and its length in seconds.
PREVIEWS, WINDOW_S = 240, 3600
#: Longest wait for a worker, seconds.
PATIENCE_S = 8.0


def hear(who: str, words: TypedWords, said: str = "", dictionary: Mapping[str, str] | None = None) -> bytes:
    """The first sentences of ``words`` as a WAV file; ``who`` is what previews are counted under.

    ``said`` is how a single word is pronounced; else the words of ``dictionary`` are said as it says.

    Raises what ``add_typed_speech`` raises for such words, ``bad_pronunciation``, ``too_often`` (429) and ``try_later``
    (503) when no worker answers in time.
    """
    words = check_words(words)
    spoken = check_said(said) if said.strip() else ""
    rate.count("preview", who, PREVIEWS, WINDOW_S)
    answer = queue.ask_for_preview(
        (
            beginning(words.text),
            words.language,
            words.voice,
            words.speed,
            words.pitch,
            spoken,
            dict(dictionary or {}),
        ),
        PATIENCE_S,
    )
    if isinstance(answer, dict):
        raise InputError(answer["error"], answer["message"], answer["hint"])
    if answer is None:
        raise SiteError("try_later", "The preview is not ready.", "Please try again in a moment.", status=503)
    return answer


def beginning(text: str) -> str:
    """At most ``LONGEST_TEXT`` characters of ``text``, not ending inside a word where words have spaces."""
    if len(text) <= LONGEST_TEXT:
        return text
    head = text[:LONGEST_TEXT]
    return head.rsplit(None, 1)[0] if len(head.split()) > 1 else head
