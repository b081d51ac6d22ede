"""Writing the finished video: frames are piped as planes to ffmpeg, which runs as a separate process.

The file is H.264 (yuv420p, limited range, tagged BT.709) with AAC sound and the index at the front, so that it plays
everywhere and starts before it is loaded. Odd sizes become even by repeating the last row or column. The file appears
under its final name only when it is whole.

Not in charge of: what is drawn (rendering), the visible label (provenance), what the file is worth (quality).
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.cores import usable_cores
from gpu_worker.errors import EngineError
from gpu_worker.media.ffmpeg_process import StderrTail, ffmpeg_executable, widen_pipe
from gpu_worker.media.planes import Planes, even, planes_of
from gpu_worker.media.sound import write_wav
from gpu_worker.schema import Image, Waveform

#: Seconds ffmpeg may take to finish the file after the last frame.
_FINISH_TIMEOUT = 300.0
#: The quick search is both faster than ffmpeg's usual one and nearer to the sound at this rate (docs/rendering.md).
_AAC = ("-c:a", "aac", "-b:a", "160k", "-aac_coder", "fast")
#: What the planes are; without it players assume BT.601 for small pictures.
_AS_BT709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
#: A talking head hardly moves: B-frames, a finer search and small partitions take two fifths of the encoder's time, and
#: B-frames some detail from the face. The bits that all this would save are few (measured in docs/rendering.md).
_TUNING = {"veryfast": "bframes=0:weightp=0:subme=1:me=dia:partitions=none:8x8dct=0"}
#: Closed lips differ from teeth in colour more than in light, on a few pixels, half of which 4:2:0 leaves. So colour is
#: quantised more finely than x264 would, most of all in pictures of fewer pixels than this, whose faces are small.
_CHROMA_OFFSET, _SMALL_CHROMA_OFFSET, _SMALL_PICTURE = -6, -12, 200_000


def encoder_threads(threads: int) -> int:
    """Threads of x264 where ``threads`` render; 0 = as many as it likes.

    On two cores one is enough, as frames are rendered meanwhile, and it saves what more threads cost in all.
    """
    if threads > 0:
        return max(1, threads // 2)
    return 1 if usable_cores() <= 2 else 0


class VideoWriter:
    """Context manager: ``write`` every frame in order; leaving without an exception finishes the file.

    ``width`` and ``height`` are those of the frames, which are RGB uint8 ``(height, width, 3)``. The sound, where
    given, starts with the first frame; its file lies beside the video while it is written. An exception inside the
    block (a cancelled job, say) kills ffmpeg and removes what was written so far.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        config: EngineConfig,
        *,
        sound: Waveform | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.frames_written = 0
        self._shape = (height, width, 3)
        self._config = config
        self._fps = fps
        self._sound = sound
        self._metadata = dict(metadata or {})
        self._partial = path.with_name(f".{path.stem}.partial.mp4")
        self._wav = path.with_name(f".{path.stem}.partial.wav")
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: StderrTail | None = None

    def __enter__(self) -> VideoWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._sound is not None:
            write_wav(self._sound, self._wav)
        self._process = subprocess.Popen(
            self._command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if self._process.stdin is not None:
            widen_pipe(self._process.stdin.fileno())
        self._stderr = StderrTail(self._process)
        self._stderr.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._discard()

    def write(self, frame: Image) -> None:
        """Append one frame; raises EngineError with ffmpeg's words when it has died, ValueError on a wrong shape."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"expected a uint8 frame of shape {self._shape}, not {frame.dtype} {frame.shape}")
        self.write_planes(planes_of(frame))

    def write_planes(self, planes: Planes) -> None:
        """As :meth:`write`, for a frame that :mod:`gpu_worker.media.planes` has converted."""
        height, width = even(self._shape[0]), even(self._shape[1])
        if planes.size != height * width * 3 // 2:
            raise ValueError(f"{planes.size} bytes are no planes of {width} by {height} pixels")
        if self._process is None or self._process.stdin is None:
            raise EngineError("the video writer is not open")
        try:
            self._process.stdin.write(planes.data)
        except (BrokenPipeError, ValueError) as error:
            raise EngineError(f"ffmpeg stopped at frame {self.frames_written}: {self._last_words()}") from error
        self.frames_written += 1

    def _command(self) -> list[str]:
        height, width = even(self._shape[0]), even(self._shape[1])
        command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", f"{self._fps:.10g}"]
        command += ["-i", "pipe:0"]
        if self._sound is not None:
            command += ["-i", str(self._wav), "-map", "0:v", "-map", "1:a", *_AAC]
        command += ["-c:v", "libx264", "-preset", self._config.preset, "-crf", str(self._config.crf)]
        finer = _SMALL_CHROMA_OFFSET if height * width < _SMALL_PICTURE else _CHROMA_OFFSET
        settings = [_TUNING.get(self._config.preset, ""), f"chroma_qp_offset={finer}"]
        command += ["-x264-params", ":".join(filter(None, settings))]
        command += ["-vf", _AS_BT709, "-threads", str(encoder_threads(self._config.threads))]
        for key, value in self._metadata.items():
            command += ["-metadata", f"{key}={value}"]
        return [*command, "-movflags", "+faststart+use_metadata_tags", "-f", "mp4", str(self._partial)]

    def _last_words(self) -> str:
        if self._process is not None:
            try:
                self._process.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._stderr.text() if self._stderr is not None else ""

    def _finish(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        if self.frames_written == 0:
            raise EngineError("no frame was written")
        try:
            process.stdin.close()
        except BrokenPipeError as error:
            raise EngineError(f"ffmpeg stopped at the end: {self._last_words()}") from error
        try:
            code = process.wait(timeout=_FINISH_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise EngineError("ffmpeg did not finish the file in time") from error
        if code != 0:
            raise EngineError(f"ffmpeg failed with code {code}: {self._last_words()}")
        self._partial.replace(self.path)

    def _discard(self) -> None:
        """End ffmpeg if it still runs and remove the temporary files."""
        process = self._process
        if process is not None:
            if process.poll() is None:
                process.kill()
            if process.stdin is not None and not process.stdin.closed:
                try:
                    process.stdin.close()
                except BrokenPipeError:  # what was buffered for a dead process is of no use
                    pass
            process.wait()
            if self._stderr is not None:
                self._stderr.join(timeout=5.0)
            if process.stderr is not None:
                process.stderr.close()
        self._process = None
        self._partial.unlink(missing_ok=True)
        self._wav.unlink(missing_ok=True)


def write_poster(path: Path, frame: Image, max_side: int = 1280) -> None:
    """Write one RGB frame as a JPEG, its longer side reduced to ``max_side`` pixels."""
    from PIL import Image as Pictures

    picture = Pictures.fromarray(frame)
    picture.thumbnail((max_side, max_side))
    partial = path.with_name(f".{path.name}.partial")
    picture.save(partial, "JPEG", quality=90, optimize=True)
    partial.replace(path)
