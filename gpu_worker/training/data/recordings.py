"""Batches of recordings: videos of talking people, and speech without a picture, to clips with their papers."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, InputError
from gpu_worker.landmarks.mediapipe_models import MeshModel
from gpu_worker.landmarks.mesh import shared_mesh
from gpu_worker.media.sound import load_waveform
from gpu_worker.motion.prosody import analyse
from gpu_worker.schema import CONTROL, VISEMES, FloatArray, Timeline, Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.training.clip import FRAME_RATE, SAMPLE_RATE, Clip, Split, frame_visemes, phone_rows
from gpu_worker.training.data import filters
from gpu_worker.training.data.fitting import FittedMotion, fit_controls
from gpu_worker.training.data.index import Part
from gpu_worker.training.data.manifest import Recording
from gpu_worker.training.data.pieces import cut_points, on_frame, piece_of, sound_of
from gpu_worker.training.data.rule_motion import rule_controls
from gpu_worker.training.data.shards import ShardWriter
from gpu_worker.training.data.synthetic import clip_row
from gpu_worker.training.data.tracks import FaceTrack, face_tracks
from gpu_worker.training.data.video_source import open_video

#: Longest sound file that is read, seconds and bytes.
_LONGEST, _LARGEST = 4 * 3600.0, 4 << 30
log = logging.getLogger(__name__)
#: By how much a sound must fit one face better than another one beside it.
_CLEARLY = 0.1
Extra = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Input:
    """A recording and the checksum of its file."""

    recording: Recording
    sha256: str

    @property
    def id(self) -> str:
        """The same file of the same person under the same name is the same input."""
        told = f"{self.recording.name}\n{self.recording.person}\n{self.sha256}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def stem(self) -> str:
        """Begins the keys of its clips: letters, digits and dashes only."""
        name = re.sub(r"[^a-z0-9]+", "-", Path(self.recording.name).stem.lower()).strip("-")[:40]
        return f"{name or 'clip'}-{self.id[:8]}"


@dataclass(frozen=True)
class RecordingBatch:
    """Some recordings; ``parts`` says to which part of the split each person belongs."""

    inputs: tuple[Input, ...]
    parts: Mapping[str, Split]

    @property
    def stem(self) -> str:
        told = "\n".join(entry.id for entry in self.inputs)
        return f"recordings-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def make(self, folder: Path) -> Part:
        """Cut every recording into clips, write the shards, and say what they hold."""
        began = time.perf_counter()
        rows: list[dict[str, Any]] = []
        rejects: list[dict[str, Any]] = []
        seconds = frames = 0.0
        with ShardWriter(folder, self.stem) as writer:
            for entry in self.inputs:
                found = clips_of(entry, self.parts[entry.recording.person])
                seconds += found.seconds
                frames += found.frames
                rejects += found.rejects
                for clip, extra in found.clips:
                    writer.add(clip, extra)
                    rows.append(clip_row(clip) | {"input": entry.recording.name})
            shards = writer.close()
        measured = {"seconds": seconds, "frames": frames, "wall_s": time.perf_counter() - began}
        ids = tuple(entry.id for entry in self.inputs)
        checksums = tuple(entry.sha256 for entry in self.inputs)
        return Part(self.stem, ids, checksums, shards, tuple(rows), tuple(rejects), measured)


@dataclass
class Found:
    """What came of one recording."""

    clips: list[tuple[Clip, Extra]]
    rejects: list[dict[str, Any]]
    seconds: float = 0.0
    frames: int = 0


def clips_of(entry: Input, split: Split) -> Found:
    """The clips of one recording and what was left out of it. One that cannot be read, or that trips the measuring up,
    is left out whole: a single odd file must not stop a build of thousands."""
    try:
        return _Video(entry, split).found() if entry.recording.source == "video" else _Speech(entry, split).found()
    except (InputError, EngineError, ArithmeticError, LookupError, ValueError) as problem:
        reason = problem.code if isinstance(problem, InputError) else "failed"
        if not isinstance(problem, InputError):
            log.warning("%s could not be measured", entry.recording.name, exc_info=problem)
        row = {"input": entry.recording.name, "person": entry.recording.person, "sha256": entry.sha256}
        return Found([], [row | {"reason": reason, "detail": str(problem)}])


class _Recorded:
    """What videos and sounds have in common: timing, cutting, papers, rejects."""

    def __init__(self, entry: Input, split: Split) -> None:
        self.entry, self.split = entry, split
        self.result = Found([], [])

    def timed(self, waveform: Waveform) -> Timeline:
        recording = self.entry.recording
        return time_speech(waveform, recording.transcript or None, recording.language)

    def reject(self, start: float, end: float, reason: str, detail: str) -> None:
        row: dict[str, Any] = {"input": self.entry.recording.name, "person": self.entry.recording.person}
        row |= {
            "sha256": self.entry.sha256,
            "start": round(start, 2),
            "end": round(end, 2),
            "reason": reason,
            "detail": detail,
        }
        self.result.rejects.append(row)

    def papers(self, timeline: Timeline, start: float, judgement: filters.Judgement) -> dict[str, Any]:
        told = self.entry.recording.papers | {"sha256": self.entry.sha256, "input": self.entry.id}
        told |= {"start": round(start, 3), "timing": timeline.source, "timing_score": timeline.score}
        told["words"] = [[round(word.start, 3), round(word.end, 3), word.word] for word in timeline.words]
        told["quality"] = {name: round(float(value), 4) for name, value in judgement.figures.items()}
        return told

    def key(self) -> str:
        return f"{self.entry.stem}-{len(self.result.clips):04d}"


class _Speech(_Recorded):
    """Sound without a face: the mouth's controls are those of our own rules."""

    def found(self) -> Found:
        config = replace(EngineConfig(), max_sound_seconds=_LONGEST, max_sound_bytes=_LARGEST)
        waveform = load_waveform(self.entry.recording.path, SAMPLE_RATE, config)
        timeline = self.timed(waveform)
        self.result.seconds = waveform.duration
        for start, end in cut_points(timeline, 0.0, on_frame(waveform.duration)):
            self._add(piece_of(timeline, start, end), sound_of(waveform, start, end), start, end)
        return self.result

    def _add(self, timeline: Timeline, sound: Waveform, start: float, end: float) -> None:
        judgement = filters.Judgement()
        filters.judge_sound(judgement, sound, timeline)
        if timeline.source == "energy":
            judgement.reject("not_timed", "No phones were found in the sound.")
        if judgement.reason:
            self.reject(start, end, judgement.reason, judgement.detail)
            return
        controls, seen = rule_controls(timeline, sound)
        recording = self.entry.recording
        clip = Clip(
            key=self.key(), person=recording.person, split=self.split, language=recording.language, source="speech",
            samples=sound.samples, controls=controls, seen=seen, phones=phone_rows(timeline.phones),
            visemes=frame_visemes(timeline.visemes, len(controls), FRAME_RATE),
            manifest=self.papers(timeline, start, judgement),
        )  # fmt: skip
        self.result.clips.append((clip, {"pitch": _pitch_of(sound)}))


@dataclass(frozen=True)
class _Candidate:
    """A stretch of one face that its sound fits; perhaps it fits another face better."""

    start: float
    end: float
    sync: float
    clip: Clip
    extra: Extra

    def beside(self, other: _Candidate) -> bool:
        """Whether both are there at the same time for a good part of either."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return shared > 0.2 * min(self.end - self.start, other.end - other.start)


class _Video(_Recorded):
    """A talking face: its controls are fitted to what is seen."""

    def __init__(self, entry: Input, split: Split) -> None:
        super().__init__(entry, split)
        self._candidates: list[_Candidate] = []

    def found(self) -> Found:
        video = open_video(self.entry.recording.path)
        waveform = video.sound()
        tracks = list(face_tracks(video.frames(), shared_mesh(), _reader(), filters.SMALLEST_FACE))
        self.result.seconds = waveform.duration
        self.result.frames = sum(track.frames for track in tracks)
        if not tracks:
            self.reject(0.0, waveform.duration, "no_face", "No face large enough was found.")
            return self.result
        timeline = self.timed(waveform)
        for track in tracks:
            self._track(track, timeline, waveform)
        self._choose()
        return self.result

    def _choose(self) -> None:
        """Where several faces move to one sound at one time, it is the voice of the one it fits best, if of any."""
        for one in self._candidates:
            rivals = [other for other in self._candidates if other is not one and one.beside(other)]
            best = max((rival.sync for rival in rivals), default=-1.0)
            if one.sync < best + _CLEARLY:
                told = f"Correlation {one.sync:.2f}, that of another face {best:.2f}."
                self.reject(one.start, one.end, "another_face_speaks", told)
                continue
            clip = replace(one.clip, key=self.key())
            self.result.clips.append((clip, one.extra))

    def _track(self, track: FaceTrack, timeline: Timeline, waveform: Waveform) -> None:
        start, end = track.start / FRAME_RATE, (track.start + track.frames) / FRAME_RATE
        if end - start < filters.SHORTEST:
            self.reject(start, end, "too_short", f"{end - start:.1f} s.")
            return
        judgement = filters.Judgement()
        filters.judge_picture(judgement, track.landmarks, track.samples)
        if judgement.reason:
            self.reject(start, end, judgement.reason, judgement.detail)
            return
        try:
            motion = fit_controls(track.landmarks)
        except ValueError as problem:
            self.reject(start, end, "face_lost", f"{problem}.")
            return
        judgement.figures["fit_residual"] = motion.residual
        for first, last in cut_points(timeline, start, end):
            self._clip(track, motion, judgement, timeline, waveform, (first, last))

    def _clip(
        self,
        track: FaceTrack,
        motion: FittedMotion,
        of_track: filters.Judgement,
        timeline: Timeline,
        waveform: Waveform,
        span: tuple[float, float],
    ) -> None:
        start, end = span
        rows = slice(round(start * FRAME_RATE) - track.start, round(end * FRAME_RATE) - track.start)
        part, sound = piece_of(timeline, start, end), sound_of(waveform, start, end)
        judgement = filters.Judgement(figures=dict(of_track.figures))
        filters.judge_sound(judgement, sound, part)
        if not judgement.reason:
            filters.judge_pose(judgement, motion.pose[rows])
            filters.judge_sync(judgement, motion.opening[rows], sound, part)
        if judgement.reason:
            self.reject(start, end, judgement.reason, judgement.detail)
            return
        visemes = frame_visemes(part.visemes, len(motion.controls[rows]), FRAME_RATE)
        controls, seen = _for_training(motion.controls[rows], motion.seen[rows], visemes)
        recording = self.entry.recording
        papers = self.papers(part, start, judgement) | {"shot": track.shot, "faces_beside": track.others}
        clip = Clip(
            key="", person=recording.person, split=self.split, language=recording.language, source="video",
            samples=sound.samples, controls=controls, seen=seen, phones=phone_rows(part.phones),
            visemes=visemes, manifest=papers,
        )  # fmt: skip
        extra: Extra = {"pitch": _pitch_of(sound), "landmarks": _compact(track.landmarks[rows])}
        extra["rest"] = motion.rest.astype(np.float32)
        self._candidates.append(_Candidate(start, end, judgement.figures["sync"], clip, extra))


def _for_training(
    controls: FloatArray, seen: NDArray[np.bool_], visemes: NDArray[np.int8]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Copies in which ``close`` is known in speech only: lips that rest on each other in a pause are no closure."""
    controls, seen = controls.copy(), seen.copy()
    seen[visemes == VISEMES.index("sil"), CONTROL["close"]] = False
    controls[~seen] = 0.0
    return controls, seen


def _compact(landmarks: NDArray[np.float32]) -> NDArray[np.float16]:
    """Landmarks about the face's middle in face heights: half precision is then a tenth of a pixel."""
    middle = np.nanmedian(landmarks.reshape(-1, 3), axis=0)
    height = np.nanmedian(np.linalg.norm(landmarks[:, 10] - landmarks[:, 152], axis=1))
    compact: NDArray[np.float16] = ((landmarks - middle) / height).astype(np.float16)
    return compact


def _pitch_of(sound: Waveform) -> NDArray[np.float16]:
    """Semitones above 100 Hz each ``prosody.HOP`` seconds, NaN where unvoiced."""
    pitch: NDArray[np.float16] = analyse(sound).pitch.astype(np.float16)
    return pitch


@cache
def _reader() -> MeshModel:
    """The process's own model for following faces."""
    return MeshModel()
