"""From articulators to the rig: what the lips, the jaw and the tongue do.

The articulators of a :class:`VisemeTrack` say what speech needs (how far the jaw, how closed, how round); the rig's
controls say how this face does it. A photo with parted lips needs ``close`` even between sounds, or the person would
speak through a frozen smile; a closed one needs none.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, frame_times, smoothed, smoothstep
from gpu_worker.motion.pauses import silence_weight
from gpu_worker.schema import ARTICULATORS, FaceRig, Timeline, VisemeTrack

#: Inner-lip gap of a resting, closed mouth in a photo, face heights; a wider one counts as parted lips.
CLOSED_GAP = 0.015
#: Gap that stays between the lips of a parted photo in neutral speech, face heights.
SPEECH_GAP = 0.010
#: Articulatory closure from which the lips are pressed together.
_PRESS_FROM = 0.80
#: Standard deviation of the final smoothing, seconds: under one frame at 25 fps, it takes the snap out of the jaw.
_SMOOTHING = 0.036
#: By how much more a wide vowel opens the jaw than its articulator says.
VOWEL_GAIN = 0.65

LipControls = dict[str, Curve]


def lip_controls(track: VisemeTrack, timeline: Timeline, face: FaceRig, gain: float = 1.0) -> LipControls:
    """Rig controls of the mouth, one ``(frames,)`` curve each, in the ranges of ``schema.CONTROLS``.

    ``gain`` scales openings, never closures. Where the track closes the lips, ``close`` reaches 1 with the jaw at
    rest, whatever the smoothing; in pauses the mouth is closed and still.
    """
    part = {name: track.values[:, column].astype(np.float64) for column, name in enumerate(ARTICULATORS)}
    times = frame_times(len(track.values), track.fps)
    rest = silence_weight(timeline, times)
    # Gradual from the first approach on: lips that shut in one frame look snapped.
    closed = smoothstep((part["close"] - 0.15) / 0.75)
    controls = _open_shapes(part, gain)
    for name in controls:
        controls[name] = controls[name] * (1.0 - rest)
        if name != "lip_in":  # f and v touch or they are none
            controls[name] = smoothed(controls[name], track.fps, _SMOOTHING)
    _apply_closure(controls, part, closed)
    controls["close"] = np.maximum(_standing_closure(controls["jaw"], rest, face), controls["close"])
    return {name: np.clip(curve, 0.0, 1.0) for name, curve in controls.items()}


def _open_shapes(part: dict[str, Curve], gain: float) -> LipControls:
    """Everything but closing: jaw, rounding, spreading, and the lips' own lift that bares the teeth."""
    jaw = _vowel_gain(part["jaw"]) * gain
    jaw = np.where(jaw > 0.8, 0.8 + 0.2 * np.tanh((jaw - 0.8) / 0.2), jaw)
    spread, narrow = np.maximum(part["width"], 0.0), np.maximum(-part["width"], 0.0)
    rounded = np.maximum(part["round"], 0.8 * narrow)
    labiodental = part["labiodental"]
    free = (1.0 - 0.65 * rounded) * (1.0 - labiodental)
    lift = (0.30 * smoothstep(jaw / 0.35) + 0.40 * spread) * free
    return {
        "jaw": jaw,
        "pucker": rounded,
        "stretch": spread * gain,
        "upper_raise": lift * gain + 0.45 * labiodental,
        "lower_depress": 1.1 * lift * gain,
        "lip_in": 0.9 * labiodental,
        "tongue_up": part["tongue_up"],
        "tongue_forward": part["tongue_forward"],
    }


def _vowel_gain(jaw: Curve) -> Curve:
    """Open vowels wider than the articulators ask, leave the narrow consonants alone.

    With it the 90th percentile of the opening lies where real talkers have it (0.11-0.18 of the inter-ocular distance).
    """
    return jaw * (1.0 + VOWEL_GAIN * smoothstep((jaw - 0.10) / 0.30))


def _apply_closure(controls: LipControls, part: dict[str, Curve], closed: Curve) -> None:
    """Let a closure take the opening controls to rest, and press the lips together at its height."""
    for name, share in (("jaw", 1.0), ("upper_raise", 1.0), ("lower_depress", 1.0), ("stretch", 0.6)):
        controls[name] = controls[name] * (1.0 - share * closed)
    controls["press"] = smoothstep((closed - _PRESS_FROM) / (1.0 - _PRESS_FROM)) * (closed > 0)
    # The lower lip meets the upper teeth, so the gap between the lips all but vanishes in f and v.
    controls["close"] = np.maximum(closed, 0.8 * part["labiodental"])


def _standing_closure(jaw: Curve, rest: Curve, face: FaceRig) -> Curve:
    """How far parted lips are drawn together between sounds: fully in pauses, less the wider the jaw opens."""
    if face.mouth_gap <= CLOSED_GAP:
        return np.zeros(len(jaw))
    share = float(np.clip(1.0 - SPEECH_GAP / face.mouth_gap, 0.0, 0.95))
    spoken = share * (1.0 - 0.15 * smoothstep(jaw / 0.9))
    result: Curve = spoken * (1.0 - rest) + rest
    return result
