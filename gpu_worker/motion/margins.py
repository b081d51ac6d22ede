"""Room before and after the speech, in which the face leaves the photo's own pose and comes back to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from gpu_worker.media import scratch
from gpu_worker.motion.pauses import SILENT_PHONES, speech_spans
from gpu_worker.schema import Phone, Timeline, VisemeSpan, Waveform

#: Least silence before the first and after the last sound, seconds.
LEAD, TAIL = 0.28, 0.50


def with_margins(waveform: Waveform, timeline: Timeline, fps: float) -> tuple[Waveform, Timeline]:
    """Sound and timeline with silence added where there is too little, and both a whole number of frames long.

    Nothing of the sound is cut or altered; all times move with it. The result is the clock of the video.
    """
    spans = speech_spans(timeline)
    first = spans[0][0] if spans else 0.0
    last = spans[-1][1] if spans else timeline.duration
    lead = max(0.0, LEAD - first)
    # A whole number of samples, so that times and sound stay together exactly.
    lead_samples = int(np.ceil(lead * waveform.rate - 1e-9))
    lead = lead_samples / waveform.rate
    sound = max(waveform.duration, timeline.duration)
    wanted = lead + max(sound, last + TAIL)
    duration = np.ceil(wanted * fps - 1e-6) / fps
    length = round(duration * waveform.rate)
    tail_samples = max(0, length - lead_samples - len(waveform.samples))
    before, after = np.zeros(lead_samples, np.float32), np.zeros(tail_samples, np.float32)
    parts = (block for _, block in scratch.blocks(waveform.samples))
    samples = scratch.collect(chain([before], parts, [after]))
    return Waveform(samples, waveform.rate), shifted(timeline, lead, float(duration))


def shifted(timeline: Timeline, lead: float, duration: float) -> Timeline:
    """The timeline ``lead`` seconds later within ``duration``, its ends filled with silence."""
    words = tuple(replace(word, start=word.start + lead, end=word.end + lead) for word in timeline.words)
    mouth = tuple(replace(span, start=span.start + lead, end=span.end + lead) for span in timeline.mouth)
    phones = [Phone(phone.phone, phone.start + lead, phone.end + lead, phone.stress) for phone in timeline.phones]
    visemes = [VisemeSpan(span.viseme, span.start + lead, span.end + lead) for span in timeline.visemes]
    if phones:
        if phones[0].phone in SILENT_PHONES:
            phones[0] = replace(phones[0], start=0.0)
        elif phones[0].start > 0.0:
            phones.insert(0, Phone("SIL", 0.0, phones[0].start))
        if phones[-1].phone in SILENT_PHONES:
            phones[-1] = replace(phones[-1], end=duration)
        elif phones[-1].end < duration:
            phones.append(Phone("SIL", phones[-1].end, duration))
    if visemes:
        if visemes[0].viseme == "sil":
            visemes[0] = replace(visemes[0], start=0.0)
        elif visemes[0].start > 0.0:
            visemes.insert(0, VisemeSpan("sil", 0.0, visemes[0].start))
        if visemes[-1].viseme == "sil":
            visemes[-1] = replace(visemes[-1], end=duration)
        elif visemes[-1].end < duration:
            visemes.append(VisemeSpan("sil", visemes[-1].end, duration))
    return replace(timeline, duration=duration, words=words, phones=tuple(phones), visemes=tuple(visemes), mouth=mouth)
