"""Videos, stage by stage: a run is claimed, goes on while the next stage is for this worker, and each kind of ending
leads where it belongs."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, connection
from rq import get_current_job

from animator import queue
from animator.conf import site_config
from animator.models import Job
from animator.models.job_stage import StageName
from animator.models.speech import SpeechKind
from animator.selectors.script import speeches_of
from animator.selectors.timeline import measured_words
from animator.services import job_run, job_stage, lanes, screening
from animator.services.job_stage import ORDER, Step
from gpu_worker.capabilities import cuda_present
from gpu_worker.errors import Cancelled, EngineError, FallbackForbiddenError, InputError, StageFileError
from gpu_worker.gpu_memory import has_room
from gpu_worker.lifeline import Lifeline, interruptible
from gpu_worker.progress import Progress, Reporter
from gpu_worker.request import AnimationRequest
from gpu_worker.schema import Timeline
from gpu_worker.serving import serves
from gpu_worker.tasks.checking import lifeline
from gpu_worker.tasks.job_request import animation_request
from gpu_worker.tasks.job_result import store_result
from gpu_worker.tasks.job_stages import StagedRun
from gpu_worker.tasks.sound_model import use_promoted_models
from gpu_worker.tasks.time_limit import time_limit
from gpu_worker.tasks.work_folder import work_folder
from picturetalk_site.logs import working_on

log = logging.getLogger(__name__)


def run_job(job_id: str, token: str) -> None:
    """Do the next stage of a video, and those after it that this worker may do as well.

    Ends in storage and a result, in an error the user can mend, or back in the queue. ``token`` is a ticket for
    whichever job of its lane is next in turn, which may be another than ``job_id``.
    """
    worker = _worker_name()
    job = job_run.claim_next(token, worker)
    if job is None:
        return
    key = job.id
    with (
        working_on(str(key)),
        _finishing(key, token),
        work_folder(str(key), token) as folder,
        animation_request(job) as request,
    ):
        use_promoted_models()
        run = _Run(job, token, worker, replace(request, heard=_listener(job)), folder)
        step: Step | None = job_stage.next_step(key)
        while step is not None:
            step = run.advance(step)


class _Run:
    """One worker's way through the stages of one job, until it is made, passed on or unwanted."""

    def __init__(self, job: Job, token: str, worker: str, request: AnimationRequest, folder: Path) -> None:
        self._job, self._key, self._token, self._worker = job, job.id, token, worker
        self._request, self._folder = request, folder
        self._life: Lifeline | None = None
        self._began_anew = False
        self._stages = self._begin()

    def advance(self, step: Step) -> Step | None:
        """Do one stage; the next one that is to be done here, or None."""
        if step.name == StageName.RENDER and not self._find_room():
            job_run.hand_back(self._key, self._token, spare_gpu=True)
            return None
        try:
            outcome = self._do(step)
        except StageFileError as error:
            return self._begin_anew(error)
        if isinstance(outcome, job_run.FinishedVideo):
            if job_run.finish(self._key, self._token, outcome):
                log.info("Made a video of %.1f s", outcome.duration_s)
            return None
        if not job_run.stage_done(self._key, self._token, step, outcome, self._stages.basis):
            return None
        following = job_stage.next_step(self._key)
        if not self._is_for_here(following):
            job_run.pass_on(self._key, self._token)
            return None
        return following if job_run.go_on(self._key, self._token, following, self._worker) else None

    def _do(self, step: Step) -> job_run.FinishedVideo | str:
        """A stage under its own time limit, with signs of life; its results are in storage then."""
        limit, ahead = job_stage.time_limit(step), step == job_stage.FIRST and self._is_for_here(ORDER[1])
        ahead = ahead and self._find_room()
        with (
            time_limit(limit, f"{step.name} {step.number}"),
            interruptible() as interrupt,
            lifeline(self._beat, self._wanted, limit, interrupt) as self._life,
        ):
            outcome = self._stages.do(step, ahead)
            return outcome if isinstance(outcome, str) else store_result(self._key, self._token, outcome)

    def _begin(self) -> StagedRun:
        report = Reporter(_Teller(self._key, self._token), self._should_stop)
        return StagedRun(self._job, self._token, self._request, self._folder, report)

    def _begin_anew(self, error: StageFileError) -> Step | None:
        """What was done before cannot be used: the job begins with its first stage again, once in a run."""
        if self._began_anew:
            raise error
        log.warning("The job begins anew: %s", error)
        if not job_run.begin_anew(self._key, self._token):
            return None
        self._began_anew, self._stages = True, self._begin()
        if not self._is_for_here(job_stage.FIRST):
            job_run.pass_on(self._key, self._token)
            return None
        return job_stage.FIRST if job_run.go_on(self._key, self._token, job_stage.FIRST, self._worker) else None

    def _is_for_here(self, step: Step) -> bool:
        return serves(lanes.lane_for(self._job, step))

    def _find_room(self) -> bool:
        """Whether frames can be drawn here; on the processors where the accelerator has no room and they may be."""
        if cuda_present() and not serves(queue.RENDER_GPU):
            self._stages.draw_with("warp")
            return True
        if has_room(site_config().gpu_free_mib << 20):
            return True
        if not serves(queue.RENDER_CPU):
            return False
        self._stages.draw_with("warp")
        return True

    def _should_stop(self) -> bool:
        return self._life is not None and self._life.stop()

    def _beat(self) -> bool:
        return job_run.beat(self._key, self._token)

    def _wanted(self) -> bool:
        return job_run.is_mine(self._key, self._token)


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
        try:
            job_run.hand_back(key, token)
        except DatabaseError:
            # The interruption met the connection at work.
            connection.close()
            job_run.hand_back(key, token)
    except InputError as error:
        job_run.fail_input(key, token, error)
    except (SystemExit, KeyboardInterrupt):
        job_run.hand_back(key, token)
        raise
    except FallbackForbiddenError as error:
        job_run.fail_for_engine(key, token, error)
    except EngineError as error:
        job_run.fail_ours(key, token, permanent=error.permanent)
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the job gets another run.
        job_run.fail_ours(key, token)
        raise


def _worker_name() -> str:
    job = get_current_job()
    return (job.worker_name if job is not None else None) or socket.gethostname()
