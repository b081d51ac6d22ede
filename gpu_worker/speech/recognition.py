"""Words out of English sound, for when no transcript was given: pocketsphinx with the model of its wheel.

Roughly one word in three is wrong. The lips care little, since the wrong word sounds like the right one; a reader does,
so the words are shown for correction.
"""

from __future__ import annotations

import re

from gpu_worker.errors import EngineError
from gpu_worker.media.scratch import release
from gpu_worker.schema import FloatArray
from gpu_worker.speech import decoder
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.pauses import windows
from gpu_worker.speech.spectrum import RATE


def recognise(samples: FloatArray, progress: Progress | None = None) -> str:
    """The words of 16 kHz English sound, in lower case; "" where none were heard. Raises :class:`EngineError`."""
    words: list[str] = []
    parts = windows(samples)
    for start, end in parts:
        try:
            heard = decoder.decoded(decoder.recogniser(), samples[int(start * RATE) : int(end * RATE)])
        except (RuntimeError, EngineError) as problem:
            raise EngineError("The words could not be recognised.") from problem
        words += [re.sub(r"\(\d+\)$", "", word) for word, *_ in heard if not word.startswith(("<", "[", "+", "("))]
        release(samples)
        if progress is not None:
            progress(end / parts[-1][1])
    return " ".join(words)
