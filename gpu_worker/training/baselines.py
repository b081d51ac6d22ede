"""What a learned motion must beat: each takes a clip and gives controls at its frames, and the visemes it heard.

rules, phones decoded   the rung of the ladder it would replace: phones without words, then the rules
rules, loudness         the last rung: loudness alone, then the rules
rules, exact phones     an upper bound: the rules told every phone
mean pose               the mean of the training people's controls, held still
shuffled sound          the model itself, told another person's sound
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError
from gpu_worker.schema import VISEMES, FloatArray, Phone, Timeline, Waveform
from gpu_worker.speech.energy import syllables
from gpu_worker.speech.ladder import covering
from gpu_worker.speech.phone_decoding import decode_phones
from gpu_worker.speech.refinement import reclaim_sound, snap_boundaries
from gpu_worker.training.clip import SAMPLE_RATE, Clip, frame_visemes
from gpu_worker.training.data.rule_motion import rule_controls
from gpu_worker.visemes.spans import viseme_spans

Made = tuple[FloatArray, NDArray[np.int64] | None]
Maker = Callable[[Clip], Made]


def from_decoding(clip: Clip) -> Made:
    """Phones without words, by pocketsphinx, then the rules."""
    try:
        return from_heard(clip, decode_phones(clip.samples))
    except EngineError:
        return from_loudness(clip)


def from_heard(clip: Clip, phones: Sequence[Phone]) -> Made:
    """Phones that were heard, their borders moved to where the sound changes as the ladder does, then the rules."""
    found = reclaim_sound(clip.samples, covering(phones, clip.duration))
    return from_phones(clip, covering(snap_boundaries(clip.samples, found), clip.duration))


def from_loudness(clip: Clip) -> Made:
    """Loudness, then the rules."""
    phones = covering(syllables(clip.samples), clip.duration)
    return from_phones(clip, covering(snap_boundaries(clip.samples, phones), clip.duration))


def from_truth(clip: Clip) -> Made:
    """The phones of the clip's labels, then the rules."""
    return from_phones(clip, [Phone(name, start, end) for start, end, name in clip.phones])


def from_phones(clip: Clip, phones: Sequence[Phone]) -> Made:
    """What the rules do with these phones."""
    spans = viseme_spans(phones)
    timeline = Timeline(clip.language, "phones", clip.duration, (), tuple(phones), spans)
    controls, _ = rule_controls(timeline, Waveform(clip.samples, SAMPLE_RATE), clip.fps)
    return controls, frame_visemes(spans, len(controls), clip.fps).astype(np.int64)


def held_still(mean: FloatArray) -> Maker:
    """The same pose in every frame."""

    def make(clip: Clip) -> Made:
        silence = np.full(clip.frames, VISEMES.index("sil"), np.int64)
        return np.repeat(mean[None], clip.frames, axis=0).astype(np.float32), silence

    return make
