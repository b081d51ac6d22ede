"""What the tests bring, and what they read off a finished video: independent of the plan that made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import choose_face, inspect_photo
from gpu_worker.landmarks.mesh import MeshEngine
from gpu_worker.media.photo import load_photo
from gpu_worker.media.sound import resample, write_wav
from gpu_worker.media.video_reader import VideoInfo, probe, read_frames, read_sound
from gpu_worker.quality.opening import mouth_opening
from gpu_worker.schema import Waveform
from gpu_worker.speech.synthesis import synthesise

FIRST, SECOND = "My mother may remember Rome.", "Bob and Amy have a big map."
#: Silence between the sentences, and before and after them, seconds.
PAUSE, EDGE = 1.4, 0.8
RATE = 16000

Series = NDArray[np.float64]


def write_speech(file: Path) -> Path:
    """The two sentences with silence around and between them, mono, 48 kHz, as a microphone delivers them."""
    parts = [resample(synthesise(text, "en")[0], 48000).samples for text in (FIRST, SECOND)]
    edge, pause = np.zeros(int(EDGE * 48000), np.float32), np.zeros(int(PAUSE * 48000), np.float32)
    write_wav(Waveform(np.concatenate([edge, parts[0], pause, parts[1], edge]), 48000), file)
    return file


@dataclass(frozen=True)
class Mouth:
    """Per frame of a video: inner-lip gap / inter-ocular distance, and the sound's level relative to its loudest."""

    info: VideoInfo
    opening: Series
    level: Series

    @property
    def wide(self) -> float:
        """How far the mouth opens where it opens: the 90th percentile while there is sound."""
        return float(np.percentile(self.opening[self.level > 0.1], 90))

    def pauses(self, shortest: float = 0.5, margin: float = 0.2) -> list[Series]:
        """The openings inside every stretch of silence that lasts ``shortest`` seconds, without its edges."""
        frames, edge = int(shortest * self.info.fps), int(margin * self.info.fps)
        silent = np.concatenate([[False], self.level < 0.02, [False]])
        starts = np.flatnonzero(~silent[:-1] & silent[1:])
        ends = np.flatnonzero(silent[:-1] & ~silent[1:])
        return [self.opening[a + edge : b - edge] for a, b in zip(starts, ends, strict=True) if b - a >= frames]

    def follows_the_sound(self) -> tuple[int, float]:
        """By how many frames the opening is behind the level, and their correlation then; both are smoothed over a
        fifth of a second. The ends are left out: there the face rests as in the photo, whose lips may be parted."""
        window = np.ones(max(1, int(0.2 * self.info.fps)))
        opening, level = (
            np.convolve(series, window / len(window), "same") for series in (self.opening, np.sqrt(self.level))
        )
        ends = round(0.4 * self.info.fps)
        inside = slice(ends, -ends)
        found = {lag: float(np.corrcoef(np.roll(opening, -lag)[inside], level[inside])[0, 1]) for lag in range(-8, 9)}
        best = max(found, key=lambda lag: found[lag])
        return best, found[best]


def watch_mouth(video: Path, portrait: Path) -> Mouth:
    """Decode ``video``, find the face in every frame anew, and set the lips beside the sound."""
    config = EngineConfig()
    info = probe(video)
    engine = MeshEngine()
    try:
        photo = load_photo(portrait, config)
        face = choose_face(inspect_photo(photo, config, engine), None)
        landmarks = face.landmarks * np.float32(info.width / photo.width)
        openings = []
        for frame in read_frames(video):
            found = engine.follow(frame, landmarks)
            openings.append(np.nan if found is None else mouth_opening(found.landmarks))
    finally:
        engine.close()
    opening = np.array(openings, np.float64)
    sound = read_sound(video, RATE).samples.astype(np.float64)
    level = np.array([_loudness(sound, i, RATE / info.fps) for i in range(len(opening))])
    return Mouth(info, opening, level / level.max())


def _loudness(sound: Series, frame: int, step: float) -> float:
    """Root mean square of the samples that sound with one frame."""
    samples = sound[int(frame * step) : int((frame + 1) * step) + 1]
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
