"""What follows from a request before any work: its numbers, its cost, its marks, and which frame is its poster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpu_worker.cast import Speech
from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.motion.gestures import check_gestures
from gpu_worker.progress import Costs
from gpu_worker.provenance.label import Label, LabelStyle, make_label
from gpu_worker.provenance.watermark.embed import Watermark, make_watermark
from gpu_worker.provenance.watermark.pattern import DEFAULT_KEY
from gpu_worker.request import AnimationRequest, SoundSpeech
from gpu_worker.schema import FaceRig, MotionTrack, Photo


def job_config(request: AnimationRequest) -> EngineConfig:
    """The limits and numbers that the job follows. Raises InputError ``bad_fps`` or that of a gesture."""
    config = request.config
    if request.fps is not None:
        if not 5.0 <= request.fps <= 60.0:
            raise InputError("bad_fps", "The frame rate must lie between 5 and 60.", "25 suits most videos.")
        config = replace(config, fps=request.fps)
    if request.seed is not None:
        config = replace(config, seed=request.seed)
    # With several faces and no words, one may be idle, not all of them.
    named = [name for play in request.plays.values() for name in play.gestures] or request.gestures
    if named or not request.speeches:
        check_gestures(named)
    return config


def expected_costs(request: AnimationRequest, photo: Photo, speech: Speech | None) -> Costs:
    """What each stage will take, better known once the words are spoken."""
    seconds = speech.sound.duration if speech is not None else request.silent_seconds if not request.speeches else 6.0
    fps = request.fps or request.config.fps
    recognising = any(isinstance(one, SoundSpeech) and not one.transcript for one in request.speeches)
    return Costs.for_video(int(seconds * fps), photo.width * photo.height, seconds, recognising)


def job_watermark(request: AnimationRequest, config: EngineConfig, photo: Photo) -> Watermark | None:
    """The mark of this job, None where there shall be none."""
    if not (request.watermark and config.watermark):
        return None
    key = DEFAULT_KEY if request.watermark_key is None else request.watermark_key
    return make_watermark(photo.pixels, request.job_id, key)


def job_label(request: AnimationRequest, photo: Photo, faces: Sequence[FaceRig]) -> Label:
    """The visible label. Raises InputError ``picture_too_small`` when the picture cannot hold it."""
    try:
        return make_label(photo.pixels.shape, LabelStyle(request.language), [face.box for face in faces])
    except ValueError as error:
        raise InputError(
            "picture_too_small",
            f"A picture of {photo.width} by {photo.height} pixels is too small for a video.",
            "Use a larger picture, at least 200 pixels wide.",
        ) from error


def poster_frame(motions: Sequence[MotionTrack]) -> int:
    """A frame with open eyes and a speaking mouth, as near to a third of the video as there is one."""
    count = len(motions[0].values)
    lids = [np.maximum(motion.control("blink_left"), motion.control("blink_right")) for motion in motions]
    awake = np.max(lids, axis=0) < 0.05
    life = np.max([motion.control("jaw") + 0.5 * motion.control("smile_left") for motion in motions], axis=0)
    speaking = life > 0.5 * float(life.max()) if float(life.max()) > 0 else np.ones(count, bool)
    good = np.flatnonzero(awake & speaking)
    if good.size == 0:
        return 0
    return int(good[np.abs(good - count // 3).argmin()])
