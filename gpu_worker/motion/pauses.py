"""Where nobody speaks: the pauses of a timeline, and the weight of silence over time."""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, smoothstep
from gpu_worker.schema import Timeline

#: Silence shorter than this is the closed phase of a stop or a slip between words, seconds.
SHORTEST_PAUSE = 0.15
#: Phone symbols that are no speech.
SILENT_PHONES = frozenset({"SIL", "sil", "SP", "spn", "+SPN+", "NSN", "pau", "_"})


def speech_spans(timeline: Timeline) -> tuple[tuple[float, float], ...]:
    """Stretches of speech (start, end), seconds: phones in a row without a pause of SHORTEST_PAUSE between them. A
    mouth that is forced open counts as speech: it is not at rest."""
    moving = [(phone.start, phone.end) for phone in timeline.phones if phone.phone not in SILENT_PHONES]
    moving = moving or [(span.start, span.end) for span in timeline.visemes if span.viseme != "sil"]
    moving += [(span.start, span.end) for span in timeline.mouth if span.state == "open"]
    spans: list[tuple[float, float]] = []
    for start, end in sorted(moving):
        if end <= start:
            continue
        if spans and start - spans[-1][1] < SHORTEST_PAUSE:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return tuple(spans)


def pauses(timeline: Timeline) -> tuple[tuple[float, float], ...]:
    """What the speech spans leave of [0, duration], the beginning and the end included."""
    result: list[tuple[float, float]] = []
    at = 0.0
    for start, end in speech_spans(timeline):
        if start - at > 1e-6:
            result.append((at, start))
        at = end
    if timeline.duration - at > 1e-6:
        result.append((at, timeline.duration))
    return tuple(result)


def silence_weight(timeline: Timeline, times: Curve, lead: float = 0.06, lag: float = 0.10) -> Curve:
    """1 where the mouth rests, 0 in speech: lips start to part ``lead`` before the first phone and close ``lag`` after
    the last one of a stretch."""
    talking = np.zeros(len(times))
    for start, end in speech_spans(timeline):
        begin = smoothstep((times - (start - lead)) / lead)
        finish = smoothstep((times - end) / lag)
        talking = np.maximum(talking, begin - finish)
    return 1.0 - talking
