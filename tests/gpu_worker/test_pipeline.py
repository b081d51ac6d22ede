"""Whole jobs on a real portrait, short ones: what comes out, what is said on the way, and how they end early."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpu_worker import making
from gpu_worker.config import EngineConfig
from gpu_worker.engines import Engines, shared_engines
from gpu_worker.errors import Cancelled, FallbackForbiddenError, InputError, StageFileError
from gpu_worker.making import Making
from gpu_worker.media.photo import load_photo
from gpu_worker.media.sound import write_wav
from gpu_worker.media.video_reader import probe, read_frames
from gpu_worker.pipeline import animate
from gpu_worker.progress import STAGES, Progress, Reporter
from gpu_worker.request import AnimationOutcome, AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import Certificate, Waveform
from gpu_worker.schema import Image as ImageArray
from gpu_worker.stage_files import read_certificate, read_film, read_score, write_result

CONFIG = EngineConfig(preset="ultrafast")
TEXT = "Maybe my poppy"


@pytest.fixture(scope="module")
def engines() -> Engines:
    return shared_engines()


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import skimage.data
    from PIL import Image

    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    astronaut = np.asarray(skimage.data.astronaut())
    Image.fromarray(astronaut[:256, 100:356]).save(path)
    return path


def _never() -> bool:
    return False


def _run(
    request: AnimationRequest,
    engines: Engines,
    folder: Path,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] = _never,
) -> AnimationOutcome:
    return animate(request, engines, folder, progress or (lambda _: None), cancelled)


def _typed(portrait: Path, **changes: object) -> AnimationRequest:
    given: dict[str, object] = {"photo": portrait, "speech": TypedSpeech(TEXT), "job_id": "test", "config": CONFIG}
    return AnimationRequest(**(given | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def made(
    portrait: Path, engines: Engines, tmp_path_factory: pytest.TempPathFactory, told: list[Progress]
) -> AnimationOutcome:
    return _run(_typed(portrait), engines, tmp_path_factory.mktemp("job"), told.append)


def _frames_digest(path: Path) -> str:
    digest = hashlib.sha256()
    for frame in read_frames(path):
        digest.update(frame.tobytes())
    return digest.hexdigest()


def test_the_results_are_whole_files(made: AnimationOutcome) -> None:
    info = probe(made.video)
    assert (info.video_codec, info.audio_codec, info.frames) == ("h264", "aac", made.frames)
    assert (info.width, info.height) == (made.width, made.height) == (256, 256)
    names = sorted(path.name for path in made.video.parent.iterdir())
    assert names == ["certificate.json", "poster.jpg", "timeline.json", "video.mp4"]
    timeline = json.loads(made.timeline_json.read_text()) if made.timeline_json else {}
    assert timeline["source"] == "events"
    assert [word["word"].lower() for word in timeline["words"]] == TEXT.lower().split()
    assert timeline["phones"][-1]["end"] == pytest.approx(made.frames / made.fps, abs=1e-3)
    assert set(made.seconds) == set(STAGES)


def test_stages_that_know_each_other_by_their_files_make_the_same_video(
    made: AnimationOutcome, portrait: Path, engines: Engines, tmp_path: Path
) -> None:
    """Each stage in a folder of its own, with nothing in memory of the one before."""
    folders = [tmp_path / name for name in ("speech", "render", "check")]
    told: list[Progress] = []
    speech, render, check = (
        Making(_typed(portrait), engines, folder, Reporter(told.append, _never)) for folder in folders
    )
    _carried(write_result(speech.compose(ahead=False), folders[0], "score"), folders[1:])
    film = render.film(read_score(folders[1]), 1)
    _carried([*write_result(film, folders[1], "film-1"), film.video, film.poster], folders[2:])
    score, film = read_score(folders[2]), read_film(folders[2], 1)
    certificate = check.check(score, film)
    outcome = check.deliver(score, film, certificate, 1)
    assert _frames_digest(outcome.video) == _frames_digest(made.video)
    assert outcome.certificate == made.certificate
    assert outcome.timeline == made.timeline
    stages = [one.stage for one in told]
    assert sorted(set(stages), key=stages.index) == list(STAGES)
    write_result(certificate, tmp_path, "certificate-1")
    assert read_certificate(tmp_path, 1) == certificate


def _carried(files: list[Path], folders: list[Path]) -> None:
    for folder in folders:
        for path in files:
            shutil.copyfile(path, folder / path.name)


def test_stage_files_are_data_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(StageFileError):
        read_score(tmp_path)
    write_result(Certificate("green", ()), tmp_path, "score")
    with pytest.raises(StageFileError, match="something else"):
        read_score(tmp_path)
    document = tmp_path / "score.json"
    document.write_text(document.read_text().replace('"Certificate"', '"Path"'))
    with pytest.raises(StageFileError):
        read_score(tmp_path)
    document.write_text('{"format": 0}')
    with pytest.raises(StageFileError, match="format 0"):
        read_score(tmp_path)
    with pytest.raises(TypeError):
        write_result(object(), tmp_path, "score")  # type: ignore[arg-type]


def test_the_certificate_vouches_for_lips_and_background(made: AnimationOutcome) -> None:
    checks = {check.name: check for check in made.certificate.checks}
    assert checks["opening_correlation"].value is not None
    assert float(checks["opening_correlation"].value) >= 0.9
    for name in (
        "audio_video_offset", "bilabial_closure", "outside_pixels", "rest_is_photo", "face_kept", "frame_count",
        "frozen_frames", "sound_complete",
    ):  # fmt: skip
        assert checks[name].verdict == "green", checks[name]
    engines, versions = made.certificate.engines, made.certificate.versions
    assert (engines["render"], engines["landmarks"], engines["voice"]) == ("warp", "mediapipe-mesh", "espeak-ng")
    assert versions["landmarks"].startswith("mediapipe ")
    assert versions["encoder"].startswith("ffmpeg ")
    assert json.loads(made.certificate_json.read_text())["versions"] == versions
    assert made.certificate.fallbacks == ()


def test_progress_is_honest(made: AnimationOutcome, told: list[Progress]) -> None:
    assert made.attempts == 1
    stages = [report.stage for report in told]
    assert sorted(set(stages), key=stages.index) == list(STAGES)
    percents = [report.percent for report in told]
    assert percents == sorted(percents)
    assert percents[-1] == 100.0
    assert all(report.percent < 100.0 for report in told[:-1])
    assert told[-1].eta_s == 0.0


def test_the_first_frame_is_the_labelled_photo(made: AnimationOutcome, portrait: Path) -> None:
    from PIL import Image

    photo = np.asarray(Image.open(portrait).convert("RGB")).astype(int)
    first = next(iter(read_frames(made.video))).astype(int)
    differences = np.abs(first - photo).mean(-1)
    assert np.median(differences) < 4.0
    assert differences[:26, :90].max() > 60, "no label in the upper left corner"


def test_same_seed_same_frames_other_seed_other_frames(
    made: AnimationOutcome, portrait: Path, engines: Engines, tmp_path: Path
) -> None:
    again = _run(_typed(portrait), engines, tmp_path / "again")
    other = _run(_typed(portrait, seed=11), engines, tmp_path / "other")
    assert _frames_digest(again.video) == _frames_digest(made.video)
    assert _frames_digest(other.video) != _frames_digest(made.video)


def test_an_engine_that_nobody_may_replace_is_waited_for(portrait: Path, engines: Engines, tmp_path: Path) -> None:
    alone = replace(engines, renderers={"warp": engines.renderers["warp"]})
    config = replace(CONFIG, engine="torch", no_fallback=frozenset({"torch"}))
    with pytest.raises(FallbackForbiddenError, match="torch"):
        _run(_typed(portrait, config=config), alone, tmp_path / "refused")
    # A request's own choice is its user's to mend.
    with pytest.raises(InputError, match="torch"):
        _run(_typed(portrait, engine="torch"), alone, tmp_path / "asked")


def test_recorded_sound_with_its_words(portrait: Path, engines: Engines, tmp_path: Path) -> None:
    from gpu_worker.speech.synthesis import synthesise

    waveform, _ = synthesise("Mama made me a poppy")
    sound = write_wav(waveform, tmp_path / "speech.wav")
    speech = SoundSpeech(sound, "Mama made me a poppy")
    outcome = _run(_typed(portrait, speech=speech), engines, tmp_path / "job")
    assert outcome.timeline is not None
    assert outcome.timeline.source == "forced"
    assert outcome.certificate.verdict in ("green", "amber")


def test_gestures_alone_make_a_silent_loop(portrait: Path, engines: Engines, tmp_path: Path) -> None:
    outcome = _run(_typed(portrait, speech=None, gestures=("wink",)), engines, tmp_path / "job")
    assert probe(outcome.video).audio_codec is None
    assert outcome.timeline_json is None
    checks = {check.name: check.verdict for check in outcome.certificate.checks}
    assert checks["rest_is_photo"] == checks["outside_pixels"] == checks["frame_count"] == "green"


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "sign"])
def test_cancelling_in_any_stage_is_quick_and_leaves_no_video(
    stage: str, portrait: Path, engines: Engines, tmp_path: Path
) -> None:
    reached: list[float] = []

    def progress(report: Progress) -> None:
        if report.stage == stage and not reached:
            reached.append(time.monotonic())

    with pytest.raises(Cancelled):
        _run(_typed(portrait), engines, tmp_path / "job", progress, lambda: bool(reached))
    assert not (tmp_path / "job" / "video.mp4").exists()
    assert not list((tmp_path / "job").glob(".*partial*"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"speech": TypedSpeech("🙂🙂")}, "no_speakable_text"),
        ({"speech": TypedSpeech("hello", language="xx")}, "unsupported_language"),
        ({"fps": 500.0}, "bad_fps"),
        ({"face": 4}, "unknown_face"),
        ({"engine": "neural"}, "engine_unavailable"),
        ({"speech": None, "gestures": ("somersault",)}, "unknown_gesture"),
        ({"speech": None}, "unknown_gesture"),
    ],
)
def test_what_the_user_can_mend(
    changes: dict[str, object], code: str, portrait: Path, engines: Engines, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        _run(_typed(portrait, **changes), engines, tmp_path / "job")
    assert caught.value.code == code
    assert caught.value.hint


def test_a_red_video_is_made_once_more_and_reported(
    portrait: Path, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpu_worker.quality.outside import OutsideWatch

    class Suspicious(OutsideWatch):
        """Claims that a pixel changed outside the moving region."""

        def see(self, frame: ImageArray, resting: bool = False) -> None:
            super().see(frame, resting)
            self.changed += 1

    monkeypatch.setattr(making, "OutsideWatch", Suspicious)
    percents: list[float] = []
    request = _typed(portrait, speech=None, gestures=("blink",))
    outcome = _run(request, engines, tmp_path / "job", lambda report: percents.append(report.percent))
    assert (outcome.attempts, outcome.certificate.verdict) == (2, "red")
    assert outcome.video.exists()
    assert percents == sorted(percents)


def test_sound_of_another_rate_stays_in_time(portrait: Path, engines: Engines, tmp_path: Path) -> None:
    """Half a second of silence, a tone, silence: the tone must sound in the video where it did in the file."""
    times = np.arange(int(1.6 * 22050)) / 22050
    tone = np.where((times > 0.5) & (times < 1.0), 0.4 * np.sin(2 * np.pi * 180 * times), 0.0)
    path = write_wav(Waveform(tone.astype(np.float32), 22050), tmp_path / "tone.wav")
    outcome = _run(_typed(portrait, speech=SoundSpeech(path, "ah")), engines, tmp_path / "job")
    checks = {check.name: check for check in outcome.certificate.checks}
    assert checks["sound_complete"].verdict == "green"
    assert checks["sound_likeness"].verdict == "green"


def test_the_video_carries_the_jobs_watermark(made: AnimationOutcome) -> None:
    from gpu_worker.provenance.verify import verify_file
    from gpu_worker.provenance.watermark.code import watermark_id

    told = verify_file(made.video)
    assert told.tags.job_id == "test"
    assert told.watermark.state == "found"
    assert told.watermark.id == watermark_id("test")


def test_the_marks_can_be_switched_off_for_a_whole_site(portrait: Path, engines: Engines, tmp_path: Path) -> None:
    from gpu_worker.provenance.verify import verify_file

    config = replace(CONFIG, watermark=False, label=False)
    request = _typed(portrait, config=config, speech=None, gestures=("blink",))
    outcome = _run(request, engines, tmp_path / "job")
    assert verify_file(outcome.video).watermark.state != "found"
    first, photo = next(iter(read_frames(outcome.video))), load_photo(portrait, config).pixels
    assert np.abs(first[:26, :90].astype(int) - photo[:26, :90]).mean() < 4.0, "no label in its corner"
