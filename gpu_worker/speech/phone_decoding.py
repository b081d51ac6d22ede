"""Phones out of sound without words: for languages that have no recogniser here.

By the learned sound-to-motion model, in parts of minutes that end at pauses, each levelled by itself: its features take
2 MB of memory a minute. Or by the decoder, which knows English phones only; of another language it hears the nearest,
which for the lips is often enough.
"""

from __future__ import annotations

from dataclasses import replace

from gpu_worker.errors import EngineError
from gpu_worker.media.scratch import release
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.sound_motion.model import SoundModel, model_in_use
from gpu_worker.sound_motion.phones import decoded
from gpu_worker.sound_motion.stream import motion_of
from gpu_worker.speech import decoder
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.pauses import windows
from gpu_worker.speech.spectrum import RATE

#: Length of the parts that the learned model hears, seconds: the cut is looked for between the two.
PART_LEAST, PART_MOST = 90.0, 120.0


def learned_phones(
    samples: FloatArray, progress: Progress | None = None, model: SoundModel | None = None
) -> list[Phone]:
    """Contiguous phones (with ``SIL``) over the whole of 16 kHz sound by ``model`` or the one in use. Raises
    :class:`EngineError`."""
    model = model or model_in_use("full")
    phones: list[Phone] = []
    parts = windows(samples, PART_LEAST, PART_MOST)
    for start, end in parts:
        heard = _heard(samples[round(start * RATE) : round(end * RATE)], model)
        phones += [replace(phone, start=phone.start + start, end=min(phone.end + start, end)) for phone in heard]
        release(samples)
        if progress is not None:
            progress(end / parts[-1][1])
    if not any(phone.phone != "SIL" for phone in phones):
        raise EngineError("No phones could be made out.")
    return phones


def _heard(part: FloatArray, model: SoundModel) -> list[Phone]:
    """What the model hears in one part of a longer sound, in which there may be nothing."""
    motion = motion_of(part, model)
    return decoded(motion, len(part) / RATE)


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
