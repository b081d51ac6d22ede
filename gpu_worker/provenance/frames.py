"""A few grey frames of a file from strangers: explicit demuxer, known codecs, bounded size, bounded time.

Videos are opened and decoded by ffmpeg in a process of its own, never in this one.

Only what the watermark and the fingerprint need is decoded: at most a few dozen frames, spread over the whole video.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps

from gpu_worker.errors import InputError
from gpu_worker.media.ffmpeg_process import untrusted_input
from gpu_worker.media.grey_frames import every_nth, key_frames
from gpu_worker.media.stream_header import StreamHeader, read_stream_header
from gpu_worker.provenance.containers import DEMUXERS, MediaKind

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class ReadLimits:
    """Bounds on reading one file: frames kept, megapixels a frame, seconds of decoding, frames decoded one by one."""

    frames: int = 24
    megapixels: float = 36.0
    seconds: float = 20.0
    sequential_frames: int = 375


#: Names of codecs and of the decoders that stand for them.
_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "prores")
_PICTURES: dict[MediaKind, str] = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
_MINIMUM_SIDE = 16


def sample_luma(path: Path, kind: MediaKind, limits: ReadLimits | None = None) -> list[Luma]:
    """Up to ``limits.frames`` luma pictures ((height, width) uint8), upright, in order; one for a still
    picture, several of one that moves.

    Raises InputError ``damaged_media`` (nothing can be decoded), ``media_too_large`` or ``no_video_track``.
    """
    limits = limits or ReadLimits()
    if kind in _PICTURES:
        return _read_picture(path, kind, limits)
    frames = _video_frames(path, DEMUXERS[kind], limits)
    if not frames:
        raise _damaged()
    return frames


def _read_picture(path: Path, kind: MediaKind, limits: ReadLimits) -> list[Luma]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            with PillowImage.open(path, formats=[_PICTURES[kind]]) as picture:
                _check_size(picture.width, picture.height, limits)
                return _luma_of(picture, limits)
    except PillowImage.DecompressionBombError as error:
        raise _too_large("The picture", limits) from error
    except (OSError, ValueError, TypeError, SyntaxError, EOFError) as error:
        raise _damaged() from error


def _luma_of(picture: PillowImage.Image, limits: ReadLimits) -> list[Luma]:
    """The picture, or frames spread over one that moves; a broken tail or too long a time ends the reading."""
    count = min(int(getattr(picture, "n_frames", 1)), limits.sequential_frames)
    step, started = max(1, count // limits.frames), time.monotonic()
    frames: list[Luma] = []
    for index in range(0, count, step):
        try:
            picture.seek(index)
            upright = ImageOps.exif_transpose(picture.convert("RGB")) if count == 1 else picture.convert("RGB")
        except (OSError, ValueError, TypeError, SyntaxError, EOFError):
            if not frames:
                raise
            break
        frames.append(np.array(upright.convert("L"), dtype=np.uint8))
        if time.monotonic() - started > limits.seconds:
            break
    return frames[: limits.frames]


def _video_frames(path: Path, demuxer: str, limits: ReadLimits) -> list[Luma]:
    source = untrusted_input(path, demuxer, _CODECS)
    header = read_stream_header(source)
    if header is None:
        raise _damaged()
    if header.video is None:
        raise InputError("no_video_track", "The file holds no picture track.", "Choose a video or a picture.")
    if header.video.codec not in _CODECS:
        raise InputError(
            "damaged_media", "The video's codec is not one that is read here.", "Convert it to H.264 in an MP4 file."
        )
    _check_size(header.video.width, header.video.height, limits)
    most_pixels = int(limits.megapixels * 1e6)
    total = _estimated_frames(header)
    if total is not None and total > limits.sequential_frames and header.duration:
        chosen = key_frames(source, header.duration, limits.frames, most_pixels, limits.seconds)
    else:
        # Every n-th frame; a broken tail ends the reading, it does not spoil it.
        step = max(1, min(total or limits.sequential_frames, limits.sequential_frames) // limits.frames)
        chosen = every_nth(source, step, limits.frames, most_pixels, limits.seconds)
    frames = list(chosen)
    if any(min(frame.shape) < _MINIMUM_SIDE for frame in frames):
        raise _damaged()
    return frames


def _estimated_frames(header: StreamHeader) -> int | None:
    if header.duration is None or header.video is None or not header.video.fps:
        return None
    return round(header.duration * header.video.fps)


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
