"""What workers run: the checks of a photo, a sound and a stranger's file, and a whole video.

Each task is a thin face of ``animator.services``: it claims its run by token, lets the engine work on files of this
machine, and hands the outcome back. A task that comes twice, or too late, does nothing. RQ's own time-out passes
through every handler here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from rq import get_current_job

from animator import phrases, storage
from animator.conf import engine_config, signing_folder, site_config, trust_anchors, work_root
from animator.models import ConsentRequest, Job, Photo, Speech, SpeechTimeline
from animator.models.speech import SpeechKind
from animator.selectors.file_check import job_by_likeness, job_by_sha256
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.script import speeches_of
from animator.selectors.timeline import measured_words, timeline_of
from animator.services import (
    consent_answer,
    export,
    file_check,
    job_run,
    notice,
    photo_screening,
    screening,
    sound_choice,
    upload,
)
from animator.services import photo as photo_service
from animator.services import speech as speech_service
from animator.services.photo_screening import PhotoEvidence
from gpu_worker.errors import Cancelled, EngineError, InputError
from gpu_worker.lifeline import Lifeline
from gpu_worker.progress import Progress
from gpu_worker.request import AnimationOutcome, AnimationRequest, Line, SoundSpeech, TypedSpeech
from gpu_worker.schema import FaceRig, Finding, Image, Inspection, Timeline, Waveform
from picturetalk_site.logs import working_on

if TYPE_CHECKING:
    from gpu_worker.media.sound_findings import SoundReport
    from gpu_worker.provenance.fingerprint import Fingerprint

log = logging.getLogger(__name__)


def check_photo(photo_id: str, token: str) -> None:
    """Look for faces; keep a copy without metadata, or say why the photo cannot be used."""
    key = UUID(photo_id)
    photo = upload.claim(Photo, key, token)
    if photo is None:
        return
    with working_on(photo_id), _checking(Photo, key, token, photo_service.reject_photo, photo_service.release_photo):
        with storage.local_copy(photo.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, inspection, evidence = _inspect(source, Path(folder))
            photo_screening.judge(key, evidence)
            kept = storage.store_file(storage.kept_path("photos", key, copy.suffix), copy)
        facts = {
            "width": inspection.width,
            "height": inspection.height,
            "hashes": list(evidence.hashes),
            "faces": [_face(face, inspection) for face in inspection.faces],
            "findings": [_finding(finding) for finding in inspection.findings],
        }
        if not photo_service.accept_photo(key, token, kept, facts):
            _forget_unless_known(Photo, key, kept.path)


def check_speech(speech_id: str, token: str) -> None:
    """Listen whether there is sound to speak with; keep it as WAV without metadata, or say why it cannot be used.

    A recording that was kept already gets the cleaned copy that its owner asked for.
    """
    key = UUID(speech_id)
    speech = upload.claim(Speech, key, token)
    if speech is None:
        return
    if not speech.source_path:
        _clean_speech(speech, token)
        return
    with (
        working_on(speech_id),
        _checking(Speech, key, token, speech_service.reject_speech, speech_service.release_speech),
    ):
        with storage.local_copy(speech.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, report = _listen(source, Path(folder))
            kept = storage.store_file(storage.kept_path("speech", key, copy.suffix), copy)
        facts = {"duration_s": round(report.duration, 3), "findings": [_finding(one) for one in report.findings]}
        if not speech_service.accept_speech(key, token, kept, facts):
            _forget_unless_known(Speech, key, kept.path)


def _clean_speech(speech: Speech, token: str) -> None:
    """The copy of a recording with less noise, or without silence at its ends."""
    from gpu_worker.media.sound_cleaning import clean_sound

    key = speech.id
    with (
        working_on(str(key)),
        _checking(Speech, key, token, sound_choice.use_original, sound_choice.release_copy),
    ):
        with storage.local_copy(speech.original_path) as source, tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "cleaned.wav"
            seconds = clean_sound(source, copy, denoise=speech.denoise, trim=speech.trim)
            kept = storage.store_file(storage.cleaned_path(key, token), copy)
        if not sound_choice.accept_copy(key, token, kept, seconds):
            _forget_unless_known(Speech, key, kept.path)


def check_file(check_id: str, token: str) -> None:
    """Ask a stranger's file whether it comes from here; the file is gone afterwards, whatever it says."""
    from gpu_worker.provenance.verify import verify_file

    key = UUID(check_id)
    check = file_check.claim(key, token)
    if check is None:
        return

    def beat() -> bool:
        return file_check.keep_alive(key, token)

    def made_by(own: Fingerprint) -> str | None:
        job = job_by_sha256(own.sha256) or job_by_likeness(own.frames)
        return None if job is None else str(job)

    reject, release = file_check.reject, file_check.release
    with working_on(check_id), _ending(key, token, beat, reject, release):
        with storage.local_copy(check.source_path) as source:
            found = verify_file(source, trust_anchors(), made_by)
        file_check.finish(key, token, found.as_dict())


def send_notice(notice_id: str) -> None:
    """Mail one message to somebody whom a decision concerns."""
    notice.send(UUID(notice_id))


def check_voice(request_id: str, token: str) -> None:
    """Listen whether a person spoke their phrase; the recording is gone afterwards unless the operator keeps it."""
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.speech.phrase_check import hear_phrase

    key = UUID(request_id)
    request = consent_answer.claim(key, token)
    if request is None:
        return

    def beat() -> bool:
        return consent_answer.keep_alive(key, token)

    with working_on(request_id), _ending(key, token, beat, consent_answer.reject, consent_answer.release):
        with storage.local_copy(request.source_path) as source:
            waveform = load_waveform(source, config=engine_config())
            heard = hear_phrase(waveform, request.phrase, phrases.WORDS[request.language], request.language)
            kept = _kept_voice(request, waveform)
        if not consent_answer.finish(key, token, heard.transcript, heard.score, kept):
            storage.erase([kept])


def preview_speech(
    text: str,
    language: str,
    voice: str,
    speed: float,
    pitch: float,
    said: str = "",
    dictionary: dict[str, str] | None = None,
) -> bytes | dict[str, str]:
    """Typed words as a WAV file, or the refusal as the API says it. Somebody listens at this very moment.

    ``said`` is how the whole of ``text``, then a word, is pronounced; else its words are as ``dictionary`` says.
    """
    from gpu_worker.media.sound import wav_bytes
    from gpu_worker.speech.dictionary import how_said
    from gpu_worker.speech.passage import Passage
    from gpu_worker.speech.synthesis import synthesise, synthesise_passages

    try:
        if said:
            respelled, ipa = how_said(said)
            passages = [Passage(text, respelled=respelled, ipa=ipa)]
            waveform, _ = synthesise_passages(passages, language, voice or None, speed, pitch, engine_config())
        else:
            waveform, _ = synthesise(text, language, voice or None, speed, pitch, engine_config(), dictionary)
    except InputError as error:
        return error.as_dict()
    return wav_bytes(waveform)


def hash_picture(picture: bytes) -> dict[str, Any]:
    """The hashes of a picture that nobody keeps, or the refusal as the API says it."""
    from gpu_worker.media.photo import load_photo
    from gpu_worker.provenance.photo_hash import photo_hash

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.bin"
        path.write_bytes(picture)
        try:
            pixels = load_photo(path, engine_config()).pixels
        except InputError as error:
            return error.as_dict()
    digest = hashlib.sha256(picture).hexdigest()
    return {"sha256": digest, "hashes": list(photo_hash(pixels, digest).family)}


def build_export(export_id: str, token: str) -> None:
    """Pack everything that one person gave into a zip file."""
    key = UUID(export_id)
    wanted = export.claim(key, token)
    if wanted is None:
        return

    def beat() -> bool:
        return export.keep_alive(key, token)

    with working_on(export_id), _ending(key, token, beat, _nothing_to_reject, export.release):
        with tempfile.TemporaryDirectory() as folder:
            packed = Path(folder) / "export.zip"
            export.pack(wanted.owner, packed)
            kept = storage.store_file(storage.kept_path("exports", key, ".zip"), packed)
        export.finish(key, token, kept)


def _nothing_to_reject(key: UUID, token: str, error: InputError) -> bool:
    """An export has no input that could be at fault."""
    return export.release(key, token)


def run_job(job_id: str, token: str) -> None:
    """Make a whole video. Ends in storage and a result, in an error the user can mend, or back in the queue.

    ``token`` is a ticket for whichever job is next in turn, which may be another than ``job_id``.
    """
    from gpu_worker.engines import shared_engines
    from gpu_worker.pipeline import animate

    job = job_run.claim_next(token, _worker_name())
    if job is None:
        return
    key, job_id = job.id, str(job.id)
    limit = site_config().job_timeout_s
    with working_on(job_id), _finishing(key, token), work_folder(job_id, token) as folder:
        with lifeline(lambda: job_run.beat(key, token), lambda: job_run.is_mine(key, token), limit) as life:
            started = time.monotonic()
            with animation_request(job) as request:
                request = replace(request, heard=_listener(job))
                outcome = animate(request, shared_engines(), folder, _Teller(key, token), life.stop)
            video = _store(key, token, outcome)
        if job_run.finish(key, token, video):
            log.info("Made a video of %.1f s in %.1f s", video.duration_s, time.monotonic() - started)


def _listener(job: Job) -> Callable[[Timeline], None]:
    """Screens the words of a recording as soon as they are known; typed ones were screened before they were queued."""

    def heard(timeline: Timeline) -> None:
        """Raises Cancelled when the job is held, InputError when a rule refuses it."""
        words = " ".join(word.word for word in timeline.words)
        # Written otherwise by hand, a recording still says what was heard in it.
        measured = [measured_words(row.speech) for row in job.timelines.select_related("speech")]
        words = "\n".join(part for part in (words, *measured) if part)
        sounds = any(one.kind != SpeechKind.TYPED for one in speeches_of(job))
        if sounds and not screening.screen_heard(job, words, timeline.source):
            raise Cancelled

    return heard


def lifeline(beat: Callable[[], bool], wanted: Callable[[], bool], timeout_s: float) -> Lifeline:
    """Signs of life in the database, a little longer than RQ lets the work take."""
    config = site_config()
    return Lifeline(
        beat,
        wanted,
        beat_every_s=config.heartbeat_s,
        ask_every_s=config.cancel_poll_s,
        limit_s=timeout_s + config.stale_after_s,
        passing=(DatabaseError,),
        reset=lambda: connection.close(),
    )


class _Teller:
    """Passes the pipeline's progress on, a few times a second, changes of stage at once."""

    def __init__(self, key: UUID, token: str) -> None:
        self._key, self._token = key, token
        self._stage, self._told_at = "", -1.0

    def __call__(self, progress: Progress) -> None:
        """Raises Cancelled when the run is no longer wanted."""
        now = time.monotonic()
        if progress.stage == self._stage and now - self._told_at < 1.0 / site_config().events_per_second:
            return
        self._stage, self._told_at = progress.stage, now
        if not job_run.progress(self._key, self._token, progress.stage, progress.percent, progress.eta_s):
            raise Cancelled


@contextlib.contextmanager
def _finishing(key: UUID, token: str) -> Iterator[None]:
    """What goes wrong in a run ends as the user's error, as another try, or back in the queue."""
    try:
        yield
    except Cancelled:
        # Either the user's wish, then this changes nothing, or the worker's shutdown.
        job_run.hand_back(key, token)
    except InputError as error:
        job_run.fail_input(key, token, error)
    except (SystemExit, KeyboardInterrupt):
        job_run.hand_back(key, token)
        raise
    except EngineError as error:
        job_run.fail_ours(key, token, permanent=error.permanent)
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the job gets another run.
        job_run.fail_ours(key, token)
        raise


@contextlib.contextmanager
def animation_request(job: Job) -> Iterator[AnimationRequest]:
    """What the pipeline is asked for; the job's files are on this machine as long as the block lasts."""
    limits = engine_config()
    # What was kept has passed the limits for uploads; without its compression it may be larger than them.
    config = replace(
        limits,
        max_side=min(limits.max_side, job.max_side or limits.max_side),
        max_photo_bytes=10 * limits.max_photo_bytes,
        max_sound_bytes=10 * limits.max_sound_bytes,
    )
    with contextlib.ExitStack() as files:
        edited = {row.speech_id: row for row in job.timelines.all()}
        rows = list(job.lines.select_related("speech"))
        lines = tuple(
            Line(row.face_index, _spoken(row.speech, files, edited), row.pause_s, row.start_s) for row in rows
        )
        listening = job.faces.filter(speaks=False).values_list("face_index", flat=True)
        yield AnimationRequest(
            photo=files.enter_context(storage.local_copy(job.photo.path)),
            speech=None if lines else _spoken(job.speech, files, edited),
            job_id=str(job.id),
            face=None if lines else job.face_index,
            lines=lines,
            listeners=tuple(listening) if lines else (),
            seed=job.seed,
            signing_folder=signing_folder(),
            config=config,
        )


def _spoken(
    words: Speech, files: contextlib.ExitStack, timelines: Mapping[UUID, SpeechTimeline]
) -> TypedSpeech | SoundSpeech:
    """What is said, as its owner says names and as they corrected it; a sound's file is there until ``files`` are
    closed."""
    row = timelines.get(words.id)
    edited = timeline_of(row) if row is not None else None
    dictionary = dictionary_for(words.owner_id, words.language) or None
    if words.kind == SpeechKind.TYPED:
        spoken = files.enter_context(storage.local_copy(row.sound_path)) if row is not None else None
        return TypedSpeech(
            words.text, words.language, words.voice or None, words.speed, words.pitch, dictionary, edited, spoken
        )
    sound = files.enter_context(storage.local_copy(words.path))
    return SoundSpeech(
        sound, words.transcript or None, words.language, dictionary, normalise=words.normalise, timeline=edited
    )


@contextlib.contextmanager
def work_folder(job_id: str, token: str) -> Iterator[Path]:
    """A folder of this run alone, gone at its end; what a killed run of the same job left on this machine goes too."""
    root = work_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in root.glob(f"{UUID(job_id)}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = root / f"{UUID(job_id)}-{token}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_old_work(older_than_s: float) -> int:
    """Remove folders of runs that ended without doing so themselves; returns how many."""
    count = 0
    for folder in work_root().glob("*-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > older_than_s:
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count


def _store(key: UUID, token: str, outcome: AnimationOutcome) -> job_run.FinishedVideo:
    """Put the finished files into the run's own folder in storage."""
    folder = storage.result_folder(key, token)
    try:
        return _stored(folder, outcome)
    except BaseException:
        # Half a result is none; also when the time was up, or the worker was told to end, while it was written.
        storage.erase_folder(folder)
        raise


def _frame_hashes(video: Path) -> tuple[str, ...]:
    """By which a re-encoded copy of the video is known again; none where it cannot be decoded."""
    from gpu_worker.provenance.containers import sniff
    from gpu_worker.provenance.fingerprint import fingerprint
    from gpu_worker.provenance.frames import sample_luma

    try:
        return fingerprint(video, sample_luma(video, sniff(video))).frames
    except InputError as error:
        log.warning("A finished video has no fingerprint: %s", error.code)
        return ()


def _stored(folder: str, outcome: AnimationOutcome) -> job_run.FinishedVideo:
    video = storage.store_file(f"{folder}/video.mp4", outcome.video)
    others = [("poster.jpg", outcome.poster), ("certificate.json", outcome.certificate_json)]
    if outcome.timeline_json is not None:
        others.append(("timeline.json", outcome.timeline_json))
    stored = [storage.store_file(f"{folder}/{name}", path) for name, path in others]
    return job_run.FinishedVideo(
        folder=folder,
        video=video,
        other_bytes=sum(file.bytes for file in stored),
        width=outcome.width,
        height=outcome.height,
        fps=outcome.fps,
        duration_s=outcome.frames / outcome.fps,
        verdict=outcome.certificate.verdict,
        certificate=json.loads(outcome.certificate_json.read_text(encoding="utf-8")),
        frames=_frame_hashes(outcome.video),
    )


@contextlib.contextmanager
def _checking(
    model: type[upload.U],
    key: UUID,
    token: str,
    reject: Callable[[UUID, str, InputError], bool],
    release: Callable[..., bool],
) -> Iterator[None]:
    """The same for a photo or a speech."""
    with _ending(key, token, lambda: upload.keep_alive(model, key, token), reject, release):
        yield


@contextlib.contextmanager
def _ending(
    key: UUID,
    token: str,
    beat: Callable[[], bool],
    reject: Callable[[UUID, str, InputError], bool],
    release: Callable[..., bool],
) -> Iterator[None]:
    """Signs of life around any check; what goes wrong in it ends as a rejection or as another try."""
    try:
        with lifeline(beat, beat, site_config().check_timeout_s):
            yield
    except InputError as error:
        reject(key, token, error)
    except (SystemExit, KeyboardInterrupt):
        release(key, token, counts=False)
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the file gets another try.
        release(key, token)
        raise


def _inspect(source: Path, folder: Path) -> tuple[Path, Inspection, PhotoEvidence]:
    """The clean copy of a photo, its faces, and what speaks against it.

    The copy is what is inspected, since it is what will be rendered. The metadata went as the photo arrived; a JPEG
    that needs nothing else is kept bit for bit.
    """
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import clean_suffix, load_photo, needs_no_change, write_clean_copy

    config = engine_config()
    photo = load_photo(source, config)
    copy = folder / f"copy{clean_suffix(photo)}"
    if needs_no_change(source, photo):
        shutil.copyfile(source, copy)
    else:
        write_clean_copy(photo, copy)
    # The copy of a small, noisy original may outgrow the limit for uploads.
    kept = load_photo(copy, replace(config, max_photo_bytes=10 * config.max_photo_bytes))
    return copy, inspect_photo(kept, config), _evidence(kept.pixels)


def _evidence(pixels: Image) -> PhotoEvidence:
    from gpu_worker.provenance.photo_hash import photo_hash
    from gpu_worker.screening.nudity import NudityReport, intimate_parts, look_for_nudity

    report = look_for_nudity(pixels) if settings.NUDITY_ACTION != "off" else NudityReport(False)
    parts = intimate_parts(report.parts, settings.NUDITY_THRESHOLD)
    return PhotoEvidence(
        hashes=photo_hash(pixels, "").family,
        intimate=tuple((part.name, part.score) for part in parts),
        checked=report.checked,
        why=report.why,
    )


def _listen(source: Path, folder: Path) -> tuple[Path, SoundReport]:
    """The clean copy of a sound, and what its owner should know of it."""
    from gpu_worker.media.sound import extract_soundtrack, load_waveform
    from gpu_worker.media.sound_findings import inspect_sound

    config = engine_config()
    waveform = load_waveform(source, config=config)
    return extract_soundtrack(source, folder / "copy.wav", config=config), inspect_sound(waveform)


def _kept_voice(request: ConsentRequest, waveform: Waveform) -> str:
    """The path of a copy beside the photo, where the operator keeps recordings; else ""."""
    from gpu_worker.media.sound import wav_bytes

    if not site_config().keep_consent_recordings:
        return ""
    path = storage.beside_photo(request.photo_id, "consent", request.id, ".wav")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "voice.wav"
        copy.write_bytes(wav_bytes(waveform))
        return storage.store_file(path, copy).path


def _face(face: FaceRig, inspection: Inspection) -> dict[str, Any]:
    import numpy as np

    from gpu_worker.rendering.youth import measure_youth

    x, y, width, height = face.box
    box = (x / inspection.width, y / inspection.height, width / inspection.width, height / inspection.height)
    return {
        "index": face.index,
        "box": [round(value, 5) for value in box],
        "yaw": round(face.yaw, 1),
        "pitch": round(face.pitch, 1),
        "roll": round(face.roll, 1),
        # The proportions of a small child's face, in [0, 1].
        "child": round(measure_youth(face.landmarks.astype(np.float64), face.height).milk_teeth, 2),
        "findings": [_finding(finding) for finding in face.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return asdict(finding)


def _forget_unless_known(model: type[Photo] | type[Speech], key: UUID, path: str) -> None:
    """Erase a kept file that no row refers to: the upload was deleted, or another run was faster."""
    if not model.objects.filter(id=key, path=path).exists():
        storage.erase([path])


def _worker_name() -> str:
    job = get_current_job()
    return (job.worker_name if job is not None else None) or socket.gethostname()
