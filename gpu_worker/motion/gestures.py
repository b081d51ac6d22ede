"""Gestures without words: smile, nod, look around, laugh, ... as curves that begin and end at the photo.

Gestures follow one another with a short overlap, or with calm between them where there is more time, over an idle
movement: sway, breath, glances, blinks. Every idle movement is periodic in the video's length and passes through the
photo at its first frame, so the end runs on into the beginning: a loop without a seam, and, if wanted, without a stop.
Gestures can also be laid over speech, where they leave the mouth to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gpu_worker.motion.blinks import blink_curve, blink_times
from gpu_worker.motion.curves import Curve, bump, frame_times, looped_noise, minimum_jerk, smoothstep
from gpu_worker.motion.gaze import gaze
from gpu_worker.motion.gesture_names import (
    GESTURE_SECONDS,
    OVERLAP,
    STILL,
    check_gestures,
    gestures_length,
    silent_length,
)
from gpu_worker.motion.head import LIMITS, allowed_yaw
from gpu_worker.motion.performance import compose, streams_of
from gpu_worker.motion.style import Style
from gpu_worker.schema import CONTROL, FaceRig, MotionTrack, Timeline

__all__ = ["GESTURES", "check_gestures", "gesture_curves", "perform_gestures", "with_gestures"]

#: Calm after a gesture that is made again and again, and shortest calm worth another round, seconds.
_CALM = 2.0
#: Standard deviations of the idle sway, degrees, and of the brows' idle play.
_SWAY, _BROW_PLAY = {"yaw": 0.8, "pitch": 0.6, "roll": 0.5}, 0.03
#: Period of a breath, seconds, and its depth in face heights and in size.
_BREATH, _RISE, _SWELL = 3.8, 0.002, 0.001
#: No idle blink comes this close to a gesture that moves the lids itself, seconds.
_LIDS_APART = 0.3
#: Largest opening of the jaw that a gesture may ask for, however lively.
_WIDEST = 0.52
#: Highest rise of the upper lip in a gesture, and the gap of the photo's lips (face heights) from which there is none.
_HIGHEST, _PARTED = 0.5, 0.03
#: Controls that speech owns: a gesture laid over speech does not touch them.
_SPEECH_CONTROLS = frozenset(
    {"jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "tongue_up"}
)
_HEAD_CONTROLS = frozenset({"yaw", "pitch", "roll", "shift_x", "shift_y", "scale"})

Curves = dict[str, Curve]
#: A gesture: its controls at times (seconds from its start); all are 0 outside its length.
Gesture = Callable[[Curve], Curves]


def _smile(times: Curve) -> Curves:
    grow = bump(times, 0.0, 0.55, 1.15, 0.9)
    return {
        "smile_left": 0.85 * grow, "smile_right": 0.80 * grow, "squint_left": 0.40 * grow, "squint_right": 0.40 * grow,
        "brow_left": 0.10 * grow, "brow_right": 0.10 * grow, "pitch": -1.0 * grow,
    }  # fmt: skip


def _nod(times: Curve) -> Curves:
    pitch = 5.0 * bump(times, 0.0, 0.26, 0.0, 0.34) + 3.6 * bump(times, 0.62, 0.26, 0.0, 0.46)
    lids = 0.18 * bump(times, 0.05, 0.2, 0.9, 0.3)
    return {"pitch": pitch, "blink_left": lids, "blink_right": lids}


def _blink(times: Curve) -> Curves:
    lids = blink_curve(times, (0.24, 0.72)) if len(times) > 1 else np.zeros(len(times))
    return {"blink_left": lids, "blink_right": lids}


def _look_around(times: Curve) -> Curves:
    left, right = bump(times, 0.10, 0.40, 0.70, 0.55), bump(times, 1.45, 0.55, 0.75, 0.50)
    eyes_left, eyes_right = bump(times, 0.0, 0.10, 1.30, 0.12), bump(times, 1.52, 0.12, 1.30, 0.12)
    lids = blink_curve(times, (1.48,))
    return {
        "yaw": 5.5 * (right - left), "gaze_x": 0.24 * (eyes_right - eyes_left), "pitch": 0.8 * (left - right),
        "blink_left": lids, "blink_right": lids,
    }  # fmt: skip


def _laugh(times: Curve) -> Curves:
    mood = bump(times, 0.0, 0.40, 1.50, 0.90)
    inside = bump(times, 0.25, 0.25, 1.30, 0.45)
    beat = 0.5 - 0.5 * np.cos(2.0 * np.pi * 4.6 * (times - 0.25))
    jaw = inside * (0.22 + 0.22 * beat)
    return {
        "smile_left": 0.9 * mood, "smile_right": 0.9 * mood, "jaw": jaw, "upper_raise": 0.45 * inside,
        "lower_depress": 0.25 * inside, "squint_left": 0.65 * mood, "squint_right": 0.65 * mood,
        "blink_left": 0.18 * inside, "blink_right": 0.18 * inside, "pitch": -3.0 * mood + 0.8 * inside * beat,
        "roll": 1.5 * mood, "shift_y": 0.006 * inside * beat, "brow_left": 0.2 * mood, "brow_right": 0.2 * mood,
    }  # fmt: skip


def _kiss(times: Curve) -> Curves:
    lips, eyes = bump(times, 0.0, 0.35, 0.45, 0.45), bump(times, 0.1, 0.25, 0.45, 0.4)
    return {
        "pucker": lips, "close": 0.95 * lips, "pitch": -2.0 * lips, "scale": 0.012 * lips,
        "blink_left": 0.85 * eyes, "blink_right": 0.85 * eyes, "brow_left": 0.2 * lips, "brow_right": 0.2 * lips,
    }  # fmt: skip


def _wink(times: Curve) -> Curves:
    lid, face = bump(times, 0.12, 0.11, 0.22, 0.24), bump(times, 0.0, 0.25, 0.35, 0.5)
    return {
        "blink_left": lid, "squint_left": 0.6 * face, "smile_left": 0.45 * face, "smile_right": 0.15 * face,
        "brow_left": -0.15 * face, "brow_right": 0.12 * face, "roll": 2.2 * face,
    }  # fmt: skip


def _raised_brows(times: Curve) -> Curves:
    up = bump(times, 0.0, 0.22, 0.75, 0.5)
    return {"brow_left": 0.95 * up, "brow_right": 0.95 * up, "pitch": -1.4 * up, "gaze_y": -0.03 * up}


def _dance(times: Curve) -> Curves:
    length, beat = 4.8, 0.6
    inside = bump(times, 0.0, 0.6, length - 1.4, 0.8)
    sway, bob = np.sin(np.pi * times / beat), 0.5 - 0.5 * np.cos(2.0 * np.pi * times / beat)
    return {
        "roll": 4.2 * inside * sway, "yaw": 2.5 * inside * np.sin(np.pi * times / beat - 0.5),
        "shift_x": 0.022 * inside * sway, "shift_y": 0.012 * inside * bob, "pitch": 2.0 * inside * bob,
        "smile_left": 0.55 * inside, "smile_right": 0.55 * inside, "squint_left": 0.2 * inside,
        "squint_right": 0.2 * inside, "brow_left": 0.25 * inside * bob, "brow_right": 0.25 * inside * bob,
    }  # fmt: skip


GESTURES: dict[str, Gesture] = {
    "smile": _smile,
    "nod": _nod,
    "blink": _blink,
    "look_around": _look_around,
    "laugh": _laugh,
    "kiss": _kiss,
    "wink": _wink,
    "raised_brows": _raised_brows,
    "dance": _dance,
}


def gesture_curves(names: Sequence[str], times: Curve, starts: Sequence[float], style: Style | None = None) -> Curves:
    """Controls of the gestures, each from its start (seconds) on, as strong as ``style`` says."""
    style = style or Style()
    total: Curves = {}
    for name, at in zip(names, starts, strict=True):
        inside = (times >= at) & (times <= at + GESTURE_SECONDS[name])
        for control, curve in GESTURES[name](times - at).items():
            part = np.where(inside, curve, 0.0) * _strength(control, style)
            here = total.get(control, np.zeros(len(times)))
            # Two that close the lids or smile at the same time are no more than the stronger of them.
            stronger = control.startswith(("blink", "squint", "smile"))
            total[control] = np.maximum(here, part) if stronger else here + part
    if "jaw" in total:
        total["jaw"] = np.minimum(total["jaw"], _WIDEST)
    for name in ("pitch", "roll"):
        if name in total:
            total[name] = _bent(total[name], LIMITS[name])
    return total


def perform_gestures(
    names: Sequence[str],
    face: FaceRig,
    fps: float,
    seed: int,
    style: Style | None = None,
    seconds: float | None = None,
    loop: bool = False,
) -> MotionTrack:
    """A silent performance of the gestures in turn, ``seconds`` long or as long as they take.

    In more time than they take they are made again, with calm between. ``loop``: the frame after the last one is the
    first, and nothing stops there; otherwise the face rests in the photo's own pose at both ends. The first frame is
    the photo either way. No gesture at all is an idle face, for ``seconds``. Raises InputError ``unknown_gesture``.
    """
    style = style or Style()
    clean = check_gestures(names) if names or seconds is None else ()
    length = silent_length([clean], seconds)
    frames = round(length * fps) if loop else int(np.ceil(length * fps)) + 1
    times, streams = frame_times(frames, fps), streams_of(seed)
    rounds, starts = _arranged(clean, length, streams["attention"])
    curves = _for_lips(gesture_curves(rounds, times, starts, style), face)
    idle = _idle(times, fps, style, streams)
    _blink_between(idle, times, fps, curves, style, streams["blinks"])
    for name, curve in idle.items():
        lids = name.startswith("blink")
        joined = curves.get(name, np.zeros(frames))
        curves[name] = np.maximum(joined, curve) if lids else joined + curve
    return compose(curves, face, fps, frames, seed, ramped=not loop)


def with_gestures(
    motion: MotionTrack, names: Sequence[str], face: FaceRig, style: Style | None = None, start: float = 0.6
) -> MotionTrack:
    """``motion`` (speech) with gestures laid over it, evenly from ``start`` to the end; the mouth stays with the
    speech. Of more gestures than there is time for, the last are left out. Raises InputError ``unknown_gesture``."""
    frames = len(motion.values)
    clean, times = check_gestures(names), frame_times(frames, motion.fps)
    last = times[-1] - 0.2 if frames else 0.0
    while len(clean) > 1 and gestures_length(clean) > last - start:
        clean = clean[:-1]
    calm = max(0.0, last - start - gestures_length(clean)) / len(clean)
    starts = [
        start + sum(GESTURE_SECONDS[name] - OVERLAP + calm for name in clean[:place]) for place in range(len(clean))
    ]
    values = motion.values.astype(np.float64)
    # Everything is back at the photo at the end, whatever gesture the speech is too short for.
    fade = smoothstep((times[-1] - 0.04 - times) / 0.6) if frames else times
    for name, curve in gesture_curves(clean, times, starts, style).items():
        if name not in _SPEECH_CONTROLS:
            added = allowed_yaw(curve, face) if name == "yaw" else curve
            values[:, CONTROL[name]] = _laid_over(name, values[:, CONTROL[name]], added * fade)
    return MotionTrack(motion.fps, values.astype(np.float32), motion.seed)


def _for_lips(curves: Curves, face: FaceRig) -> Curves:
    """Raise the upper lip less where the photo parts the lips: above teeth that it shows there is nothing to see."""
    if "upper_raise" in curves:
        shut = float(np.clip(1.0 - face.mouth_gap / _PARTED, 0.0, 1.0))
        curves["upper_raise"] = np.minimum(curves["upper_raise"], _HIGHEST) * shut
    return curves


def _strength(control: str, style: Style) -> float:
    """How much of a gesture's control is shown. Lids close whole or not at all: half a blink is none."""
    if control.startswith("blink"):
        return 1.0
    if control in _HEAD_CONTROLS:
        return style.head
    return style.gaze if control.startswith("gaze") else style.expression


def _arranged(names: tuple[str, ...], length: float, rng: np.random.Generator) -> tuple[tuple[str, ...], list[float]]:
    """Which gestures are made, in how many rounds, and when each begins, seconds."""
    if not names:
        return (), []
    room = length - 2.0 * STILL
    rounds = names * max(1, int((room + _CALM) / (gestures_length(names) + _CALM * len(names))))
    spare = max(0.0, room - gestures_length(rounds)) / len(rounds)
    at, starts = STILL, []
    for name in rounds:
        # Some time of its own before each: not like clockwork, and two faces do not move as one.
        starts.append(at + spare * float(rng.uniform(0.2, 0.8)))
        at += GESTURE_SECONDS[name] - OVERLAP + spare
    return rounds, starts


def _idle(times: Curve, fps: float, style: Style, streams: dict[str, np.random.Generator]) -> Curves:
    """What a living face does all the time, periodic and 0 at the first instant."""
    frames = len(times)
    period = frames / fps
    sway, brows = streams["head"], streams["brows"]
    idle = {name: style.head * size * looped_noise(frames, fps, 0.2, 0.9, sway) for name, size in _SWAY.items()}
    breath = np.sin(2.0 * np.pi * max(1, round(period / _BREATH)) * times / period)
    idle["shift_y"], idle["scale"] = -style.breathing * _RISE * breath, style.breathing * _SWELL * breath
    play = style.expression * _BROW_PLAY * looped_noise(frames, fps, 0.1, 0.6, brows)
    idle["brow_left"], idle["brow_right"] = play, 0.9 * play
    home = 1.0 - minimum_jerk((times - (period - 0.45)) / 0.06)
    eyes = gaze(times, 0.5 * style.gaze, streams["gaze"])
    idle["gaze_x"], idle["gaze_y"] = eyes[0] * home, eyes[1] * home
    return idle


def _blink_between(
    idle: Curves, times: Curve, fps: float, gestures: Curves, style: Style, rng: np.random.Generator
) -> None:
    """Blinks where no gesture moves the lids."""
    duration = len(times) / fps
    silent = Timeline("en", "events", duration, (), (), ())
    busy = np.zeros(len(times), bool)
    for name in ("blink_left", "blink_right"):
        busy |= np.abs(gestures.get(name, np.zeros(len(times)))) > 0.02
    moved = times[busy]
    moments = tuple(
        moment
        for moment in blink_times(silent, duration, style.blink_rate, rng)
        if moved.size == 0 or float(np.abs(moved - moment).min()) > _LIDS_APART
    )
    idle["blink_left"] = idle["blink_right"] = blink_curve(times, moments)


def _laid_over(name: str, speech: Curve, gesture: Curve) -> Curve:
    """A control of the speech with a gesture's added; where the gesture is 0 nothing changes."""
    if name.startswith(("blink", "squint", "smile")):
        return np.clip(np.maximum(speech, gesture), 0.0, 1.0)
    if name not in LIMITS:
        joined: Curve = np.where(gesture == 0.0, speech, np.clip(speech + gesture, -1.0, 1.0))
        return joined
    bent: Curve = speech + _bent(speech + gesture, LIMITS[name]) - _bent(speech, LIMITS[name])
    return bent


def _bent(values: Curve, limit: float) -> Curve:
    """Values up to three quarters of ``limit`` as they are, larger ones bent so that none passes it."""
    knee = 0.75 * limit
    over = np.maximum(np.abs(values) - knee, 0.0)
    result: Curve = np.sign(values) * (
        np.minimum(np.abs(values), knee) + (limit - knee) * np.tanh(over / (limit - knee))
    )
    return result
