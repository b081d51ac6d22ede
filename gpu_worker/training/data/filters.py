"""Why a stretch of a recording is not used: of the picture, of the sound, and of both together.

Each filter gives back a reason, or none; the figures it looked at stay with the clip, so that a stricter choice can be
made later without the recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gpu_worker.landmarks.covering import NEAR_LIPS, UNLIKE, asymmetry, hand_distance
from gpu_worker.landmarks.findings import BLURRED, DARK, FLAT, luminance, sharpness
from gpu_worker.landmarks.pose import face_height
from gpu_worker.motion.prosody import HOP, Prosody, analyse
from gpu_worker.quality.sync import agreement
from gpu_worker.rendering.arrays import F64
from gpu_worker.schema import FloatArray, Image, Timeline, Waveform
from gpu_worker.training.clip import FRAME_RATE
from gpu_worker.visemes.coarticulation import mouth_opening, viseme_track

#: Smallest face, pixels from forehead to chin, and shortest stretch, seconds.
SMALLEST_FACE, SHORTEST = 64.0, 1.5
#: Beyond this turn to the side (degrees) for more than this share of the frames, half of the mouth is hidden.
TURNED, TURNED_SHARE = 35.0, 0.3
#: Share of frames in which the face may be missing; least share of the time that must be speech.
MISSING, SPEECH_SHARE = 0.1, 0.2
#: Range of loudness, dB, below which speech does not stand out from what is around it; share of clipped samples.
LEAST_RANGE_DB, CLIPPED = 12.0, 0.01
#: Two heaps of pitch this far apart, semitones, are two people, if each has this share of the voiced time and so many
#: seconds: a few octave errors must not make a second person.
VOICES_APART, VOICE_SHARE, VOICE_SECONDS = 7.0, 0.25, 1.0
#: Sync: least correlation of seen and expected opening, by how much it must beat the same sound elsewhere, and the
#: largest shift between sound and picture, seconds.
LEAST_CORRELATION, BETTER_BY, LARGEST_LAG = 0.30, 0.05, 0.18
#: Pictures of the face that are looked at for something in front of the mouth.
_LOOKED_AT = 3
#: Pitch (semitones above 100 Hz) and level (dB below the loudest) beyond which a reading is no voice's.
_HIGHEST, _QUIET_DB = 22.0, 22.0


@dataclass
class Judgement:
    """``reason`` is "" for what can be used; ``figures`` are what was measured."""

    reason: str = ""
    detail: str = ""
    figures: dict[str, float] = field(default_factory=dict)

    def reject(self, reason: str, detail: str) -> None:
        """The first reason counts."""
        if not self.reason:
            self.reason, self.detail = reason, detail


def judge_picture(judgement: Judgement, landmarks: FloatArray, samples: Sequence[tuple[Image, FloatArray]]) -> None:
    """Size, blur, light, and what is in front of the mouth. ``landmarks`` is ``(frames, 478, 3)`` with NaN rows,
    ``samples`` are crops of the face with the landmarks in them."""
    found = np.isfinite(landmarks[:, 0, 0])
    figures = judgement.figures
    figures["missing"] = float(1.0 - found.mean())
    if figures["missing"] > MISSING or found.sum() < 2:
        judgement.reject("face_lost", f"No face in {100 * figures['missing']:.0f} % of the frames.")
        return
    figures["face_height"] = float(np.median([face_height(one) for one in landmarks[found][::5]]))
    if figures["face_height"] < SMALLEST_FACE:
        judgement.reject("too_small", f"The face is {figures['face_height']:.0f} pixels high.")
        return
    looks = [(crop, inside) for crop, inside in samples if np.isfinite(inside).all()]
    if not looks:
        judgement.reject("face_lost", "No picture of the face could be looked at.")
        return
    figures["sharpness"] = float(np.median([sharpness(crop, inside[:, :2]) for crop, inside in looks]))
    light = np.median([luminance(crop, inside[:, :2]) for crop, inside in looks], axis=0)
    figures["light"], figures["contrast"] = float(light[0]), float(light[1])
    if figures["sharpness"] < BLURRED:
        judgement.reject("blurred", f"Sharpness {figures['sharpness']:.2f}.")
    if figures["light"] < DARK or figures["contrast"] < FLAT:
        judgement.reject("dark", f"Luminance {figures['light']:.0f}, spread {figures['contrast']:.0f}.")
    step = max(len(looks) // _LOOKED_AT, 1)
    chosen = looks[::step][:_LOOKED_AT]
    figures["unlike_halves"] = float(np.median([asymmetry(crop, inside) for crop, inside in chosen]))
    hands = [hand_distance(crop, inside) for crop, inside in chosen]
    if figures["unlike_halves"] > UNLIKE:
        judgement.reject("covered", f"The halves of the lower face differ by {figures['unlike_halves']:.0f} Lab units.")
    if np.median(hands) < NEAR_LIPS:
        judgement.reject("covered", "A hand is at the mouth.")


def judge_pose(judgement: Judgement, pose: F64) -> None:
    """``pose`` is ``(frames, 3)`` as the camera sees it: yaw, pitch, roll in degrees."""
    turned = float((np.abs(pose[:, 0]) > TURNED).mean())
    judgement.figures["turned"] = turned
    if turned > TURNED_SHARE:
        judgement.reject("turned_away", f"Turned to the side in {100 * turned:.0f} % of the frames.")


def judge_sound(judgement: Judgement, waveform: Waveform, timeline: Timeline) -> None:
    """Length, silence, noise, clipping, several voices."""
    figures = judgement.figures
    if waveform.duration < SHORTEST:
        judgement.reject("too_short", f"{waveform.duration:.1f} s.")
        return
    spoken = sum(phone.end - phone.start for phone in timeline.phones if phone.phone != "SIL")
    figures["speech"] = spoken / max(timeline.duration, 1e-6)
    prosody = analyse(waveform)
    low, high = np.percentile(prosody.loudness, (5, 95))
    figures["loudness_range_db"] = float(high - low)
    if high < -50.0 or figures["speech"] < SPEECH_SHARE:
        judgement.reject("silent", f"Speech in {100 * figures['speech']:.0f} % of the time.")
        return
    figures["clipped"] = float((np.abs(waveform.samples) > 0.999).mean())
    if figures["clipped"] > CLIPPED:
        judgement.reject("clipped", f"{100 * figures['clipped']:.1f} % of the samples are clipped.")
    if figures["loudness_range_db"] < LEAST_RANGE_DB:
        judgement.reject("noisy", f"Speech is only {figures['loudness_range_db']:.0f} dB above what is around it.")
    figures["voices_apart"] = voices_apart(prosody)
    if figures["voices_apart"] > VOICES_APART:
        judgement.reject("several_voices", f"Two voices, {figures['voices_apart']:.0f} semitones apart.")


def voices_apart(prosody: Prosody) -> float:
    """Semitones between the pitches of two groups of voiced stretches, each of a fair share of the time; 0 where
    there is but one.

    One person's stretches scatter within half an octave; a man and a woman in turn make two heaps. Hiss reads as a
    pitch at the upper end of the range, and is left out with whatever is quiet.
    """
    pitch, loudness = prosody.pitch, prosody.loudness
    voiced = np.isfinite(pitch) & (np.nan_to_num(pitch, nan=99.0) < _HIGHEST) & (loudness > loudness.max() - _QUIET_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(int), [0]])))
    stretches = [
        (float(np.median(pitch[a:b])), b - a)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if (b - a) * HOP >= 0.08
    ]
    if len(stretches) < 4:
        return 0.0
    stretches.sort()
    height, length = np.array([one for one, _ in stretches]), np.array([count for _, count in stretches])
    total, widest = float(length.sum()), 0.0
    for cut in range(1, len(stretches)):
        share = float(length[:cut].sum()) / total
        fewest = min(share, 1.0 - share) * total * HOP
        if VOICE_SHARE <= share <= 1.0 - VOICE_SHARE and fewest >= VOICE_SECONDS:
            apart = np.average(height[cut:], weights=length[cut:]) - np.average(height[:cut], weights=length[:cut])
            scatter = max(float(height[:cut].std()), float(height[cut:].std()), 0.5)
            # Two heaps stand apart; one wide heap cut in two does not.
            if height[cut] - height[cut - 1] > 1.5 * scatter:
                widest = max(widest, float(apart))
    return widest


def judge_sync(judgement: Judgement, opening: F64, waveform: Waveform, timeline: Timeline) -> None:
    """Does the sound belong to this mouth? ``opening`` is what was seen, NaN in frames without a face.

    The opening that the phones ask for must go with what is seen, near lag 0, and better than the same sound elsewhere
    in time does.
    """
    expected = mouth_opening(viseme_track(timeline, waveform, FRAME_RATE)).astype(np.float64)
    count = min(len(expected), len(opening))
    expected, opening = expected[:count], opening[:count]
    here = agreement(expected, opening, FRAME_RATE)
    if not np.isfinite(here.correlation):
        judgement.reject("not_in_sync", "The mouth does not move.")
        return
    shifts = [int(share * count) for share in (0.3, 0.4, 0.5, 0.6, 0.7)]
    elsewhere = [agreement(np.roll(expected, shift), opening, FRAME_RATE).correlation for shift in shifts]
    usual = float(np.nanmedian([value for value in elsewhere if np.isfinite(value)] or [0.0]))
    judgement.figures |= {"sync": here.correlation, "sync_elsewhere": usual, "lag_s": here.lag}
    if abs(here.lag) > LARGEST_LAG:
        judgement.reject("not_in_sync", f"Best at a shift of {1000 * here.lag:.0f} ms.")
    if here.correlation < max(LEAST_CORRELATION, usual + BETTER_BY):
        judgement.reject("not_in_sync", f"Correlation {here.correlation:.2f}, elsewhere {usual:.2f}.")
