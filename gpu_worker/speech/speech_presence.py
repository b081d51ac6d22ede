"""Is anybody speaking here? Said before a video is made of music alone, an engine or the wind.

The learned sound-to-motion model names a phone for every 20 ms of anything. In ten seconds of speech it names two dozen
different ones and is rather sure of them; in music it wavers between a few, in noise between all. Singing and noisy
speech pass as speech.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.media.sound import resample
from gpu_worker.schema import Finding, FloatArray, Waveform
from gpu_worker.sound_motion.layout import PHONES, ROW_RATE
from gpu_worker.sound_motion.model import shipped_model
from gpu_worker.sound_motion.stream import motion_of
from gpu_worker.speech.long_pauses import without_long_pauses
from gpu_worker.speech.spectrum import RATE

#: Length of a piece that is judged, the shortest that can be, seconds, and how many at most.
PIECE, SHORTEST, _MOST_PIECES = 12.0, 8.0, 3
#: A piece without speech: at most so many phones and no surer than this on average; or less sure than anybody who
#: speaks; or hardly any phone at all. Readers had 24 phones and more in twelve seconds, in noise, music, a hall or a
#: telephone, too, and were never less sure than .375; made music and noise of eleven kinds had 10 at most, or was never
#: surer than .33.
FEW_PHONES, UNSURE, _AT_A_LOSS, _HARDLY = 16, 0.56, 0.35, 0.05


def speech_finding(waveform: Waveform) -> Finding | None:
    """``no_speech`` where no piece of the sound is speech; None otherwise, and for what is too short to tell."""
    samples = without_long_pauses(resample(waveform, RATE).samples).samples
    length = int(PIECE * RATE)
    if len(samples) < SHORTEST * RATE:
        return None
    starts = np.unique(np.linspace(0, max(len(samples) - length, 0), _MOST_PIECES).astype(int))
    try:
        if any(_is_speech(samples[start : start + length]) for start in starts):
            return None
    except EngineError:  # without the model nothing is said about it
        return None
    return Finding(
        "no_speech",
        "Nobody seems to speak in this recording.",
        "If it is music or noise alone, record a voice; if somebody does speak, go on and write down the words.",
    )


def _is_speech(piece: FloatArray) -> bool:
    phones = motion_of(np.array(piece, np.float32), shipped_model("full")).phones
    best = phones.argmax(axis=1)
    sounding = best != PHONES.index("SIL")
    if sounding.mean() < _HARDLY or sounding.sum() < ROW_RATE:
        return False
    sure = float(phones.max(axis=1)[sounding].mean())
    return sure > _AT_A_LOSS and (len(np.unique(best[sounding])) > FEW_PHONES or sure > UNSURE)
