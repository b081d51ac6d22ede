"""Several lines, one sound: where each begins, the mixed track, and who says what when.

Lines follow each other by the ends and beginnings of their *words*, since sounds begin and end with silence of their
own. Nothing of a line is cut or stretched; where lines overlap they are added, and the whole is turned down only if it
would clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.media import scratch
from gpu_worker.motion.margins import shifted, with_margins
from gpu_worker.motion.pauses import SILENT_PHONES, speech_spans
from gpu_worker.schema import FloatArray, Phone, Timeline, TimelineSource, VisemeSpan, Waveform, Word

#: From the surest to the least sure way of timing: a whole is as sure as its least sure part.
_SURENESS: tuple[TimelineSource, ...] = ("events", "forced", "recognised", "phones", "energy")
#: Highest sample of a mix that had to be turned down.
_FULL = 0.98
#: Words of one face may overlap by this much before it counts as speaking over itself, seconds.
_SLACK = 0.05


@dataclass(frozen=True)
class SpokenLine:
    """One line as it was spoken: ``sound`` at the video's rate and its ``timeline``, both from 0; the rest as in
    :class:`request.Line`."""

    face: int
    sound: Waveform
    timeline: Timeline
    pause: float
    start: float | None


@dataclass(frozen=True)
class Voice:
    """What one face says in the whole, on the video's clock; ``sound`` holds its own lines alone."""

    face: int
    sound: Waveform
    timeline: Timeline


@dataclass(frozen=True)
class Conversation:
    """All lines together: the mixed sound, everybody's timeline, and each face's own (by index)."""

    sound: Waveform
    timeline: Timeline
    voices: tuple[Voice, ...]


def arrange(lines: Sequence[SpokenLine], fps: float, longest: float) -> Conversation:
    """Lay out and mix ``lines`` (at least one, all of one rate), with room at both ends for the faces.

    Raises InputError ``lines_overlap`` when a face would speak over itself, ``speech_too_long`` when the whole lasts
    longer than ``longest`` seconds.
    """
    rate = lines[0].sound.rate
    # Whole samples, so that sound and times stay together exactly.
    starts = [round(start * rate) for start in _starts(lines)]
    length = max(start + len(line.sound.samples) for start, line in zip(starts, lines, strict=True))
    if length / rate > longest:
        raise InputError(
            "speech_too_long",
            f"The conversation lasts {length / rate:.0f} seconds; {longest:.0f} is the most.",
            "Please make it shorter, or make several videos.",
        )
    placed = [(line, start, _later(line.timeline, start / rate)) for line, start in zip(lines, starts, strict=True)]
    faces = sorted({line.face for line in lines})
    tracks = {face: _mixed([(one.sound, at) for one, at, _ in placed if one.face == face], length) for face in faces}
    timelines = {
        face: _joined([spoken for one, _, spoken in placed if one.face == face], length / rate) for face in faces
    }
    together = _merged([spoken for _, _, spoken in placed], length / rate)
    mix = scratch.collect(_sums([tracks[face] for face in faces]))
    peak = scratch.peak_of(mix)
    gain = np.float32(_FULL / peak) if peak > 1.0 else np.float32(1.0)
    sound, whole = with_margins(Waveform(scratch.mapped(mix, lambda block: block * gain), rate), together, fps)
    lead = _lead(together, whole)
    voices = []
    for face in faces:
        own = scratch.zeros(len(sound.samples))
        first = round(lead * rate)
        for start, block in scratch.blocks(tracks[face][: len(own) - first]):
            own[first + start : first + start + len(block)] = block * gain
            scratch.release(own)
        voices.append(Voice(face, Waveform(own, rate), shifted(timelines[face], lead, whole.duration)))
    return Conversation(sound, whole, tuple(voices))


def _starts(lines: Sequence[SpokenLine]) -> list[float]:
    """When each line's sound begins, seconds; never before 0."""
    starts, cursor = [], 0.0
    for place, line in enumerate(lines):
        spans = speech_spans(line.timeline)
        first, last = (spans[0][0], spans[-1][1]) if spans else (0.0, line.timeline.duration)
        follows = cursor + (line.pause if place else 0.0)
        begin = max(0.0, (follows if line.start is None else line.start) - first)
        starts.append(begin)
        cursor = begin + last
    return starts


def _mixed(parts: Sequence[tuple[Waveform, int]], length: int) -> FloatArray:
    track = scratch.zeros(length)
    for sound, start in parts:
        for first, block in scratch.blocks(sound.samples):
            track[start + first : start + first + len(block)] += block
            scratch.release(track)
    return track


def _sums(tracks: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """The sum of equally long tracks, block by block."""
    for together in zip(*(scratch.blocks(track) for track in tracks), strict=True):
        yield np.sum([block for _, block in together], axis=0, dtype=np.float32)


def _later(timeline: Timeline, by: float) -> Timeline:
    """The timeline ``by`` seconds later, silence left out: what lies between lines is filled when they are joined."""
    return replace(
        timeline,
        duration=timeline.duration + by,
        words=tuple(replace(word, start=word.start + by, end=word.end + by) for word in timeline.words),
        phones=tuple(
            replace(phone, start=phone.start + by, end=phone.end + by)
            for phone in timeline.phones
            if phone.phone not in SILENT_PHONES
        ),
        visemes=tuple(
            replace(span, start=span.start + by, end=span.end + by) for span in timeline.visemes if span.viseme != "sil"
        ),
        mouth=tuple(replace(span, start=span.start + by, end=span.end + by) for span in timeline.mouth),
    )


def _joined(timelines: Sequence[Timeline], duration: float) -> Timeline:
    """One face's lines as one timeline. Raises InputError ``lines_overlap``."""
    ends = sorted(
        (_bounds(timeline) for timeline in timelines if _bounds(timeline)[1] > 0.0), key=lambda bound: bound[0]
    )
    for (_, before), (after, _) in pairwise(ends):
        if after < before - _SLACK:
            raise InputError(
                "lines_overlap",
                "Two lines of the same face would be spoken at the same time.",
                "Let the second begin later, or give it to another face.",
            )
    return _merged(timelines, duration)


def _in_a_row(whole: Timeline) -> Timeline:
    """The timeline without gaps and overlaps, as every timeline is: silence where nobody speaks, and where two speak at
    once, whoever began first."""
    phones: list[Phone] = []
    for phone in whole.phones:
        start = max(phone.start, phones[-1].end) if phones else phone.start
        if phone.end <= start:
            continue
        if start > (phones[-1].end if phones else 0.0) + 1e-6:
            phones.append(Phone("SIL", phones[-1].end if phones else 0.0, start))
        phones.append(replace(phone, start=start))
    visemes: list[VisemeSpan] = []
    for span in whole.visemes:
        start = max(span.start, visemes[-1].end) if visemes else span.start
        if span.end <= start:
            continue
        if start > (visemes[-1].end if visemes else 0.0) + 1e-6:
            visemes.append(VisemeSpan("sil", visemes[-1].end if visemes else 0.0, start))
        visemes.append(replace(span, start=start))
    words: list[Word] = []
    for word in whole.words:
        start = max(word.start, words[-1].end) if words else word.start
        words.append(replace(word, start=start, end=max(start, word.end)))
    return replace(whole, words=tuple(words), phones=tuple(phones), visemes=tuple(visemes))


def _merged(timelines: Sequence[Timeline], duration: float) -> Timeline:
    """Everything that is said, in order of time."""
    reasons = tuple(dict.fromkeys(reason for timeline in timelines for reason in timeline.reasons))
    scores = [timeline.score for timeline in timelines if timeline.score is not None]
    whole = Timeline(
        language=timelines[0].language,
        source=max((timeline.source for timeline in timelines), key=_SURENESS.index),
        duration=duration,
        words=tuple(sorted((w for one in timelines for w in one.words), key=lambda word: word.start)),
        phones=tuple(sorted((p for one in timelines for p in one.phones), key=lambda phone: phone.start)),
        visemes=tuple(sorted((v for one in timelines for v in one.visemes), key=lambda span: span.start)),
        reasons=reasons,
        score=min(scores) if scores else None,
        mouth=tuple(sorted((m for one in timelines for m in one.mouth), key=lambda span: span.start)),
        corrected=any(timeline.corrected for timeline in timelines),
    )
    return _in_a_row(whole)


def _bounds(timeline: Timeline) -> tuple[float, float]:
    spans = speech_spans(timeline)
    return (spans[0][0], spans[-1][1]) if spans else (0.0, 0.0)


def _lead(before: Timeline, after: Timeline) -> float:
    """How much later everything is in ``after``."""
    first, second = speech_spans(before), speech_spans(after)
    return second[0][0] - first[0][0] if first and second else 0.0
