"""The rules a mouth may not break, applied after the blend. Each changes ``values`` in place unless it says otherwise.

``values`` is ``(steps, len(ARTICULATORS))``; ``times`` are the instants of the sound that the steps show, seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import ARTICULATORS, FloatArray, MouthSpan, Phone
from gpu_worker.visemes.parameters import LABIODENTALS, SHAPES, PhoneShape

Times = NDArray[np.float64]

#: A pause at least this long is a mouth at rest; a shorter one is passed over in part.
REST_SECONDS, PASSED_SECONDS = 0.35, 0.08
#: How long the mouth takes to come to rest after the last phone, and before the first leaves it, seconds.
SETTLE, RISE = 0.15, 0.14
#: How fast the cap on the jaw loosens away from its phone, openings a second.
CAP_SLOPE = 7.0
#: Time the lips take to meet before a closure and to part after it, seconds.
APPROACH, RELEASE = 0.085, 0.065
#: The lips are driven beyond closed by this much and stopped by each other: they meet while still moving fast.
OVERDRIVE = 1.25
#: Jaw while the lips are shut.
CLOSED_JAW = 0.2
#: Least opening of the jaw where the mouth is forced open.
FORCED_JAW = 0.55
#: What is left of a closure beside a mouth forced open must last this long to be one, seconds.
SHORTEST_CLOSURE = 0.02
#: Standard deviation of the smoothing, seconds, for jaw, lips and tongue.
SMOOTHING = {"jaw": 0.022, "tongue_up": 0.012, "tongue_forward": 0.012}
SMOOTHING_LIPS = 0.018


class Timed(Protocol):
    """A gesture: a time and a shape."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def shape(self) -> PhoneShape: ...


def column(name: str) -> int:
    """The column of an articulator."""
    return ARTICULATORS.index(name)


def rest_in_silence(values: FloatArray, times: Times, phones: Sequence[Phone]) -> None:
    """Fade every channel to 0 in pauses, wholly in long ones and the less the shorter they are."""
    for phone in phones:
        if phone.phone != "SIL":
            continue
        length = phone.end - phone.start
        depth = float(np.clip((length - PASSED_SECONDS) / (REST_SECONDS - PASSED_SECONDS), 0.0, 1.0))
        part = _between(times, phone.start, phone.end)
        if depth == 0.0 or part.start == part.stop:
            continue
        settle, rise = _ramps(length)
        down = _smoothstep((times[part] - phone.start) / settle) if phone.start > 1e-3 else np.ones(_length(part))
        up = _smoothstep((phone.end - times[part]) / rise)
        values[part] *= (1.0 - depth * np.minimum(down, up))[:, None].astype(np.float32)


def still_silence(values: FloatArray, times: Times, phones: Sequence[Phone]) -> None:
    """Exactly 0 in the middle of long pauses, where smoothing has left a trace."""
    for phone in phones:
        if phone.phone == "SIL" and phone.end - phone.start >= REST_SECONDS:
            settle, rise = _ramps(phone.end - phone.start)
            start = phone.start + settle + 0.03 if phone.start > 1e-3 else -np.inf
            part = _between(times, start, phone.end - rise - 0.03)
            trace = np.abs(values[part]) < 0.02
            values[part][trace] = 0.0


def cap_jaw(values: FloatArray, times: Times, gestures: Sequence[Timed]) -> None:
    """Keep the jaw below each phone's cap while it sounds; the cap loosens with the distance from it."""
    jaw = column("jaw")
    for gesture in gestures:
        cap = gesture.shape.jaw_cap
        if cap is None or gesture.end - gesture.start < 0.02:
            continue
        reach = (1.0 - cap) / CAP_SLOPE
        part = _between(times, gesture.start - reach, gesture.end + reach)
        away = np.maximum(np.maximum(gesture.start - times[part], times[part] - gesture.end), 0.0)
        values[part, jaw] = np.minimum(values[part, jaw], cap + CAP_SLOPE * away)


def touch_labiodentals(values: FloatArray, times: Times, phones: Sequence[Phone]) -> None:
    """The lower lip reaches the upper teeth in every f and v."""
    for phone in phones:
        if phone.phone not in LABIODENTALS:
            continue
        drive = _trapezoid(times, phone.start, phone.end, APPROACH, RELEASE)
        part = _between(times, phone.start - APPROACH, phone.end + RELEASE)
        target = SHAPES[phone.phone].labiodental * np.minimum(1.15 * drive[part], 1.0)
        channel = column("labiodental")
        values[part, channel] = np.maximum(values[part, channel], target)


def close_bilabials(values: FloatArray, times: Times, shut: Sequence[tuple[float, float]]) -> None:
    """The lips meet in every p, b and m, with the jaw near shut; they meet fast and part softly."""
    close, jaw = column("close"), column("jaw")
    for start, end in shut:
        part = _between(times, start - APPROACH, end + RELEASE)
        drive = _trapezoid(times[part], start, end, APPROACH, RELEASE)
        driven = np.minimum(OVERDRIVE * drive, 1.0)
        values[part, close] = np.maximum(values[part, close], driven)
        limit = CLOSED_JAW + (1.0 - CLOSED_JAW) * (1.0 - driven)
        values[part, jaw] = np.minimum(values[part, jaw], limit)


def close_on_a_frame(values: FloatArray, fps: float, shut: Sequence[tuple[float, float]], lead: float) -> None:
    """Shut the lips on at least one frame of each closure: short ones fall between two frames.

    Here ``values`` are frames, row i at i / fps, and the mouth runs ``lead`` seconds ahead of the sound.
    """
    close, jaw = column("close"), column("jaw")
    for start, end in shut:
        first = int(np.ceil((start - lead) * fps - 1e-9))
        last = int(np.floor((end - lead) * fps + 1e-9))
        inside = range(max(first, 0), min(last, len(values) - 1) + 1)
        if any(values[frame, close] >= 1.0 for frame in inside):
            continue
        middle = ((start + end) / 2 - lead) * fps
        frame = int(np.clip(round(middle), 0, len(values) - 1))
        values[frame, close] = 1.0
        values[frame, jaw] = min(float(values[frame, jaw]), CLOSED_JAW)


def force_mouth(values: FloatArray, times: Times, spans: Sequence[MouthSpan]) -> None:
    """Open or shut the mouth where somebody wants it so, against every other rule; it eases in before and out after.

    ``times`` are those of the video: what was drawn at an instant is seen at that instant.
    """
    close, jaw, lip = column("close"), column("jaw"), column("labiodental")
    for span in spans:
        ease = max(span.ease, 1e-3)
        part = _between(times, span.start - ease, span.end + ease)
        if part.start == part.stop:
            continue
        weight = _trapezoid(times[part], span.start, span.end, ease, ease).astype(np.float32)
        shut = span.state == "closed"
        values[part, close] += weight * ((1.0 if shut else 0.0) - values[part, close])
        wanted = np.minimum(values[part, jaw], CLOSED_JAW) if shut else np.maximum(values[part, jaw], FORCED_JAW)
        values[part, jaw] += weight * (wanted - values[part, jaw])
        values[part, lip] *= 1.0 - weight


def forced_closures(shut: Sequence[tuple[float, float]], spans: Sequence[MouthSpan]) -> tuple[tuple[float, float], ...]:
    """The closures that are left where the mouth is forced open, in order."""
    left = list(shut)
    for span in spans:
        if span.state == "open":
            cut: list[tuple[float, float]] = []
            for start, end in left:
                if end <= span.start or start >= span.end:
                    cut.append((start, end))
                    continue
                pieces = ((start, min(end, span.start)), (max(start, span.end), end))
                cut += [piece for piece in pieces if piece[1] - piece[0] >= SHORTEST_CLOSURE]
            left = cut
    return tuple(left)


def smooth(values: FloatArray, rate: float) -> FloatArray:
    """A copy without corners: a Gaussian per channel, so that acceleration stays what muscles can do."""
    smoothed = np.empty_like(values)
    for index, name in enumerate(ARTICULATORS):
        deviation = SMOOTHING.get(name, SMOOTHING_LIPS) * rate
        radius = int(np.ceil(3 * deviation))
        kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(deviation, 1e-6)) ** 2)
        padded = np.pad(values[:, index], radius, mode="edge")
        smoothed[:, index] = np.convolve(padded, kernel / kernel.sum(), "valid")
    return smoothed


def _ramps(length: float) -> tuple[float, float]:
    """Times to settle and to rise that fit into a pause of ``length``."""
    fit = min(1.0, 0.9 * length / (SETTLE + RISE))
    return SETTLE * fit, RISE * fit


def _between(times: Times, start: float, end: float) -> slice:
    return slice(int(np.searchsorted(times, start)), int(np.searchsorted(times, end, "right")))


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _smoothstep(x: Times) -> Times:
    x = np.clip(x, 0.0, 1.0)
    result: Times = x * x * (3.0 - 2.0 * x)
    return result


def _trapezoid(times: Times, start: float, end: float, rise: float, fall: float) -> Times:
    """1 from ``start`` to ``end``, with smooth flanks."""
    return np.minimum(_smoothstep((times - start + rise) / rise), _smoothstep((end + fall - times) / fall))
