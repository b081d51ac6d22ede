"""Cuts, faces that come and go, and the reasons for which a stretch is not used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
import skimage.data

from gpu_worker.landmarks.base import LocatedFace
from gpu_worker.landmarks.mesh import shared_mesh
from gpu_worker.media.sound import resample
from gpu_worker.motion.prosody import analyse
from gpu_worker.schema import FloatArray, Image, Phone, Timeline, Waveform
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.training.data import filters
from gpu_worker.training.data.fitting import fit_controls
from gpu_worker.training.data.likeness import Faces, shape_distance
from gpu_worker.training.data.pieces import LONGEST, cut_points, piece_of, sound_of
from gpu_worker.training.data.tracks import CutDetector, face_tracks
from gpu_worker.visemes.coarticulation import mouth_opening, viseme_track


def picture(colour: Sequence[int], seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).integers(-6, 7, (48, 64, 3))
    made: Image = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    return made


def test_cuts_are_found_and_movement_is_none() -> None:
    cuts = CutDetector()
    bright, dark = (200, 180, 160), (30, 60, 90)
    frames = [picture(bright, 1), picture(bright, 2), picture(dark, 3), picture(dark, 4), picture(bright, 5)]
    assert [cuts.is_cut(frame) for frame in frames] == [False, False, True, False, True]
    photo = skimage.data.astronaut()
    moving = CutDetector()
    assert not any(moving.is_cut(photo[i : i + 300, 2 * i : 2 * i + 300]) for i in range(0, 60, 3))


class _Engine:
    """Finds the faces it is told, at the frames it is told."""

    name = "told"

    def __init__(self, faces: dict[int, list[FloatArray]]) -> None:
        self._faces, self._asked = faces, -1

    def locate(self, pixels: Image) -> list[LocatedFace]:
        number = int(pixels[0, 0, 0])
        return [LocatedFace(face, 1.0, True, self.name) for face in self._faces.get(number, [])]

    def follow(self, pixels: Image, landmarks: FloatArray) -> LocatedFace | None:
        raise AssertionError("not asked")

    def close(self) -> None:
        pass


@cache
def astronaut_landmarks() -> FloatArray:
    """Of the astronaut's head and shoulders."""
    return shared_mesh().locate(skimage.data.astronaut()[0:256, 100:356].copy())[0].landmarks


def face_at(x: float, size: float = 100.0) -> FloatArray:
    """Landmarks of the astronaut, moved and scaled."""
    landmarks = astronaut_landmarks()
    height = np.linalg.norm(landmarks[10] - landmarks[152])
    moved = (landmarks - landmarks[:468].mean(0)) * (size / height) + np.array([x, 120.0, 0.0])
    face: FloatArray = moved.astype(np.float32)
    return face


def numbered(count: int) -> list[Image]:
    """Frames that know their number, with a cut at 20."""
    frames = []
    for number in range(count):
        frame = np.full((240, 400, 3), 210 if number >= 20 else 60, np.uint8)
        frame[0, 0] = number
        frames.append(frame)
    return frames


def test_faces_are_followed_through_shots() -> None:
    one, two, small = face_at(100.0), face_at(300.0), face_at(200.0, 30.0)
    engine = _Engine({0: [one, two, small], 20: [one]})
    gone_from = 8

    def reader(crop: Image) -> tuple[FloatArray, float]:
        seen.append(1)
        points = np.array([[96.0, 96.0, 0.0]] * 478, np.float32) + face_at(0.0) * np.float32(0.5)
        # Two faces are read in each frame of the first shot; the second one vanishes.
        return points, 0.1 if len(seen) <= 38 and len(seen) % 2 == 0 and len(seen) > 2 * gone_from else 1.0

    seen: list[int] = []
    tracks = list(face_tracks(numbered(40), engine, reader, 64.0))
    assert [(track.shot, track.start) for track in tracks] == [(0, 0), (0, 0), (1, 20)]
    assert sorted(track.frames for track in tracks)[0] < 20
    assert [track.frames for track in tracks if track.shot == 1] == [20]
    assert tracks[0].others == 1
    assert all(track.samples for track in tracks)


@pytest.fixture(scope="module")
def speech() -> tuple[Waveform, Timeline]:
    sound, timeline = synthesise("We have many more long and lovely evenings. Nobody knows why we are so happy here.")
    return resample(sound, 16000), timeline


def reason_of_sound(sound: Waveform, timeline: Timeline) -> str:
    judgement = filters.Judgement()
    filters.judge_sound(judgement, sound, timeline)
    return judgement.reason


def test_reasons_of_the_sound(speech: tuple[Waveform, Timeline]) -> None:
    sound, timeline = speech
    assert reason_of_sound(sound, timeline) == ""
    assert reason_of_sound(sound_of(sound, 0.0, 1.0), piece_of(timeline, 0.0, 1.0)) == "too_short"
    quiet = Timeline("en", "phones", 3.0, (), (Phone("SIL", 0.0, 3.0),), ())
    assert reason_of_sound(Waveform(np.zeros(48000, np.float32), 16000), quiet) == "silent"
    loud = Waveform(np.clip(30.0 * sound.samples, -1.0, 1.0), 16000)
    assert reason_of_sound(loud, timeline) == "clipped"
    noise = np.random.default_rng(0).standard_normal(len(sound.samples)) * 0.2
    assert reason_of_sound(Waveform((0.1 * sound.samples + noise).astype(np.float32), 16000), timeline) == "noisy"


def test_two_voices_are_told_from_one(speech: tuple[Waveform, Timeline]) -> None:
    text = "No, my dear brother, I do not believe a single word of all that you are telling me now."
    for voice, several in (("man", False), ("woman-bright", True)):
        other = resample(synthesise(text, voice=voice)[0], 16000)
        both = Waveform(np.concatenate([speech[0].samples, other.samples]), 16000)
        assert (filters.voices_apart(analyse(both)) > filters.VOICES_APART) == several


def test_sync_is_a_matter_of_time_and_words(speech: tuple[Waveform, Timeline]) -> None:
    sound, timeline = speech
    true = mouth_opening(viseme_track(timeline, sound, 25.0)).astype(np.float64)
    noisy = true + 0.1 * np.random.default_rng(1).standard_normal(len(true))
    cases = {"": noisy, "shifted": np.roll(noisy, 9), "other": np.random.default_rng(2).random(len(true))}
    cases |= {"still": np.full(len(true), 0.1)}
    for name, opening in cases.items():
        judgement = filters.Judgement()
        filters.judge_sync(judgement, opening, sound, timeline)
        assert judgement.reason == ("not_in_sync" if name else ""), name


def test_reasons_of_the_picture() -> None:
    photo = skimage.data.astronaut()[0:256, 100:356].copy()
    landmarks = astronaut_landmarks()

    def reason(crop: Image, points: FloatArray) -> str:
        judgement = filters.Judgement()
        filters.judge_picture(judgement, np.stack([points] * 10), [(crop, landmarks)])
        return judgement.reason

    assert reason(photo, landmarks) == ""
    assert reason(cv2.GaussianBlur(photo, (0, 0), 5.0), landmarks) == "blurred"
    assert reason((photo * 0.12).astype(np.uint8), landmarks) == "dark"
    assert reason(photo, landmarks * np.float32(0.4)) == "too_small"
    covered = photo.copy()
    mouth = landmarks[13, :2].astype(int)
    covered[mouth[1] - 10 : mouth[1] + 40, mouth[0] + 4 : mouth[0] + 22] = (20, 60, 200)
    assert reason(covered, landmarks) == "covered"
    missing = np.full((478, 3), np.nan, np.float32)
    judgement = filters.Judgement()
    filters.judge_picture(judgement, np.stack([landmarks, missing, missing]), [(photo, landmarks)])
    assert judgement.reason == "face_lost"
    turned = filters.Judgement()
    filters.judge_pose(turned, np.array([[50.0, 0.0, 0.0]] * 4))
    assert turned.reason == "turned_away"


def test_a_few_frames_are_no_face() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_controls(np.full((20, 478, 3), np.nan, np.float32))


def test_long_speech_is_cut_in_pauses() -> None:
    phones = []
    for number in range(20):
        phones += [Phone("AA", 2.0 * number, 2.0 * number + 1.7), Phone("SIL", 2.0 * number + 1.7, 2.0 * number + 2.0)]
    timeline = Timeline("en", "forced", 40.0, (), tuple(phones), ())
    pieces = cut_points(timeline, 0.0, 40.0)
    assert pieces[0][0] == 0.0
    assert pieces[-1][1] == 40.0
    assert all(one[1] == other[0] for one, other in pairwise(pieces))
    assert all(end - start <= LONGEST + 0.04 for start, end in pieces)
    assert all(abs((start % 2.0) - 1.85) < 0.03 for start, _ in pieces[1:])
    part = piece_of(timeline, *pieces[1])
    assert part.phones[0].start == 0.0
    assert abs(part.phones[-1].end - part.duration) < 1e-6
    assert len(sound_of(Waveform(np.zeros(16000, np.float32), 16000), 0.5, 2.0).samples) == 24000


def test_one_person_under_two_names_is_pointed_out() -> None:
    random = np.random.default_rng(0)
    one = astronaut_landmarks()[:468].astype(np.float64)
    one = (one - one.mean(0)) / np.linalg.norm(one[10] - one[152])
    other = one + 0.01 * np.sin(20.0 * one[:, ::-1])
    faces = Faces()
    turned = 1.3 * (one + 0.002 * random.standard_normal(one.shape)) @ np.diag([1.0, 1.0, 1.0]) + 5.0
    faces.add("ann", "train", one.astype(np.float32))
    faces.add("anna", "test", turned.astype(np.float32))
    faces.add("bob", "test", other.astype(np.float32))
    faces.add("ann's twin", "train", one.astype(np.float32))
    assert {(first, second) for first, second, _ in faces.alike()} == {("ann", "anna"), ("ann's twin", "anna")}
    assert shape_distance(one, other) > 0.006
