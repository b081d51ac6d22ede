"""Timed phones to articulators over time: dominance blending, then the rules that may not be broken.

First every channel is blended over neighbouring phones (M. Cohen and D. Massaro, "Modeling coarticulation in synthetic
visual speech", 1993): F(t) = sum D_i T_i / sum D_i, D = a exp(-theta |tau|), with tau the distance outside the phone
and theta = ln 10 / (lead or lag). Then come the rules of JALI (Edwards, Landreth, Fiume and Singh, 2016): bilabials
always close, labiodentals always touch, sibilants cap the jaw, silence is a mouth at rest. They come last because a
blend satisfies none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gpu_worker.schema import ARTICULATORS, FloatArray, Phone, Timeline, VisemeTrack, Waveform
from gpu_worker.visemes import rules
from gpu_worker.visemes.closures import closures
from gpu_worker.visemes.loudness import jaw_scale
from gpu_worker.visemes.parameters import BILABIALS, GLIDES, SHAPES, TRANSPARENT, PhoneShape
from gpu_worker.visemes.rules import column

#: The lips run this far ahead of the sound, seconds; 0..0.04 goes unnoticed, a lag does not (ITU-R BT.1359).
LIP_LEAD = 0.02
#: Steps between two frames while blending, so that the rules see more than the frames do.
STEP_HZ = 200.0
#: Speech faster than this (phones a second) is articulated less.
FAST_RATE, FAST_REFERENCE = 14.0, 12.0
#: Jaw of an unstressed vowel relative to a stressed one.
UNSTRESSED, SECONDARY = 0.8, 0.93
#: Part of a diphthong after which it is on its way to its glide.
GLIDE_FROM = 0.55
#: An obstruent shorter than this passes without moving the jaw, seconds.
FLEETING = 0.03
_TONGUE_LEAD = 0.06


@dataclass(frozen=True)
class Gesture:
    """A phone as the blend sees it: its shape, adapted to stress and tempo, and its time."""

    phone: str
    start: float
    end: float
    shape: PhoneShape


def viseme_track(timeline: Timeline, waveform: Waveform, fps: float) -> VisemeTrack:
    """The articulators at ``fps`` frames a second, from the start of the sound to its end.

    The jaw follows the loudness of ``waveform`` within 0.7..1.25. Every p, b and m is closed in at least one frame at
    any ``fps``; inside pauses every channel is exactly 0. Where the timeline forces the mouth open or closed, it is.
    """
    frames = max(int(np.ceil(timeline.duration * fps - 1e-6)), 1)
    steps = max(int(np.ceil(STEP_HZ / fps)), 1)
    times = (np.arange(frames * steps) / (fps * steps)).astype(np.float64)
    gestures = gestures_of(timeline.phones)
    shut = rules.forced_closures(closures(timeline.phones, waveform), timeline.mouth)
    # The mouth at time t does what the sound will do a little later.
    ahead = times + LIP_LEAD
    values = blend(gestures, ahead)
    values[:, column("jaw")] *= jaw_scale(waveform, times.astype(np.float32))
    rules.rest_in_silence(values, ahead, timeline.phones)
    rules.cap_jaw(values, ahead, gestures)
    values = rules.smooth(values, fps * steps)
    rules.touch_labiodentals(values, ahead, timeline.phones)
    rules.close_bilabials(values, ahead, shut)
    rules.still_silence(values, ahead, timeline.phones)
    rules.force_mouth(values, times, timeline.mouth)
    sampled = np.ascontiguousarray(values[::steps])
    rules.close_on_a_frame(sampled, fps, shut, LIP_LEAD)
    forced = tuple((span.start, span.end) for span in timeline.mouth if span.state == "closed")
    rules.close_on_a_frame(sampled, fps, forced, 0.0)
    low = np.array([-1.0 if name == "width" else 0.0 for name in ARTICULATORS])
    sampled = np.clip(sampled, low, 1.0).astype(np.float32)
    return VisemeTrack(fps, sampled, tuple(sorted((*shut, *forced))))


def mouth_opening(track: VisemeTrack) -> FloatArray:
    """How far the mouth opens at each instant of a track, 0..1: the jaw, as far as the lips let it be seen."""
    close, jaw = track.values[:, column("close")], track.values[:, column("jaw")]
    opening: FloatArray = (jaw * (1.0 - close)).astype(np.float32)
    return opening


def gestures_of(phones: Sequence[Phone]) -> list[Gesture]:
    """What the mouth is to do: equal neighbours merged, diphthongs parted, stress and tempo applied."""
    stressed = any(phone.stress for phone in phones)
    rates = local_rate(phones)
    gestures: list[Gesture] = []
    for phone, rate in zip(phones, rates, strict=True):
        if phone.phone in TRANSPARENT:
            continue
        shape = _adapted(SHAPES[phone.phone], phone, float(rate), stressed)
        parts = [Gesture(phone.phone, phone.start, phone.end, shape)]
        if phone.phone in GLIDES:
            turn = phone.start + GLIDE_FROM * (phone.end - phone.start)
            glide = SHAPES[GLIDES[phone.phone]]
            parts = [
                Gesture(phone.phone, phone.start, turn, shape),
                Gesture(GLIDES[phone.phone], turn, phone.end, replace(glide, lead=shape.lead, lag=shape.lag)),
            ]
        for part in parts:
            if gestures and gestures[-1].phone == part.phone and part.start - gestures[-1].end < 1e-3:
                gestures[-1] = replace(gestures[-1], end=part.end)
            else:
                gestures.append(part)
    return gestures


def local_rate(phones: Sequence[Phone]) -> FloatArray:
    """Phones a second around each phone: over it and up to three neighbours on either side, pauses left out."""
    rates = np.zeros(len(phones), np.float32)
    for index in range(len(phones)):
        near = [phone for phone in phones[max(index - 3, 0) : index + 4] if phone.phone != "SIL"]
        length = sum(phone.end - phone.start for phone in near)
        rates[index] = len(near) / length if length > 0 else 0.0
    return rates


def blend(gestures: Sequence[Gesture], times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FloatArray:
    """Dominance-weighted mean of the gestures' targets: ``(len(times), len(ARTICULATORS))``."""
    lip = _Blend(len(times), 4)  # close, round, width, labiodental
    jaw = _Blend(len(times), 1)
    tongue = _Blend(len(times), 2)
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    for gesture in gestures:
        shape = gesture.shape
        # Beyond three tenth-lives a gesture is a thousandth of itself.
        low = int(max(np.floor((gesture.start - 3 * shape.lead - times[0]) / step), 0))
        high = int(min(np.ceil((gesture.end + 3 * shape.lag - times[0]) / step) + 1, len(times)))
        if high <= low:
            continue
        part = slice(low, high)
        before = np.maximum(gesture.start - times[part], 0.0)
        after = np.maximum(times[part] - gesture.end, 0.0)
        fall = np.exp(-np.log(10.0) * (before / max(shape.lead, 1e-3) + after / max(shape.lag, 1e-3)))
        lips = (shape.close, shape.round, shape.width, shape.labiodental)
        lip.add(part, shape.lip_dominance * fall, lips)
        fleeting = gesture.end - gesture.start < FLEETING and shape.jaw < 0.3 and gesture.phone not in BILABIALS
        jaw.add(part, shape.jaw_dominance * fall * (0.25 if fleeting else 1.0), (shape.jaw,))
        near = np.exp(-np.log(10.0) * (before + after) / _TONGUE_LEAD)
        tongue.add(part, near, (shape.tongue_up, shape.tongue_forward))
    values = np.zeros((len(times), len(ARTICULATORS)), np.float32)
    for place, name in enumerate(("close", "round", "width", "labiodental")):
        values[:, column(name)] = lip.mean()[:, place]
    values[:, column("jaw")] = jaw.mean()[:, 0]
    values[:, column("tongue_up")] = tongue.mean()[:, 0]
    values[:, column("tongue_forward")] = tongue.mean()[:, 1]
    return values


class _Blend:
    """Running sums of dominance and of dominance times target."""

    def __init__(self, count: int, channels: int) -> None:
        self._weight = np.full(count, 1e-4)  # far from every phone the mouth is at rest
        self._total = np.zeros((count, channels))

    def add(
        self, part: slice, dominance: np.ndarray[tuple[int], np.dtype[np.float64]], target: Sequence[float]
    ) -> None:
        self._weight[part] += dominance
        self._total[part] += dominance[:, None] * np.asarray(target)[None, :]

    def mean(self) -> FloatArray:
        result: FloatArray = (self._total / self._weight[:, None]).astype(np.float32)
        return result


def _adapted(shape: PhoneShape, phone: Phone, rate: float, stressed: bool) -> PhoneShape:
    """The shape under this stress and tempo."""
    vowel = shape.jaw_cap is None and phone.phone not in ("SIL", "K", "G", "NG", "L")
    jaw, lead, lag, lips = shape.jaw, shape.lead, shape.lag, shape.lip_dominance
    if vowel and stressed and phone.stress != 1:
        factor = SECONDARY if phone.stress == 2 else UNSTRESSED
        jaw, lips = jaw * factor, lips * factor
    if rate > FAST_RATE and phone.phone not in BILABIALS:
        hurried = FAST_REFERENCE / rate
        lead, lag = lead * hurried, lag * hurried
        jaw = jaw * hurried if vowel else jaw
    return replace(shape, jaw=jaw, lead=lead, lag=lag, lip_dominance=lips)
