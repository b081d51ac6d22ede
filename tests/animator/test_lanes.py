"""What nobody waits for comes last: bulk jobs, and what somebody queues beyond their first few."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from animator import queue
from animator.models import Job, Photo, Speech
from animator.models.job import JobState
from animator.selectors.line import places
from animator.services import job_run
from animator.services.job import create_job, make_again
from tests.animator.conftest import confirmation, job_request, make_ready_photo, make_ready_speech


def lanes_of(user: User) -> list[str]:
    return list(Job.objects.filter(owner=user, state=JobState.QUEUED).order_by("turn").values_list("lane", flat=True))


def test_what_somebody_queues_beyond_their_first_few_waits_for_an_empty_line(
    owner: User, other: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.PICTURETALK_BULK_AFTER = 2
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    with django_capture_on_commit_callbacks(execute=True):
        mine = [create_job(owner, job_request(photo, speech)) for _ in range(4)]
        theirs = create_job(other, job_request(make_ready_photo(other), make_ready_speech(other)))
    assert lanes_of(owner) == [queue.SPEECH, queue.SPEECH, queue.BULK, queue.BULK]
    rows = {job.id: Job.objects.get(id=job.id) for job in (*mine, theirs)}
    few = {key: place.number for job in rows.values() for key, place in places([job]).items()}
    assert few == {key: place.number for key, place in places(rows.values()).items()}
    assert {few[mine[0].id], few[theirs.id]} == {1, 2}
    assert [few[job.id] for job in mine[1:]] == [3, 4, 5]
    assert queue.waiting(queue.BULK) == {mine[2].token, mine[3].token}

    with django_capture_on_commit_callbacks(execute=True):
        begun = job_run.claim_next(mine[0].token, "w")
    assert begun == mine[0]
    assert lanes_of(owner) == [queue.SPEECH, queue.SPEECH, queue.BULK], "the next one moved up"
    assert len(queue.waiting(queue.BULK)) == 1
    assert len(queue.waiting(queue.SPEECH)) == 4, "one of them is the message that was drawn by hand"


def test_a_ticket_is_good_for_its_own_lane_alone(owner: User) -> None:
    photo, speech = make_ready_photo(owner), make_ready_speech(owner)
    first = create_job(owner, job_request(photo, speech))
    bulk = make_again(owner, first.id, bulk=True)
    assert (bulk.lane, bulk.bulk) == (queue.BULK, True)
    assert job_run.claim_next(bulk.token, "w") == bulk, "the worker that has time for bulk does no other's work"
    assert Job.objects.get(id=first.id).state == JobState.QUEUED


@pytest.mark.parametrize("again", [False, True])
def test_the_api_takes_the_word_that_nobody_waits(
    again: bool, signed_in: Client, owner: User, ready_photo: Photo, ready_speech: Speech
) -> None:
    given = confirmation()
    wanted: dict[str, Any] = {
        "photo": str(ready_photo.id),
        "speech": str(ready_speech.id),
        "face": 0,
        "consent": {"basis": given.basis, "confirmed": True, "statement_version": given.statement_version},
        "bulk": not again,
    }
    answer = signed_in.post("/api/jobs/", json.dumps(wanted), content_type="application/json")
    assert answer.status_code == 201, answer.content
    if again:
        address = f"/api/jobs/{answer.json()['id']}/again/"
        answer = signed_in.post(address, json.dumps({"bulk": True}), content_type="application/json")
        assert answer.status_code == 201, answer.content
    assert Job.objects.get(id=answer.json()["id"]).lane == queue.BULK
