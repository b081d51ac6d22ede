"""The movement of a preview: what a video would do, for a face of which nothing but "it speaks" is known.

Where a timeline is known, by the rules of a video; where it is not, the mouth by the sound-to-motion model, which needs
no words, and eyes and head as they move with loudness alone. The page adds what depends on the face (parted lips).
"""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.performance import perform
from gpu_worker.packed import Part, pack
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, MotionTrack, Timeline, Waveform
from gpu_worker.sound_motion.layout import MOUTH, ROW_RATE
from gpu_worker.sound_motion.model import shipped_model
from gpu_worker.sound_motion.stream import controls_at, motion_of
from gpu_worker.visemes.coarticulation import viseme_track

#: Frames a second.
FPS = 25.0
#: What one of the numbers that travel stands for: degrees and shares reach from -32 to 32.
SCALE = 1 / 1024
#: A face that looks straight ahead with its lips closed.
_ANYBODY = FaceRig(0, (0.0, 0.0, 1.0, 1.0), 1.0, np.zeros((478, 3), np.float32), 1.0, 0.0, 0.0, 0.0, 0.0)
_SEED = 1


def ruled_motion(timeline: Timeline, sound: Waveform) -> MotionTrack:
    """As the rules of a video move a face."""
    return perform(viseme_track(timeline, sound, FPS), timeline, sound, _ANYBODY, _SEED)


def heard_motion(sound: Waveform) -> MotionTrack:
    """The mouth as the model hears it in 16 kHz ``sound``; eyes and head by the rules, as where no phone is known."""
    silent = Timeline("", "energy", sound.duration, (), (), ())
    played = ruled_motion(silent, sound)
    rows = np.arange(len(played.values)) * ROW_RATE / FPS
    heard = controls_at(motion_of(sound.samples, shipped_model("full")), rows)
    values = played.values.copy()
    columns = [CONTROL[name] for name in MOUTH]
    values[:, columns] = heard[:, columns]
    return MotionTrack(FPS, values, played.seed)


def packed_motion(motion: MotionTrack, longest_s: float, sound: bytes | None = None) -> bytes:
    """The first ``longest_s`` seconds by :func:`gpu_worker.packed.pack`; ``sound`` is a WAV file that belongs to it."""
    values = motion.values[: max(1, round(longest_s * motion.fps))]
    head = {"fps": motion.fps, "frames": len(values), "controls": list(CONTROLS), "scale": SCALE}
    parts: dict[str, Part] = {"values": np.rint(np.clip(values / SCALE, -32767, 32767)).astype(np.int16).ravel()}
    if sound is not None:
        parts["sound"] = sound
    return pack(head, parts)
