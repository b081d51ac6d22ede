"""A folder of small recordings with a manifest: a face that we drew, so that we know what it did."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.media.sound import resample, write_wav
from gpu_worker.media.video import VideoWriter
from gpu_worker.motion.performance import perform
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.schema import CONTROL, MotionTrack, Photo, Timeline, Waveform
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.visemes.coarticulation import viseme_track

TEXT = "Hello, my friends. Please move both of your lips together."
OTHER = "She sees six geese. I was a fool too, you know, for a while."


@dataclass(frozen=True)
class Source:
    """``motion`` is what the face in ``talk.mp4`` was told, ``timeline`` when its phones sound."""

    folder: Path
    motion: MotionTrack
    timeline: Timeline


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A drawn face that talks, the same face to another sound, no face, and speech alone."""
    folder = tmp_path_factory.mktemp("recordings")
    config = EngineConfig()
    photo = Photo(np.ascontiguousarray(skimage.data.astronaut()[0:256, 100:356]), "0" * 64, "array")
    face = inspect_photo(photo, config).faces[0]
    sound, timeline = synthesise(TEXT)
    motion = _lively(perform(viseme_track(timeline, sound, 25.0), timeline, sound, face, 3))
    frames = list(WarpEngine().prepare(photo, face, config).frames(motion))
    other, _ = synthesise(OTHER)
    fitted = np.resize(np.pad(other.samples, (0, len(sound.samples))), len(sound.samples)).astype(np.float32)
    for name, heard in (("talk", sound), ("foreign", Waveform(fitted, other.rate))):
        with VideoWriter(folder / f"{name}.mp4", 256, 256, 25.0, config, sound=heard) as video:
            for frame in frames:
                video.write(frame)
    with VideoWriter(
        folder / "empty.mp4", 64, 64, 25.0, config, sound=Waveform(sound.samples[:30000], sound.rate)
    ) as video:
        for _ in range(40):
            video.write(np.full((64, 64, 3), 90, np.uint8))
    write_wav(resample(sound, 16000), folder / "reading.wav")
    (folder / "reading.txt").write_text(TEXT, encoding="utf-8")
    write_wav(resample(other, 16000), folder / "stray.wav")
    (folder / "broken.mp4").write_bytes(b"no video" * 500)
    _write_manifest(folder)
    return Source(folder, motion, timeline)


def _lively(motion: MotionTrack) -> MotionTrack:
    """The head, the brows and the eyes move so far that it can be measured in a small picture."""
    values = motion.values.copy()
    at = np.arange(len(values)) / 25.0
    for name, size, hertz in (("yaw", 6.0, 0.5), ("pitch", 5.0, 0.7), ("roll", 4.0, 0.4), ("gaze_x", 0.5, 0.6)):
        values[:, CONTROL[name]] = size * np.sin(2 * np.pi * hertz * at)
    for name in ("brow_left", "brow_right"):
        values[:, CONTROL[name]] = 0.4 - 0.4 * np.cos(2 * np.pi * 0.8 * at)
    return MotionTrack(25.0, values.astype(np.float32), motion.seed)


def _write_manifest(folder: Path) -> None:
    papers = {"licence": "CC BY 4.0", "consent": "form 17", "commercial_use": "yes", "language": "en"}
    rows = [
        {**papers, "file": "talk.mp4", "person": "ann", "transcript": TEXT, "sex": "female", "skin_tone": "IV"},
        {**papers, "file": "foreign.mp4", "person": "ann", "transcript": OTHER},
        {**papers, "file": "empty.mp4", "person": "bob", "transcript": TEXT},
        {**papers, "file": "broken.mp4", "person": "bob"},
        {**papers, "file": "reading.wav", "person": "cay", "commercial_use": "no", "age_group": "60-70"},
    ]
    columns = [*papers, "file", "person", "transcript", "sex", "age_group", "skin_tone"]
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
