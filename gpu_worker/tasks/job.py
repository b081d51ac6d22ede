"""A whole video: the run is claimed, the pipeline is asked, and each kind of ending leads where it belongs."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

from rq import get_current_job

from animator.conf import site_config
from animator.models import Job
from animator.models.speech import SpeechKind
from animator.selectors.script import speeches_of
from animator.selectors.timeline import measured_words
from animator.services import job_run, screening
from gpu_worker.errors import Cancelled, EngineError, FallbackForbiddenError, InputError
from gpu_worker.progress import Progress
from gpu_worker.schema import Timeline
from gpu_worker.tasks.checking import lifeline
from gpu_worker.tasks.job_request import animation_request
from gpu_worker.tasks.job_result import store_result
from gpu_worker.tasks.work_folder import work_folder
from picturetalk_site.logs import working_on

log = logging.getLogger(__name__)


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
            video = store_result(key, token, outcome)
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
