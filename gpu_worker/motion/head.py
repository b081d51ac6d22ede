"""Head: slow sway, nods on stressed syllables, rest in pauses, and no turn that would show what the photo hides.

Base movement 0.2-1.8 Hz with standard deviations of 2 (yaw), 1.5 (pitch) and 1 degree (roll); emphasis nods of 2-4
degrees over 300-400 ms (Hadar et al. 1984; Munhall et al. 2004).
"""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, band_noise, bump, smoothed, soft_limit
from gpu_worker.motion.pauses import silence_weight
from gpu_worker.schema import FaceRig, Timeline

#: Standard deviations of the sway, degrees.
SWAY = {"yaw": 2.0, "pitch": 1.5, "roll": 1.0}
#: Largest turn either way, degrees; beyond it the rig shows stretched skin.
LIMITS = {"yaw": 8.0, "pitch": 6.0, "roll": 5.0}
#: Degrees of a full-strength nod.
NOD = 3.0
#: Share of the sway that is left in a pause.
_RESTING = 0.35


def head_pose(
    times: Curve,
    fps: float,
    timeline: Timeline,
    emphases: tuple[tuple[float, float], ...],
    strength: float,
    rng: np.random.Generator,
) -> dict[str, Curve]:
    """Yaw, pitch and roll over time, degrees, zero-mean around the photo's own pose."""
    frames = len(times)
    calm = smoothed(silence_weight(timeline, times), fps, 0.25)
    activity = 1.0 - (1.0 - _RESTING) * calm
    pose: dict[str, Curve] = {}
    for name, deviation in SWAY.items():
        slow = band_noise(frames, fps, 0.2, 0.9, rng)
        quick = band_noise(frames, fps, 0.9, 1.8, rng)
        pose[name] = strength * deviation * activity * (0.85 * slow + 0.30 * quick)
    for moment, force in emphases:
        side = float(rng.uniform(-1.0, 1.0))
        # A larger nod takes longer: necks have a top speed.
        slower = max(1.0, strength)
        rise, fall = slower * float(rng.uniform(0.15, 0.19)), slower * float(rng.uniform(0.20, 0.28))
        nod = bump(times, moment - rise, rise, 0.0, fall)
        pose["pitch"] = pose["pitch"] + strength * NOD * force * nod
        pose["yaw"] = pose["yaw"] + strength * 0.8 * force * side * nod
        pose["roll"] = pose["roll"] + strength * 0.6 * force * side * nod
    return {name: soft_limit(curve, LIMITS[name]) for name, curve in pose.items()}


def allowed_yaw(yaw: Curve, face: FaceRig) -> Curve:
    """Hold back turns that would show the side of the face which the photo hides.

    From 6 degrees of source yaw on, turns back towards the camera shrink; from 12 on there are none. A face already
    far in profile turns further away only a little.
    """
    source = face.yaw
    revealing = float(np.clip(1.0 - (abs(source) - 6.0) / 6.0, 0.0, 1.0))
    further = float(np.clip(1.0 - (abs(source) - 15.0) / 20.0, 0.25, 1.0))
    toward_camera = yaw * np.sign(source) < 0.0
    result: Curve = np.where(toward_camera, yaw * revealing, yaw * further)
    return result
