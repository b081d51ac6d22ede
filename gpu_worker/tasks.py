"""What workers run: the check of a photo, the check of a sound, and a whole video.

Each task is a thin face of ``animator.services``: it claims its run by token, lets the engine work on files of this
machine, and hands the outcome back. A task that comes twice, or too late, does nothing. RQ's own time-out passes
through every handler here.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from rq import get_current_job

from animator import storage
from animator.conf import engine_config, site_config
from animator.models import Photo, Speech
from animator.services import photo as photo_service
from animator.services import speech as speech_service
from animator.services import upload
from gpu_worker.errors import InputError
from gpu_worker.schema import FaceRig, Finding, Inspection
from picturetalk_site.logs import working_on

log = logging.getLogger(__name__)

#: Set by the worker when it is told to end: work in progress goes back to the queue.
DRAIN = threading.Event()


class Lifeline:
    """Signs of life from a thread of its own, and the order to stop.

    ``beat`` tells the database that the worker lives, ``wanted`` asks whether the run still counts; both answer False
    when it does not. After ``limit_s`` the signs end, so that work which hangs where no signal reaches it is taken for
    lost like that of a dead worker.
    """

    def __init__(self, beat: Callable[[], bool], wanted: Callable[[], bool], limit_s: float) -> None:
        self._beat = beat
        self._wanted = wanted
        self._ends = time.monotonic() + limit_s
        self._over = threading.Event()
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def __enter__(self) -> Lifeline:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def unwanted(self) -> bool:
        """The run was cancelled or given to another worker."""
        return self._unwanted.is_set()

    def stop(self) -> bool:
        """Whether the work should end as soon as it can, for whatever reason."""
        return self._unwanted.is_set() or DRAIN.is_set()

    def _watch(self) -> None:
        config = site_config()
        next_beat = time.monotonic() + config.heartbeat_s
        try:
            while not self._over.wait(config.cancel_poll_s) and time.monotonic() < self._ends:
                due = time.monotonic() >= next_beat
                try:
                    alive = self._beat() if due else self._wanted()
                except DatabaseError as error:
                    log.warning("No sign of life was given: %s", error)
                    connection.close()
                    continue
                if due:
                    next_beat = time.monotonic() + config.heartbeat_s
                if not alive:
                    self._unwanted.set()
                    return
        finally:
            connection.close()


def check_photo(photo_id: str, token: str) -> None:
    """Look for faces; keep a copy without metadata, or say why the photo cannot be used."""
    key = UUID(photo_id)
    photo = upload.claim(Photo, key, token)
    if photo is None:
        return
    with working_on(photo_id), _checking(Photo, key, token, photo_service.reject_photo, photo_service.release_photo):
        with storage.local_copy(photo.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, inspection = _inspect(source, Path(folder))
            kept = storage.store_file(storage.kept_path("photos", key, copy.suffix), copy)
        facts = {
            "width": inspection.width,
            "height": inspection.height,
            "faces": [_face(face, inspection) for face in inspection.faces],
            "findings": [_finding(finding) for finding in inspection.findings],
        }
        if not photo_service.accept_photo(key, token, kept, facts):
            _forget_unless_known(Photo, key, kept.path)


def check_speech(speech_id: str, token: str) -> None:
    """Listen whether there is sound to speak with; keep it as WAV without metadata, or say why it cannot be used."""
    key = UUID(speech_id)
    speech = upload.claim(Speech, key, token)
    if speech is None:
        return
    with (
        working_on(speech_id),
        _checking(Speech, key, token, speech_service.reject_speech, speech_service.release_speech),
    ):
        with storage.local_copy(speech.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, seconds = _listen(source, Path(folder))
            kept = storage.store_file(storage.kept_path("speech", key, copy.suffix), copy)
        if not speech_service.accept_speech(key, token, kept, {"duration_s": round(seconds, 3)}):
            _forget_unless_known(Speech, key, kept.path)


@contextlib.contextmanager
def _checking(
    model: type[upload.U],
    key: UUID,
    token: str,
    reject: Callable[[UUID, str, InputError], bool],
    release: Callable[..., bool],
) -> Iterator[None]:
    """Signs of life around a check; what goes wrong in it ends as a rejection or as another try."""
    limit = site_config().check_timeout_s + site_config().stale_after_s

    def beat() -> bool:
        return upload.keep_alive(model, key, token)

    try:
        with Lifeline(beat, beat, limit):
            yield
    except InputError as error:
        reject(key, token, error)
    except (SystemExit, KeyboardInterrupt):
        release(key, token, counts=False)
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the upload gets another try.
        release(key, token)
        raise


def _inspect(source: Path, folder: Path) -> tuple[Path, Inspection]:
    """The clean copy of a photo and its faces. The copy is what is inspected, since it is what will be rendered."""
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import clean_suffix, load_photo, write_clean_copy

    config = engine_config()
    photo = load_photo(source, config)
    copy = folder / f"copy{clean_suffix(photo)}"
    write_clean_copy(photo, copy)
    # The copy of a small, noisy original may outgrow the limit for uploads.
    kept = load_photo(copy, replace(config, max_photo_bytes=10 * config.max_photo_bytes))
    return copy, inspect_photo(kept, config)


def _listen(source: Path, folder: Path) -> tuple[Path, float]:
    """The clean copy of a sound and its length in seconds."""
    from gpu_worker.media.sound import extract_soundtrack, load_waveform

    config = engine_config()
    waveform = load_waveform(source, config=config)
    return extract_soundtrack(source, folder / "copy.wav", config=config), waveform.duration


def _face(face: FaceRig, inspection: Inspection) -> dict[str, Any]:
    x, y, width, height = face.box
    box = (x / inspection.width, y / inspection.height, width / inspection.width, height / inspection.height)
    return {
        "index": face.index,
        "box": [round(value, 5) for value in box],
        "yaw": round(face.yaw, 1),
        "pitch": round(face.pitch, 1),
        "roll": round(face.roll, 1),
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
