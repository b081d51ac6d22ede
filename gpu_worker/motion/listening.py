"""The performance of those who only listen, and of everybody in a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from gpu_worker.motion.attention import JOINED, Turn, attentive
from gpu_worker.motion.blinks import blink_curve, blink_times
from gpu_worker.motion.breathing import breath
from gpu_worker.motion.brows import brow_curves
from gpu_worker.motion.curves import Curve, frame_times
from gpu_worker.motion.gaze import gaze
from gpu_worker.motion.head import head_pose
from gpu_worker.motion.pauses import speech_spans
from gpu_worker.motion.performance import compose, perform, streams_of
from gpu_worker.motion.style import Style
from gpu_worker.schema import FaceRig, MotionTrack, Timeline, VisemeTrack, Waveform

#: Seconds before and after one's own words that belong to the viewer.
_BEFORE_SPEAKING, _AFTER_SPEAKING = 0.25, 0.20

Curves = dict[str, Curve]


@dataclass(frozen=True)
class Part:
    """What one face does: its own words and sound on the video's clock, and nobody else's; None for a listener."""

    face: FaceRig
    track: VisemeTrack | None = None
    timeline: Timeline | None = None
    waveform: Waveform | None = None


def speaking(part: Part, seed: int, style: Style | None = None, turns: Sequence[Turn] = ()) -> MotionTrack:
    """The performance of one who speaks, ``turns`` those of others. Raises ValueError for a listener."""
    if part.track is None or part.timeline is None or part.waveform is None:
        raise ValueError("this part has nothing to say")
    return perform(part.track, part.timeline, part.waveform, part.face, seed, style, turns)


def converse(
    parts: Sequence[Part],
    frames: int,
    fps: float,
    seed: int,
    style: Style | None = None,
    styles: Mapping[int, Style] | None = None,
) -> list[MotionTrack]:
    """Motion of every part: each speaks its own lines and attends to the others' meanwhile.

    ``styles`` are those of single faces by their index, ``style`` that of all others. Every face draws from its own
    random numbers, so that one more listener changes nobody else.
    """
    motions = []
    for place, part in enumerate(parts):
        turns = turns_of_others(parts, place)
        own, manner = own_seed(seed, part.face), (styles or {}).get(part.face.index, style)
        if part.timeline is None:
            motions.append(listen(part.face, turns, frames, fps, own, manner))
        else:
            motions.append(speaking(part, own, manner, turns))
    return motions


def own_seed(seed: int, face: FaceRig) -> int:
    """The seed of one face among several."""
    return crc32(f"{seed}:{face.index}".encode())


def turns_of_others(parts: Sequence[Part], place: int) -> tuple[Turn, ...]:
    """When the part at ``place`` may attend to others: their stretches of speech, in order, less where it speaks."""
    me = parts[place]
    mine = speech_spans(me.timeline) if me.timeline is not None else ()
    turns: list[Turn] = []
    for other in parts:
        if other is me or other.timeline is None:
            continue
        dx, dy = (_middle(other.face) - _middle(me.face)) / max(me.face.height, 1.0)
        for spans in _joined(speech_spans(other.timeline)):
            for start, end in _outside(spans[0][0], spans[-1][1], mine):
                phrases = tuple(finish for _, finish in spans if start < finish <= end)
                turns.append(Turn(start, end, float(dx), float(dy), phrases, me.face.roll))
    return _one_at_a_time(sorted(turns, key=lambda turn: (turn.start, turn.end)))


def _joined(spans: tuple[tuple[float, float], ...]) -> list[list[tuple[float, float]]]:
    """Stretches of speech with short pauses only between them."""
    turns: list[list[tuple[float, float]]] = []
    for span in spans:
        if turns and span[0] - turns[-1][-1][1] < JOINED:
            turns[-1].append(span)
        else:
            turns.append([span])
    return turns


def _outside(start: float, end: float, mine: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """What is left of a stretch when one speaks oneself; who is about to speak turns to the viewer a little before."""
    pieces = [(start, end)]
    for begin, finish in mine:
        before, after = begin - _BEFORE_SPEAKING, finish + _AFTER_SPEAKING
        pieces = [
            piece
            for first, last in pieces
            for piece in ((first, min(last, before)), (max(first, after), last))
            if piece[1] > piece[0]
        ]
    return pieces


def _one_at_a_time(turns: list[Turn]) -> tuple[Turn, ...]:
    """Nobody looks at two people at once: an interruption ends the turn before it."""
    result: list[Turn] = []
    for turn in turns:
        if result and result[-1].end > turn.start:
            last = result.pop()
            kept = tuple(moment for moment in last.phrases if moment <= turn.start)
            result.append(replace(last, end=turn.start, phrases=kept))
        result.append(turn)
    return tuple(result)


def _middle(face: FaceRig) -> Curve:
    points = face.landmarks[:468, :2].astype(np.float64)
    middle: Curve = 0.5 * (points.min(0) + points.max(0))
    return middle


def listen(
    face: FaceRig, turns: Sequence[Turn], frames: int, fps: float, seed: int, style: Style | None = None
) -> MotionTrack:
    """The performance of somebody who only listens, ``frames`` long; the lips stay as they are in the photo.

    The same arguments give the same values, bit for bit.
    """
    style = style or Style()
    times, streams = frame_times(frames, fps), streams_of(seed)
    silent = Timeline("en", "events", frames / fps, (), (), ())
    controls: Curves = dict(head_pose(times, fps, silent, (), style.head, streams["head"]))
    controls |= breath(times, fps, silent, style.breathing, streams["breath"])
    controls["brow_left"], controls["brow_right"] = brow_curves(times, fps, (), style.expression, streams["brows"])
    controls["gaze_x"], controls["gaze_y"] = gaze(times, style.gaze, streams["gaze"])
    lids = blink_curve(times, blink_times(silent, frames / fps, style.blink_rate, streams["blinks"]))
    controls["blink_left"] = controls["blink_right"] = lids
    return compose(attentive(controls, times, turns, style, streams["attention"]), face, fps, frames, seed)
