"""Many at the same moment, over real connections: one run for a job, no more jobs than the allowance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from animator.models import Consent, Job
from animator.models.job import JobState
from animator.selectors.quota import today, used_of_plan
from animator.services import job_run, quota
from animator.services.job import cancel_job, create_job
from gpu_worker.errors import InputError
from tests.animator.conftest import job_request, make_ready_photo, make_ready_speech

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 6


def all_at_once(action: Callable[[int], Any]) -> list[Any]:
    """Run ``action`` in as many threads as there are in the crowd; answers, or the code of the refusal."""
    answers: list[Any] = []
    start = threading.Barrier(CROWD)

    def act(number: int) -> None:
        try:
            start.wait()
            answers.append(action(number))
        except InputError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def make_owner() -> User:
    return User.objects.create_user("owner@example.com", "x", adult_declared_at=timezone.now())


def make_job(user: User) -> Job:
    return create_job(user, job_request(make_ready_photo(user), make_ready_speech(user)))


def test_one_worker_gets_the_job() -> None:
    job = make_job(make_owner())
    answers = all_at_once(lambda number: job_run.claim(job.id, job.token, f"worker-{number}"))
    assert len([answer for answer in answers if answer is not None]) == 1
    assert Job.objects.get().attempts == 1


def test_the_allowance_is_not_overdrawn(settings: Any) -> None:
    settings.QUOTA_JOBS_PER_DAY = 3
    settings.QUOTA_ACTIVE_JOBS = 100
    user = make_owner()
    requests = [job_request(make_ready_photo(user), make_ready_speech(user)) for _ in range(CROWD)]
    answers = all_at_once(lambda number: create_job(user, requests[number]))
    assert answers.count("quota_used_up") == CROWD - 3
    used = used_of_plan(user, "job", today())
    assert (Job.objects.count(), Consent.objects.count(), used) == (3, 3, 3)


def test_the_number_in_the_making_is_not_exceeded(settings: Any) -> None:
    settings.QUOTA_ACTIVE_JOBS = 2
    user = make_owner()
    requests = [job_request(make_ready_photo(user), make_ready_speech(user)) for _ in range(CROWD)]
    answers = all_at_once(lambda number: create_job(user, requests[number]))
    assert answers.count("too_many_jobs") == CROWD - 2
    assert Job.objects.count() == 2


def test_a_refund_is_given_once() -> None:
    job = make_job(make_owner())
    assert sorted(all_at_once(lambda _: quota.refund(job.id))) == [False] * (CROWD - 1) + [True]
    assert used_of_plan(job.owner, "job", today()) == 0


def test_either_cancelled_or_begun() -> None:
    user = make_owner()
    job = make_job(user)

    def act(number: int) -> Any:
        return cancel_job(user, job.id) if number % 2 else job_run.claim(job.id, job.token, "w")

    all_at_once(act)
    after = Job.objects.get()
    assert after.state == JobState.CANCELLED
    refunded = used_of_plan(user, "job", today()) == 0
    assert refunded == (after.started_at is None), "what had begun stays charged"
