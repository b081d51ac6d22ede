"""How real each portrait looks, in numbers: one spoken passage on every photo, measured on the finished videos.

``python -m gpu_worker.portrait_table PHOTO... -o DIRECTORY`` prints the table as Markdown and keeps the videos. The
passage has two dozen p, b and m, rounded and spread vowels, f, v and th. Measured are the decoded files, as the
certificate does; what must hold before encoding (rest, outside) is measured there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.engines import shared_engines
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.media.photo import load_photo
from gpu_worker.media.video import VideoWriter
from gpu_worker.media.video_reader import read_frames
from gpu_worker.motion.margins import with_margins
from gpu_worker.motion.performance import perform
from gpu_worker.quality.certificate import lips_unseen
from gpu_worker.quality.closures import closure_ratios
from gpu_worker.quality.dynamics import jerk
from gpu_worker.quality.opening import Series
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.redetection import face_window, redetect
from gpu_worker.quality.sync import agreement
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.schema import FaceRig, Image, MotionTrack, Photo, Timeline, Waveform
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.visemes.coarticulation import viseme_track

PASSAGE = (
    "Maybe my memory plays tricks, but I remember the boats in the bay, and both of us waving. "
    "Five people were on the pier. Mother brought a map and a few big apples, and nobody spoke before we put off. "
    "I think of those three weeks very often."
)
#: Every n-th frame is looked at for detail.
_EVERY = 5


@dataclass(frozen=True)
class Row:
    """One portrait. Lengths of time in seconds, ``lag`` + when the picture is late; ``closure`` is the largest of the
    smallest openings at p, b and m as a part of the 90th percentile; ``detail`` the spread of the Laplacian in the face
    against the photo's; ``rest`` grey levels, ``outside`` pixels; ``flicker`` grey levels (see :func:`flicker`).
    ``lips_seen`` is False where re-detection does not see these lips move, so that correlation and closure say nothing.
    """

    name: str
    face_height: float
    yaw: float
    correlation: float
    lag: float
    closure: float
    blinks: float
    detail: float
    rest: int
    outside: int
    jerk: float
    flicker: float
    lips_seen: bool
    findings: tuple[str, ...]


@dataclass(frozen=True)
class _Spoken:
    waveform: Waveform
    timeline: Timeline


def spoken(text: str, fps: float) -> _Spoken:
    """The passage, synthesised, with room before and after."""
    return _Spoken(*with_margins(*synthesise(text, "en", None, 1.0, 1.0), fps))


def measure(name: str, photo: Photo, face: FaceRig, speech: _Spoken, video: Path, config: EngineConfig) -> Row:
    """Make the video and measure it. Raises InputError for a face that cannot be animated."""
    track = viseme_track(speech.timeline, speech.waveform, config.fps)
    motion = perform(track, speech.timeline, speech.waveform, face, config.seed)
    renderer = WarpEngine().prepare(photo, face, config)
    outside = OutsideWatch(photo.pixels, renderer.moving_region)
    rest = MotionTrack(motion.fps, np.zeros((1, motion.values.shape[1]), np.float32))
    outside.see(next(iter(renderer.frames(rest, 1))), resting=True)
    with VideoWriter(video, photo.width, photo.height, config.fps, config, sound=speech.waveform) as writer:
        for controls, frame in zip(motion.values, renderer.frames(motion, config.threads), strict=True):
            outside.see(frame, resting=not controls.any())
            writer.write(frame)
    seen = redetect(video, face, (photo.width, photo.height), shared_engines().readers)
    planned = np.asarray(renderer.planned_opening(motion), np.float64)
    lips = agreement(planned, seen.opening, config.fps)
    ratios = closure_ratios(seen.opening, track.closures, config.fps)
    lids = 0.5 * (motion.control("blink_left") + motion.control("blink_right")).astype(np.float64)
    detail, unsteady = look(video, photo, face)
    return Row(
        name=name,
        face_height=face.height,
        yaw=face.yaw,
        correlation=lips.at_zero,
        lag=lips.lag,
        closure=float(np.nanmax(ratios)) if np.isfinite(ratios).any() else float("nan"),
        blinks=together(lids, -seen.eyes),
        detail=detail,
        rest=outside.rest_difference or 0,
        outside=outside.changed,
        jerk=jerk(seen.opening),
        flicker=unsteady,
        lips_seen=not lips_unseen(lips),
        findings=tuple(finding.code for finding in face.findings),
    )


def together(planned: Series, measured: Series) -> float:
    """Correlation of two courses over the frames in which both are known; NaN without any."""
    count = min(len(planned), len(measured))
    first, second = planned[:count], measured[:count]
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 8 or first[known].std() < 1e-6 or second[known].std() < 1e-6:
        return float("nan")
    return float(np.corrcoef(first[known], second[known])[0, 1])


def look(video: Path, photo: Photo, face: FaceRig) -> tuple[float, float]:
    """Detail kept in the face, and flicker, of a finished video."""
    window = face_window(face, photo.width, photo.height)
    part = (slice(window.y, window.y + window.height), slice(window.x, window.x + window.width))
    box = _box(face, photo)
    own = _spread(photo.pixels[box])
    spreads: list[float] = []
    recent: list[Series] = []
    unsteady: list[float] = []
    for index, frame in enumerate(read_frames(video)):
        if index % _EVERY == 0:
            spreads.append(_spread(frame[box]))
        recent = [*recent[-2:], _blocks(frame[part])]
        if len(recent) == 3:
            unsteady.append(flicker(*recent))
    return float(np.mean(spreads)) / max(own, 1e-6), float(np.median(unsteady))


def flicker(before: Series, now: Series, after: Series) -> float:
    """What one frame alone has and neither neighbour: movement goes on, flicker goes back and forth.

    Median over blocks of the smaller change to either neighbour, where both changes have the same direction, in grey
    levels; arguments are block means ``(rows, columns)``.
    """
    first, second = now - before, now - after
    alone = np.where(first * second > 0, np.minimum(np.abs(first), np.abs(second)), 0.0)
    return float(alone.mean())


def _blocks(pixels: Image, side: int = 8) -> Series:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    size = (max(1, grey.shape[1] // side), max(1, grey.shape[0] // side))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _box(face: FaceRig, photo: Photo) -> tuple[slice, slice]:
    x, y, width, height = face.box
    return (
        slice(max(0, int(y)), min(photo.height, int(y + height))),
        slice(max(0, int(x)), min(photo.width, int(x + width))),
    )


def _spread(pixels: Image) -> float:
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F).std())


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| portrait | face | yaw | opening: correlation (lag) | worst p/b/m | blinks | detail kept | rest, outside "
        "| jerk | flicker |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        unseen = "" if row.lips_seen else ", lips cannot be seen"
        lines.append(
            f"| {row.name} | {row.face_height:.0f} px | {row.yaw:+.0f} | {row.correlation:.3f} "
            f"({row.lag * 1000:+.0f} ms{unseen}) | {row.closure:.3f} | {row.blinks:.2f} | {row.detail:.2f} "
            f"| {row.rest}, {row.outside} | {row.jerk:.3f} | {row.flicker:.2f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the number of photos without a face is the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("portraits"))
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    config = EngineConfig()
    speech = spoken(PASSAGE, config.fps)
    rows, without = [], 0
    for path in options.photos:
        photo = load_photo(path, config)
        faces = inspect_photo(photo, config).faces
        if not faces:
            without += 1
            continue
        face = max(faces, key=lambda one: one.height)
        name = f"{path.stem}, {photo.width} x {photo.height}"
        rows.append(measure(name, photo, face, speech, options.output / f"{path.stem}.mp4", config))
        sys.stderr.write(f"{path.stem} done\n")
    sys.stdout.write(table(rows) + "\n")
    return without


if __name__ == "__main__":
    sys.exit(main())
