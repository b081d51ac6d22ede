"""A whole video in which two people talk: who speaks when, what the certificate says of each, and the files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpu_worker.config import EngineConfig
from gpu_worker.engines import shared_engines
from gpu_worker.errors import InputError
from gpu_worker.media.video_reader import probe, read_frames
from gpu_worker.motion.style import Style
from gpu_worker.pipeline import animate
from gpu_worker.progress import Progress
from gpu_worker.request import AnimationOutcome, AnimationRequest, FacePlay, Line, TypedSpeech
from tests.gpu_worker.group_photo import two_people

LINES = (
    Line(0, TypedSpeech("Maybe my poppy", voice="woman")),
    Line(1, TypedSpeech("Mama bought beams", voice="woman-old"), pause=0.3),
)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "group.png"
    Image.fromarray(two_people().pixels).save(path)
    return path


def request(photo: Path, lines: tuple[Line, ...], listeners: tuple[int, ...] = ()) -> AnimationRequest:
    config = EngineConfig(preset="ultrafast")
    return AnimationRequest(photo, None, "talk", lines=lines, listeners=listeners, config=config)


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def made(photo: Path, tmp_path_factory: pytest.TempPathFactory, told: list[Progress]) -> AnimationOutcome:
    folder = tmp_path_factory.mktemp("job")
    return animate(request(photo, LINES), shared_engines(), folder, told.append, lambda: False)


def test_both_faces_speak_in_turn_and_are_certified(made: AnimationOutcome, told: list[Progress]) -> None:
    assert made.certificate.verdict in ("green", "amber")
    assert [(face.face, face.role) for face in made.certificate.faces] == [(0, "speaks"), (1, "speaks")]
    for face in made.certificate.faces:
        checks = {check.name: check for check in face.checks}
        for name in ("opening_correlation", "audio_video_offset", "bilabial_closure", "silent_lips", "face_kept"):
            assert checks[name].verdict in ("green", "amber"), (face.face, checks[name])
    whole = {check.name: check for check in made.certificate.checks}
    for name in ("outside_pixels", "rest_is_photo", "sound_complete", "frame_count"):
        assert whole[name].verdict == "green", whole[name]
    assert len(whole) == len(made.certificate.checks), "every name once"
    percents = [report.percent for report in told]
    assert percents == sorted(percents)


def test_the_files_list_the_faces(made: AnimationOutcome) -> None:
    certificate = json.loads(made.certificate_json.read_text())
    assert [face["face"] for face in certificate["faces"]] == [0, 1]
    assert made.timeline_json is not None
    timeline = json.loads(made.timeline_json.read_text())
    words = [[word["word"].lower() for word in face["words"]] for face in timeline["faces"]]
    assert words == [["maybe", "my", "poppy"], ["mama", "bought", "beams"]]
    assert [word["word"].lower() for word in timeline["words"]] == words[0] + words[1]
    assert timeline["faces"][0]["words"][-1]["end"] < timeline["faces"][1]["words"][0]["start"]
    info = probe(made.video)
    assert (info.width, info.height, info.audio_codec) == (424, 240, "aac")


def test_a_listener_keeps_the_lips_shut(photo: Path, tmp_path: Path) -> None:
    outcome = animate(request(photo, LINES[:1], (1,)), shared_engines(), tmp_path, lambda _: None, lambda: False)
    listener = outcome.certificate.faces[1]
    assert listener.role == "listens"
    checks = {check.name: check for check in listener.checks}
    assert checks["silent_lips"].verdict == "green"
    assert float(checks["silent_lips"].value or 0.0) < 0.006
    assert "opening_correlation" not in checks


def test_without_words_each_face_makes_gestures_of_its_own(photo: Path, tmp_path: Path) -> None:
    asked = replace(
        request(photo, ()),
        plays={0: FacePlay(("wink",)), 1: FacePlay((), Style(0, 0, 0, 0, 0, 0))},
        loop=True,
        fps=12.5,
        watermark=False,
    )
    outcome = animate(asked, shared_engines(), tmp_path, lambda _: None, lambda: False)
    assert outcome.timeline is None
    assert outcome.frames == round(asked.silent_seconds * 12.5)
    assert [face.face for face in outcome.certificate.faces] == [0, 1]
    checks = {check.name: check.verdict for check in outcome.certificate.checks}
    assert checks["rest_is_photo"] == checks["outside_pixels"] == checks["frame_count"] == "green"
    moved = np.ptp(np.stack(list(read_frames(outcome.video))).astype(np.int16), axis=0).max(axis=-1)
    half = moved.shape[1] // 2
    assert np.percentile(moved[:, :half], 99) > 2 * np.percentile(moved[:, half:], 99), "one winks, the other is calm"


@pytest.mark.parametrize(
    ("lines", "listeners", "code"),
    [
        ((Line(5, TypedSpeech("hello")),), (), "unknown_face"),
        (LINES, (9,), "unknown_face"),
        (LINES * 51, (), "too_many_lines"),
        ((*LINES, Line(0, TypedSpeech("hello"), start=0.0)), (), "lines_overlap"),
        ((LINES[0], Line(1, TypedSpeech("🙂"))), (), "no_speakable_text"),
    ],
)
def test_what_the_user_can_mend(
    lines: tuple[Line, ...], listeners: tuple[int, ...], code: str, photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        animate(request(photo, lines, listeners), shared_engines(), tmp_path, lambda _: None, lambda: False)
    assert caught.value.code == code
    assert not (tmp_path / "video.mp4").exists()
