"""Whose video is next: one from everybody in turn, no more at a time than allowed, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime
from animator.models import Job, Photo, Plan, Result, Speech, UserLimits
from animator.models.hold import HoldCode
from animator.models.job import JobState
from animator.selectors.line import places, waiting
from animator.services import job_run
from animator.services.hold import hold_job
from animator.services.job import cancel_job, create_job, retry_job
from gpu_worker.errors import InputError
from tests.animator.conftest import job_request, make_ready_photo, make_ready_speech, stored_video

MakeJob = Callable[[User], Job]


@pytest.fixture(autouse=True)
def _room(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.QUOTA_JOBS_PER_DAY = settings.QUOTA_ACTIVE_JOBS = 100
    # Nobody looks on here, and a hundred messages take their time.
    monkeypatch.setattr(realtime, "_message", lambda group, message: None)


@pytest.fixture
def make_job(db: None) -> MakeJob:
    """Many jobs from one photo and one speech of each user."""
    brought: dict[User, tuple[Photo, Speech]] = {}

    def make(user: User) -> Job:
        if user not in brought:
            brought[user] = make_ready_photo(user), make_ready_speech(user)
        return create_job(user, job_request(*brought[user]))

    return make


def next_ticket() -> str:
    """The ticket that a worker draws: the oldest in the queue, whosever job holds it."""
    return Job.objects.filter(state=JobState.QUEUED).exclude(token="").order_by("created_at").values_list("token")[0][0]


def begin() -> Job | None:
    return job_run.claim_next(next_ticket(), "w")


def run() -> Job:
    """One worker takes a ticket and finishes what it is given."""
    job = begin()
    assert job is not None
    assert job_run.finish(job.id, job.token, stored_video(job.id, job.token, b"video"))
    return job


def test_a_single_video_goes_before_the_second_of_fifty(make_job: MakeJob, owner: User, other: User) -> None:
    batch = [make_job(owner) for _ in range(50)]
    assert begin() == batch[0]
    single = make_job(other)
    assert places([single])[single.id].number == 1
    job_run.fail_input(batch[0].id, Job.objects.get(id=batch[0].id).token, InputError("no_speech", "No.", ""))
    assert [run().id for _ in range(3)] == [single.id, batch[1].id, batch[2].id]


def test_two_batches_take_turns_whenever_they_came(make_job: MakeJob, owner: User, other: User) -> None:
    for _ in range(4):
        make_job(owner)
    order = [run().owner_id]
    for _ in range(3):
        make_job(other)
    order += [run().owner_id for _ in range(6)]
    assert order == [owner.id] + 3 * [owner.id, other.id]


def test_who_comes_back_with_one_at_a_time_is_served_in_between(make_job: MakeJob, owner: User, other: User) -> None:
    for _ in range(6):
        make_job(owner)
    order = []
    for _ in range(3):
        make_job(other)
        order += [run().owner_id, run().owner_id]
    assert order.count(other.id) == 3


def test_a_larger_share_gets_more_of_the_queue(make_job: MakeJob, owner: User, other: User) -> None:
    UserLimits.objects.create(user=owner, plan=Plan.objects.create(name="Studio", share=2))
    for _ in range(6):
        make_job(owner)
        make_job(other)
    served = [run().owner_id for _ in range(9)]
    assert (served.count(owner.id), served.count(other.id)) == (6, 3)


def test_no_more_run_at_a_time_than_allowed_and_the_next_is_woken(
    make_job: MakeJob, owner: User, other: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.QUOTA_RUNNING_JOBS = 1
    with django_capture_on_commit_callbacks(execute=True):
        first, second, third = (make_job(owner) for _ in range(3))
        theirs = make_job(other)
    assert begin() == first
    assert begin() == theirs, "the worker that is free takes somebody else's"
    assert begin() is None, "everybody who waits has as many running as they may"
    parked = Job.objects.get(state=JobState.QUEUED, token="")
    Job.objects.filter(state=JobState.QUEUED).update(updated_at=timezone.now() - timedelta(minutes=1))
    assert job_run.recover(timezone.now()) == 0
    assert Job.objects.get(id=parked.id).token == "", "nobody draws it in vain again and again"
    with django_capture_on_commit_callbacks(execute=True):
        job_run.finish(first.id, Job.objects.get(id=first.id).token, stored_video(first.id, "a" * 32, b"video"))
    woken = Job.objects.get(id=parked.id)
    assert woken.token in queue.waiting(queue.SPEECH)
    assert begin() == second
    assert {second.id, third.id} >= {parked.id}


def test_every_waiting_job_keeps_a_ticket_of_its_own(make_job: MakeJob, owner: User, other: User) -> None:
    for _ in range(5):
        make_job(owner)
    for _ in range(2):
        make_job(other)
    tickets = set(Job.objects.values_list("token", flat=True))
    for _ in range(4):
        run()
        held = list(waiting().values_list("token", flat=True))
        assert len(set(held)) == len(held)
        assert set(held) <= tickets
    assert waiting().count() == 3


def test_a_cancelled_jobs_ticket_is_good_for_nothing(make_job: MakeJob, owner: User, other: User) -> None:
    job, theirs = make_job(owner), make_job(other)
    ticket = job.token
    cancel_job(owner, job.id)
    assert job_run.claim_next(ticket, "w") is None
    assert job_run.claim_next("", "w") is None
    assert job_run.claim_next(theirs.token, "w") == theirs


def test_a_held_job_is_passed_over(make_job: MakeJob, owner: User) -> None:
    held, free = make_job(owner), make_job(owner)
    hold_job(held, HoldCode.TEXT_RULE)
    assert begin() == free


def test_a_retry_is_the_last_of_ones_own_and_a_lost_run_keeps_its_place(make_job: MakeJob, owner: User) -> None:
    first, second, third = (make_job(owner) for _ in range(3))
    begun = begin()
    assert begun == first
    assert job_run.hand_back(first.id, begun.token)
    assert places([Job.objects.get(id=first.id)])[first.id].number == 1
    again = begin()
    assert again == first
    job_run.fail_input(first.id, again.token, InputError("no_speech", "No.", ""))
    retry_job(owner, first.id)
    assert [job.id for job in waiting()] == [second.id, third.id, first.id]


def test_places_are_told_without_walking_through_the_line(make_job: MakeJob, owner: User, other: User) -> None:
    def cost(jobs: list[Job]) -> int:
        with CaptureQueriesContext(connection) as queries:
            places(jobs)
        return len(queries)

    mine = [make_job(owner) for _ in range(3)]
    few = cost(mine)
    theirs = [make_job(other) for _ in range(5)]
    assert cost(mine) == few == 3
    line = [job.id for job in waiting()]
    told = places([*theirs, *mine])
    assert {key: place.number for key, place in told.items()} == {key: line.index(key) + 1 for key in told}
    assert places(mine) == {job.id: told[job.id] for job in mine}
    seconds = {job.id: job.speech_s for job in waiting()}
    for key, place in told.items():
        before = line[: line.index(key)]
        assert place.seconds_before == pytest.approx(sum(seconds[one] for one in before))


def test_the_time_left_is_shared_by_the_workers(make_job: MakeJob, owner: User, other: User, signed_in: Client) -> None:
    done = make_job(owner)
    run()
    Result.objects.update(seconds_taken=20.0, duration_s=10.0)
    running = [make_job(owner), make_job(other)]
    mine = [make_job(owner) for _ in range(2)]
    assert {begin(), begin()} == set(running)
    Job.objects.filter(state=JobState.PROCESSING).update(eta_s=10.0, updated_at=timezone.now())
    own = 2 * done.speech_s
    told = [signed_in.get(f"/api/jobs/{job.id}/").json()["eta_s"] for job in mine]
    assert told == [pytest.approx(own + 20 / 2, abs=1.0), pytest.approx(own + (20 + own) / 2, abs=1.0)]
