"""Phones out of sound without words: for languages that have no recogniser here.

The model knows English phones only; of another language it hears the nearest, which for the lips is often enough.
"""

from __future__ import annotations

from gpu_worker.errors import EngineError
from gpu_worker.media.scratch import release
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech import decoder
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.pauses import windows
from gpu_worker.speech.spectrum import RATE


def decode_phones(samples: FloatArray, progress: Progress | None = None) -> list[Phone]:
    """Contiguous phones (with ``SIL``) over the whole of 16 kHz sound. Raises :class:`EngineError`."""
    phones: list[Phone] = []
    parts = windows(samples)
    for start, end in parts:
        try:
            heard = decoder.decoded(decoder.phone_decoder(), samples[int(start * RATE) : int(end * RATE)])
        except (RuntimeError, EngineError) as problem:
            raise EngineError("No phones could be made out.") from problem
        for phone, first_frame, last_frame in heard:
            first = first_frame / decoder.FRAME_HZ + (decoder.EARLY if first_frame else 0.0)
            last = min((last_frame + 1) / decoder.FRAME_HZ + decoder.EARLY, end - start)
            silent = phone.startswith(("<", "[", "+", "(")) or phone == "SIL"
            if last > first:
                phones.append(Phone("SIL" if silent else phone, start + first, start + last))
        release(samples)
        if progress is not None:
            progress(end / parts[-1][1])
    if not any(phone.phone != "SIL" for phone in phones):
        raise EngineError("No phones could be made out.")
    return phones
