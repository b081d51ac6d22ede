"""Gestures without words: smile, nod, look around, laugh, ... as curves that begin and end at the photo.

Gestures follow one another with a short overlap over a calm idle movement; what they make begins and ends with the
untouched photo, so it loops without a seam. They can also be laid over speech, where they leave the mouth to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.motion.blinks import blink_curve
from gpu_worker.motion.curves import Curve, band_noise, bump, frame_times, smoothstep
from gpu_worker.motion.gaze import gaze
from gpu_worker.motion.performance import compose
from gpu_worker.motion.style import Style
from gpu_worker.schema import CONTROL, FaceRig, MotionTrack

#: Still photo before the first and after the last gesture, and overlap of neighbours, seconds.
_STILL, _OVERLAP = 0.35, 0.25
#: Controls that speech owns: a gesture laid over speech does not touch them.
_SPEECH_CONTROLS = frozenset(
    {"jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "tongue_up"}
)

Curves = dict[str, Curve]


@dataclass(frozen=True)
class Gesture:
    """``curves`` gives the controls at times (seconds from the gesture's start); all are 0 outside 0..length."""

    length: float
    curves: Callable[[Curve], Curves]


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
    "smile": Gesture(2.6, _smile),
    "nod": Gesture(1.4, _nod),
    "blink": Gesture(1.05, _blink),
    "look_around": Gesture(3.3, _look_around),
    "laugh": Gesture(2.8, _laugh),
    "kiss": Gesture(1.25, _kiss),
    "wink": Gesture(1.1, _wink),
    "raised_brows": Gesture(1.5, _raised_brows),
    "dance": Gesture(4.8, _dance),
}


def check_gestures(names: Sequence[str]) -> tuple[str, ...]:
    """The names, cleaned. Raises InputError ``unknown_gesture``."""
    clean = tuple(name.strip().lower().replace("-", "_") for name in names if name.strip())
    unknown = [name for name in clean if name not in GESTURES]
    if unknown or not clean:
        wrong = f"There is no gesture named {unknown[0]!r}." if unknown else "No gesture was named."
        raise InputError("unknown_gesture", wrong, "Choose from: " + ", ".join(GESTURES) + ".")
    return clean


def gesture_curves(names: Sequence[str], times: Curve, start: float) -> Curves:
    """Controls of the gestures, one after the other from ``start`` seconds on."""
    total: Curves = {}
    at = start
    for name in check_gestures(names):
        gesture = GESTURES[name]
        inside = (times >= at) & (times <= at + gesture.length)
        for control, curve in gesture.curves(times - at).items():
            total[control] = total.get(control, np.zeros(len(times))) + np.where(inside, curve, 0.0)
        at += gesture.length - _OVERLAP
    return total


def perform_gestures(
    names: Sequence[str], face: FaceRig, fps: float, seed: int, style: Style | None = None
) -> MotionTrack:
    """A silent performance of the gestures in turn. Raises InputError ``unknown_gesture``."""
    style = style or Style()
    clean = check_gestures(names)
    length = 2.0 * _STILL + sum(GESTURES[name].length - _OVERLAP for name in clean) + _OVERLAP
    frames = int(np.ceil(length * fps)) + 1
    times = frame_times(frames, fps)
    head_rng, eye_rng = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    curves = gesture_curves(clean, times, _STILL)
    for name, deviation in (("yaw", 0.8), ("pitch", 0.6), ("roll", 0.5)):
        sway = style.head * deviation * band_noise(frames, fps, 0.2, 0.9, head_rng)
        curves[name] = curves.get(name, np.zeros(frames)) + sway
    gaze_x, gaze_y = gaze(times, 0.5 * style.gaze, eye_rng)
    curves["gaze_x"] = curves.get("gaze_x", np.zeros(frames)) + gaze_x
    curves["gaze_y"] = curves.get("gaze_y", np.zeros(frames)) + gaze_y
    return compose(curves, face, fps, frames, seed)


def with_gestures(motion: MotionTrack, names: Sequence[str], start: float = 0.6) -> MotionTrack:
    """``motion`` (speech) with gestures laid over it from ``start`` on; the mouth stays with the speech."""
    frames = len(motion.values)
    times = frame_times(frames, motion.fps)
    values = motion.values.astype(np.float64)
    # Everything is back at the photo at the end, whatever gesture the speech is too short for.
    fade = smoothstep((times[-1] - 0.04 - times) / 0.6) if frames else times
    for name, curve in gesture_curves(names, times, start).items():
        if name in _SPEECH_CONTROLS:
            continue
        column = CONTROL[name]
        joined = values[:, column] + curve * fade
        if name.startswith(("blink", "squint", "smile")):
            joined = np.clip(np.maximum(values[:, column], curve * fade), 0.0, 1.0)
        values[:, column] = joined
    return MotionTrack(motion.fps, values.astype(np.float32), motion.seed)
