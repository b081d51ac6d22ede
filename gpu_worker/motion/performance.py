"""The whole performance of a talking face from its parts, deterministic from a seed.

Every part draws from its own stream of random numbers, so that changing one (fewer blinks, a calmer head) leaves the
others as they were. First and last frames are the photo itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gpu_worker.motion.attention import Turn, attentive
from gpu_worker.motion.blinks import blink_curve, blink_times
from gpu_worker.motion.breathing import breath
from gpu_worker.motion.brows import brow_curves
from gpu_worker.motion.curves import Curve, frame_times, ramp, soft_limit
from gpu_worker.motion.gaze import gaze, lid_follow
from gpu_worker.motion.head import LIMITS, allowed_yaw, head_pose
from gpu_worker.motion.lips import lip_controls
from gpu_worker.motion.prosody import analyse, emphases
from gpu_worker.motion.style import Style
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, MotionTrack, Timeline, VisemeTrack, Waveform

#: Seconds at either end that show the photo untouched, and that the head and the mouth take to leave it.
STILL, HEAD_RAMP, MOUTH_RAMP = 0.02, 0.6, 0.16
#: Share of the head's turn that the eyes make up for, so that they stay on the viewer, in iris radii per degree.
_COUNTER_GAZE = 0.012
_MOUTH = (
    "jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "tongue_up",
    "tongue_forward",
)  # fmt: skip
_LIDS = ("blink_left", "blink_right")
_POSE = ("yaw", "pitch", "roll", "shift_x", "shift_y", "scale")
#: New ones go to the end: each keeps the numbers it has.
_STREAMS = ("blinks", "head", "gaze", "brows", "breath", "attention")


def perform(
    track: VisemeTrack,
    timeline: Timeline,
    waveform: Waveform,
    face: FaceRig,
    seed: int,
    style: Style | None = None,
    turns: Sequence[Turn] = (),
) -> MotionTrack:
    """Motion for every frame of ``track``; the same arguments give the same values, bit for bit.

    ``turns`` are those of others, whom this face attends to.

    ``timeline`` and ``waveform`` share the track's clock. No control leaves its range in ``schema.CONTROLS``; the
    head stays within ``head.LIMITS``.
    """
    style = style or Style()
    frames, fps = len(track.values), track.fps
    times = frame_times(frames, fps)
    streams = streams_of(seed)
    stressed = emphases(analyse(waveform), timeline)
    controls: dict[str, Curve] = dict(lip_controls(track, timeline, face, style.mouth))
    controls |= head_pose(times, fps, timeline, stressed, style.head, streams["head"])
    controls |= breath(times, fps, timeline, style.breathing, streams["breath"])
    controls["brow_left"], controls["brow_right"] = brow_curves(
        times, fps, stressed, style.expression, streams["brows"]
    )
    controls["gaze_x"], controls["gaze_y"] = gaze(times, style.gaze, streams["gaze"])
    lids = blink_curve(times, blink_times(timeline, frames / fps, style.blink_rate, streams["blinks"]))
    controls["blink_left"] = controls["blink_right"] = lids
    if turns:
        controls = attentive(controls, times, turns, style, streams["attention"])
    return compose(controls, face, fps, frames, seed)


def compose(
    controls: dict[str, Curve], face: FaceRig, fps: float, frames: int, seed: int, ramped: bool = True
) -> MotionTrack:
    """Join curves into a track: the ramps at both ends, the lids that follow the eyes, the limits of the rig.

    ``ramped`` False: the curves run on from the end into the beginning, and are left to do so.
    """
    times = frame_times(frames, fps)
    controls = dict(controls)
    whole = np.ones(frames)
    at_head, at_mouth = (ramp(times, STILL, HEAD_RAMP), ramp(times, STILL, MOUTH_RAMP)) if ramped else (whole, whole)
    for name, curve in controls.items():
        if name not in _LIDS:  # blinks keep clear of both ends by themselves, and half a blink is none
            controls[name] = curve * (at_mouth if name in _MOUTH else at_head)
    zero = np.zeros(frames)
    yaw = allowed_yaw(soft_limit(controls.get("yaw", zero), LIMITS["yaw"]), face)
    controls["yaw"] = yaw
    controls["gaze_x"] = controls.get("gaze_x", zero) - _COUNTER_GAZE * yaw
    follow = lid_follow(controls.get("gaze_y", zero))
    for side in _LIDS:
        controls[side] = np.maximum(controls.get(side, zero), follow)
    values = np.zeros((frames, len(CONTROLS)), np.float32)
    for name, curve in controls.items():
        values[:, CONTROL[name]] = _within_range(name, curve)
    return MotionTrack(fps=fps, values=values, seed=seed)


def _within_range(name: str, curve: Curve) -> Curve:
    if name in LIMITS:
        return np.clip(curve, -LIMITS[name], LIMITS[name])
    if name in ("gaze_x", "gaze_y", "brow_left", "brow_right", "jaw_side"):
        return np.clip(curve, -1.0, 1.0)
    if name in _POSE:
        return np.clip(curve, -0.1, 0.1)
    return np.clip(curve, 0.0, 1.0)


def streams_of(seed: int) -> dict[str, np.random.Generator]:
    """A generator of random numbers for each part of a performance."""
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    return {name: np.random.default_rng(child) for name, child in zip(_STREAMS, children, strict=True)}
