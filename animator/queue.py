"""The one place that enqueues. The database says what is to be done; Redis only carries the message to a worker.

Hence a message that cannot be sent is no loss: ``animator.services.recovery`` enqueues whatever the database says is
waiting and Redis does not know of.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from redis.exceptions import RedisError
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job as RQJob
from rq.results import Result

from animator.conf import longest_measuring_s, site_config
from animator.redis_connection import redis_connection, rq_queue

log = logging.getLogger(__name__)

#: An answer is waited for in turns of so many seconds; less than the connection's own limit.
_TURN_S = 3

#: Checks and answers that somebody waits for.
INSPECT = "inspect"
#: Stages of videos, by what they need: see ``animator.services.lanes``.
SPEECH, RENDER_CPU, RENDER_GPU, BULK = "speech", "render-cpu", "render-gpu", "bulk"
JOB_LANES = (SPEECH, RENDER_GPU, RENDER_CPU, BULK)
#: Hours of work at a time, in a process of its own.
TRAINING = "training"
#: Limit of a piece of it, seconds: RQ takes work that has none for abandoned after seven minutes.
_LONGEST_TRAINING_S = 7 * 24 * 3600
#: Where earlier versions put whole videos; workers that serve it serve what it was divided into.
RENDER = "render"


def enqueue_photo_check(photo_id: UUID, token: str) -> None:
    """Once the transaction is through: look for faces. Goes before sound checks: somebody waits for it."""
    _on_commit(INSPECT, "gpu_worker.tasks.check_photo", photo_id, token, site_config().check_timeout_s, front=True)


def enqueue_speech_check(speech_id: UUID, token: str) -> None:
    """Once the transaction is through: listen whether there is speech."""
    _on_commit(INSPECT, "gpu_worker.tasks.check_speech", speech_id, token, site_config().check_timeout_s)


def enqueue_file_check(check_id: UUID, token: str) -> None:
    """Once the transaction is through: look whether a file comes from here. Photos for videos go first."""
    _on_commit(INSPECT, "gpu_worker.tasks.check_file", check_id, token, site_config().check_timeout_s)


def enqueue_voice_check(request_id: UUID, token: str) -> None:
    """Once the transaction is through: listen whether the phrase was spoken. Somebody waits for it."""
    _on_commit(INSPECT, "gpu_worker.tasks.check_voice", request_id, token, site_config().check_timeout_s, front=True)


def enqueue_export(export_id: UUID, token: str) -> None:
    """Once the transaction is through: pack somebody's data. Before the next video, since it is short."""
    _on_commit(RENDER_CPU, "gpu_worker.tasks.build_export", export_id, token, site_config().job_timeout_s, front=True)


def enqueue_rendition(rendition_id: UUID, token: str) -> None:
    """Once the transaction is through: write a finished video in another form. Before the next video: it is short."""
    task, limit = "gpu_worker.tasks.make_rendition", site_config().job_timeout_s
    _on_commit(RENDER_CPU, task, rendition_id, token, limit, front=True)


def enqueue_job(job_id: UUID, token: str, lane: str, timeout_s: int) -> None:
    """Once the transaction is through: do the job's next stage. ``animator.services.lanes`` says in which queue."""
    _on_commit(lane, "gpu_worker.tasks.run_job", job_id, token, timeout_s)


def enqueue_training_work(task: str, work_id: UUID, token: str) -> None:
    """Once the transaction is through: a training run, a data set or an evaluation. ``task`` is a name of
    ``gpu_worker.tasks.training_work``. The task minds its own time; RQ's comes after it."""
    timeout = site_config().training_timeout_s + 600
    _on_commit(TRAINING, f"gpu_worker.tasks.training_work.{task}", work_id, token, timeout)


def enqueue_notice(notice_id: UUID) -> None:
    """Once the transaction is through: mail a message."""

    def send() -> None:
        try:
            queue = rq_queue(INSPECT)
            queue.enqueue(
                "gpu_worker.tasks.send_notice", str(notice_id), job_timeout=120, result_ttl=0, failure_ttl=3600
            )
        except RedisError as error:
            log.error("Message %s is not enqueued yet, Redis is away: %s", notice_id, error)

    transaction.on_commit(send)


def enqueue_timeline(timeline_id: UUID, token: str) -> None:
    """Once the transaction is through: find out who says which sound when. Somebody waits for it."""
    task = "gpu_worker.timeline_tasks.measure_timeline"
    _on_commit(INSPECT, task, timeline_id, token, longest_measuring_s(), front=True)


def enqueue_measuring(queue: str) -> bool:
    """Have whoever takes the message measure the engines of its machine; False when Redis is away."""
    try:
        rq_queue(queue).enqueue(
            "gpu_worker.tasks.measure_engines", job_timeout=600, result_ttl=0, failure_ttl=3600, ttl=3600
        )
    except RedisError as error:
        log.error("Engines cannot be measured, Redis is away: %s", error)
        return False
    return True


def ask_for_preview(arguments: tuple[Any, ...], patience_s: float) -> bytes | dict[str, str] | None:
    """Have words spoken now and wait for the sound; a dict is the refusal, None that nobody answered in time."""
    answer: bytes | dict[str, str] | None = ask("gpu_worker.tasks.preview_speech", arguments, patience_s)
    return answer


def ask_for_hashes(picture: bytes, patience_s: float) -> dict[str, Any] | None:
    """Have a picture's hashes made now: ``{"sha256", "hashes"}`` or the refusal; None that nobody answered in time."""
    answer: dict[str, Any] | None = ask("gpu_worker.tasks.hash_picture", (picture,), patience_s)
    return answer


def ask_for_rig(path: str, face_index: int, patience_s: float) -> bytes | dict[str, str] | None:
    """Have a face described for a browser now; a dict is the refusal, None that nobody answered in time."""
    answer: bytes | dict[str, str] | None = ask("gpu_worker.tasks.describe_face", (path, face_index), patience_s)
    return answer


def ask_for_motion(speech: dict[str, Any], longest_s: float, patience_s: float) -> bytes | dict[str, str] | None:
    """Have the movement of a speech made now; a dict is the refusal, None that nobody answered in time."""
    task = "gpu_worker.timeline_tasks.speech_motion"
    answer: bytes | dict[str, str] | None = ask(task, (speech, longest_s), patience_s)
    return answer


def ask(task: str, arguments: tuple[Any, ...], patience_s: float) -> Any:
    """Have a worker do something now and wait for what it returns; None when nobody answered in time.

    Messages that carry their own matter: nothing of it is kept, and nobody waits for it once this returns.
    """
    try:
        job = rq_queue(INSPECT).enqueue(
            task,
            *arguments,
            # Workers write this into their log; what somebody wrote does not belong there.
            description=task,
            at_front=True,
            job_timeout=max(1, round(patience_s)),
            result_ttl=round(patience_s) + 5,
            # Longer than anybody waits: it is taken back below. This is for a web server that died meanwhile.
            ttl=round(patience_s) + 60,
            failure_ttl=60,
        )
        outcome = _result_of(job, patience_s)
        answer = None if outcome is None else outcome.return_value
        withdraw(INSPECT, job.id)
        return answer
    except RedisError as error:
        log.error("No answer, Redis is away: %s", error)
        return None


def _result_of(job: RQJob, patience_s: float) -> Result | None:
    """What the job returned, or None when it has not within ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while (left := deadline - time.monotonic()) > 0:
        # In turns: the connection's own limit would end a longer wait.
        outcome = job.latest_result(timeout=max(1, min(_TURN_S, round(left))))
        if outcome is not None:
            return outcome
    return None


def withdraw(queue: str, token: str) -> None:
    """Forget a message: off the queue, out of every registry. A run that has begun notices by itself."""
    if not token:
        return
    try:
        job = RQJob.fetch(token, connection=redis_connection())
        job.delete(remove_from_queue=True)
    except (NoSuchJobError, InvalidJobOperation):
        return
    except RedisError as error:
        log.warning("A message could not be withdrawn: %s", error)


def waiting(queue: str) -> frozenset[str]:
    """Tokens of the messages that no worker has taken yet. Raises ``RedisError`` when it cannot be asked."""
    return frozenset(rq_queue(queue).get_job_ids())


def waiting_jobs() -> frozenset[str]:
    """Tokens of the videos' messages that no worker has taken yet, in whichever lane. Raises ``RedisError``."""
    return frozenset().union(*(waiting(lane) for lane in JOB_LANES))


def running(queue: str) -> frozenset[str]:
    """Tokens of the messages that a worker took and has not finished, be it alive or dead."""
    return frozenset(rq_queue(queue).started_job_registry.get_job_ids(cleanup=False))


def is_reachable() -> bool:
    """Whether Redis answers."""
    try:
        return bool(redis_connection().ping())
    except RedisError:
        return False


def _on_commit(queue: str, task: str, object_id: UUID, token: str, timeout: int, *, front: bool = False) -> None:
    transaction.on_commit(_sender(queue, task, object_id, token, timeout, front))


def _sender(queue: str, task: str, object_id: UUID, token: str, timeout: int, front: bool) -> Callable[[], None]:
    def send() -> None:
        options: dict[str, Any] = {"job_id": token, "job_timeout": timeout, "at_front": front}
        try:
            # The object's id and the token are all that travels; a day's trace is kept for administrators.
            rq_queue(queue).enqueue(task, str(object_id), token, result_ttl=0, failure_ttl=86_400, **options)
        except RedisError as error:
            log.error("%s %s is not enqueued yet, Redis is away: %s", task, object_id, error)

    return send


def enqueue_training(task: str, *arguments: str | float) -> None:
    """Hours of work that nobody waits for. Raises ``RedisError`` when it cannot be sent."""
    options = {"job_timeout": _LONGEST_TRAINING_S, "result_ttl": 24 * 3600, "failure_ttl": 30 * 24 * 3600}
    rq_queue(TRAINING).enqueue(task, *arguments, **options)
