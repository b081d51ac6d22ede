"""A few grey frames of a file from strangers: explicit demuxer, known codecs, bounded size, bounded time.

Only what the watermark and the fingerprint need is decoded: at most a few dozen frames, spread over the whole video.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps

from gpu_worker.errors import InputError
from gpu_worker.provenance.containers import MediaKind

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class ReadLimits:
    """Bounds on reading one file: frames kept, megapixels a frame, seconds of decoding, frames decoded one by one."""

    frames: int = 24
    megapixels: float = 36.0
    seconds: float = 20.0
    sequential_frames: int = 375


_DEMUXERS: dict[MediaKind, str] = {"mp4": "mov", "webm": "matroska"}
_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores"})
_PICTURES: dict[MediaKind, str] = {"jpeg": "JPEG", "png": "PNG"}
_MINIMUM_SIDE = 16


def sample_luma(path: Path, kind: MediaKind, limits: ReadLimits | None = None) -> list[Luma]:
    """Up to ``limits.frames`` luma pictures ((height, width) uint8), upright, in order; one for a still picture.

    Raises InputError ``damaged_media`` (nothing can be decoded), ``media_too_large`` or ``no_video_track``.
    """
    limits = limits or ReadLimits()
    if kind in _PICTURES:
        return [_read_picture(path, kind, limits)]
    try:
        with av.open(str(path), format=_DEMUXERS[kind], metadata_errors="replace") as container:
            frames = list(_video_frames(container, limits))
    except (av.error.FFmpegError, OSError, ValueError, ArithmeticError) as error:
        raise _damaged() from error
    if not frames:
        raise _damaged()
    return frames


def _read_picture(path: Path, kind: MediaKind, limits: ReadLimits) -> Luma:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            with PillowImage.open(path, formats=[_PICTURES[kind]]) as picture:
                _check_size(picture.width, picture.height, limits)
                return np.array(ImageOps.exif_transpose(picture.convert("RGB")).convert("L"), dtype=np.uint8)
    except PillowImage.DecompressionBombError as error:
        raise _too_large("The picture", limits) from error
    except (OSError, ValueError, TypeError, SyntaxError) as error:
        raise _damaged() from error


def _video_frames(container: av.container.InputContainer, limits: ReadLimits) -> Iterator[Luma]:
    if not container.streams.video:
        raise InputError("no_video_track", "The file holds no picture track.", "Choose a video or a picture.")
    stream = container.streams.video[0]
    context: av.VideoCodecContext | None = stream.codec_context  # None for codecs unknown to the library
    if context is None or context.name not in _CODECS:
        raise InputError(
            "damaged_media", "The video's codec is not one that is read here.", "Convert it to H.264 in an MP4 file."
        )
    _check_size(context.width, context.height, limits)
    context.options = {"max_pixels": str(int(limits.megapixels * 1e6))}
    deadline = time.monotonic() + limits.seconds
    total = _estimated_frames(stream)
    if total is not None and total > limits.sequential_frames and stream.duration and stream.time_base:
        frames = _frames_by_seeking(container, stream, limits.frames, deadline)
    else:
        frames = _frames_in_order(container, stream, total, limits, deadline)
    for frame in frames:
        grey = frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
        if min(grey.shape) < _MINIMUM_SIDE:
            raise _damaged()
        turns = round(getattr(frame, "rotation", 0) / 90) % 4
        yield np.ascontiguousarray(np.rot90(grey, turns)) if turns else grey


def _estimated_frames(stream: av.VideoStream) -> int | None:
    if stream.frames:
        return int(stream.frames)
    if stream.duration and stream.time_base and stream.average_rate:
        return round(float(stream.duration * stream.time_base * stream.average_rate))
    return None


def _frames_in_order(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    total: int | None,
    limits: ReadLimits,
    deadline: float,
) -> Iterator[av.VideoFrame]:
    """Decode from the start and keep every n-th frame; a broken tail ends the reading, it does not spoil it."""
    count = min(total or limits.sequential_frames, limits.sequential_frames)
    step = max(1, count // limits.frames)
    kept = 0
    try:
        for number, frame in enumerate(container.decode(stream)):
            if number % step == 0 and kept < limits.frames:
                kept += 1
                yield frame
            if kept >= limits.frames or number >= limits.sequential_frames or time.monotonic() > deadline:
                return
    except av.error.FFmpegError:
        if not kept:
            raise


def _frames_by_seeking(
    container: av.container.InputContainer, stream: av.VideoStream, count: int, deadline: float
) -> Iterator[av.VideoFrame]:
    """One frame after each of ``count`` evenly spaced seeks; no frame is given twice."""
    duration, start = int(stream.duration or 0), int(stream.start_time or 0)
    seen: set[int | None] = set()
    for number in range(count):
        if time.monotonic() > deadline:
            return
        try:
            container.seek(start + duration * number // count, stream=stream)
            frame = next(iter(container.decode(stream)), None)
        except av.error.FFmpegError:
            continue
        if frame is not None and frame.pts not in seen:
            seen.add(frame.pts)
            yield frame


def _check_size(width: int, height: int, limits: ReadLimits) -> None:
    if width * height > limits.megapixels * 1e6:
        raise _too_large(f"The picture of {width} by {height} pixels", limits)
    if min(width, height) < _MINIMUM_SIDE:
        raise _damaged()


def _damaged() -> InputError:
    return InputError(
        "damaged_media", "The file cannot be decoded.", "Copy or download it again, or convert it to MP4."
    )


def _too_large(what: str, limits: ReadLimits) -> InputError:
    return InputError(
        "media_too_large",
        f"{what} is too large: up to {limits.megapixels:g} megapixels can be checked.",
        "Reduce its size and try again.",
    )
