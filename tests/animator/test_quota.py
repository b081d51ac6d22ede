"""Plans, exceptions, grants and the ledger of use: what may be done, what was used, what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError
from animator.models import AuditEntry, Grant, Job, Plan, Speech, UsageEntry, UserLimits
from animator.selectors.quota import limits_for, quota_payload, today, used_of_plan
from animator.services import job_run, plan, quota
from animator.services.job import cancel_job, retry_job
from animator.services.speech import TypedWords, add_typed_speech
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job


def give(administrator: User, user: User, unit: str = "jobs", amount: int = 1, days: int = 7) -> Grant:
    return plan.give(administrator, user, unit, amount, "Grandma's birthday", today() + timedelta(days=days))


def charge_of(job: Job) -> UUID:
    assert job.charge is not None
    return job.charge


def test_an_exception_goes_before_the_plan_and_the_plan_before_the_settings(owner: User, settings: Any) -> None:
    settings.QUOTA_JOBS_PER_DAY = 7
    standard = Plan.objects.get(is_default=True)
    assert (limits_for(owner).plan, limits_for(owner).jobs_per_day, limits_for(owner).share) == (standard.name, 7, 1)
    Plan.objects.filter(id=standard.id).update(jobs_per_day=5, storage_bytes=1000)
    assert (limits_for(owner).jobs_per_day, limits_for(owner).storage_bytes) == (5, 1000)
    large = Plan.objects.create(name="Large", jobs_per_day=50, share=3, max_side=99_999)
    own = UserLimits.objects.create(user=owner, plan=large, storage_bytes=2000)
    limits = limits_for(owner)
    assert (limits.plan, limits.share, limits.jobs_per_day, limits.storage_bytes) == ("Large", 3, 50, 2000)
    assert limits.max_side == settings.ENGINE_CONFIG.max_side, "no plan goes beyond the engine"
    own.jobs_per_day = 0
    own.save()
    assert limits_for(owner).jobs_per_day == 0


def test_the_refusal_says_how_many_of_how_many_and_when_again(owner: User, make_job: Callable[[], Job]) -> None:
    UserLimits.objects.create(user=owner, jobs_per_day=1)
    make_job()
    with pytest.raises(SiteError) as refused:
        make_job()
    assert (refused.value.code, refused.value.status) == ("quota_used_up", 429)
    assert "1 of 1 videos today" in refused.value.message
    assert "00:00 UTC" in refused.value.hint


def test_minutes_of_the_month_are_counted(owner: User, make_job: Callable[[], Job], ready_photo: object) -> None:
    UserLimits.objects.create(user=owner, minutes_per_month=1)
    make_job()
    UsageEntry.objects.create(
        user=owner, unit="video_ms", step="carry", amount=58_800, charge="0" * 32, day=today().replace(day=1)
    )
    with pytest.raises(SiteError) as refused:
        make_job()
    assert refused.value.code == "minutes_used_up"
    assert "of 1 minutes" in refused.value.message
    assert used_of_plan(owner, "job", today()) == 1, "what is refused costs nothing"


def test_a_grant_is_drawn_upon_after_the_plan_and_the_first_to_expire_first(
    owner: User, administrator: User, make_job: Callable[[], Job]
) -> None:
    UserLimits.objects.create(user=owner, jobs_per_day=1)
    later, sooner = give(administrator, owner, amount=2, days=9), give(administrator, owner, days=2)
    assert quota_payload(owner)["left"] == 4
    jobs = [make_job() for _ in range(4)]
    assert [entry.grant for entry in UsageEntry.objects.filter(unit="job").order_by("id")] == [
        None, sooner, later, later,
    ]  # fmt: skip
    with pytest.raises(SiteError, match="1 of 1 videos"):
        make_job()
    cancel_job(owner, jobs[1].id)
    assert quota_payload(owner)["grants"] == [
        {"unit": "jobs", "amount": 1, "left": 1, "expires_at": sooner.expires_at.isoformat(), "note": sooner.note}
    ]
    plan.revoke(administrator, owner, sooner.id)
    assert quota_payload(owner)["left"] == 0
    with pytest.raises(SiteError, match="ended already"):
        plan.revoke(administrator, owner, sooner.id)
    assert AuditEntry.objects.filter(action="grant_revoked", actor=administrator, object_id=str(owner.id)).count() == 1


def test_a_grant_that_has_expired_is_worth_nothing(owner: User, administrator: User, make_job: Any) -> None:
    UserLimits.objects.create(user=owner, jobs_per_day=0)
    grant = give(administrator, owner, amount=5)
    Grant.objects.filter(id=grant.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(SiteError, match="0 of 0"):
        make_job()


def test_minutes_are_taken_from_plan_and_grant_and_given_back_to_the_grant_first(
    owner: User, administrator: User, make_job: Callable[[], Job]
) -> None:
    UserLimits.objects.create(user=owner, minutes_per_month=1)
    grant = give(administrator, owner, "minutes", 10)
    UsageEntry.objects.create(user=owner, unit="video_ms", step="carry", amount=59_500, charge="0" * 32, day=today())
    job = make_job()
    reserved = UsageEntry.objects.filter(charge=charge_of(job), unit="video_ms").order_by("id")
    assert [(entry.grant, entry.amount) for entry in reserved] == [
        (None, 500),
        (grant, round(job.speech_s * 1000) - 500),
    ]
    assert quota.settle(job.id, 0.7)
    totals = {None: 0, grant.id: 0}
    for entry in UsageEntry.objects.filter(charge=charge_of(job), unit="video_ms"):
        totals[entry.grant_id] += entry.amount
    assert totals == {None: 500, grant.id: 200}


def test_a_video_costs_what_it_lasts_and_once(job: Job, owner: User) -> None:
    finish_job(job)
    assert used_of_plan(owner, "video_ms", today()) == 2000
    assert not quota.settle(job.id, 9.0)
    assert not quota.refund(job.id), "what was made is paid"
    assert used_of_plan(owner, "video_ms", today()) == 2000
    steps = list(UsageEntry.objects.filter(charge=charge_of(job)).order_by("id").values_list("unit", "step"))
    assert steps == [("job", "reserve"), ("video_ms", "reserve"), ("video_ms", "settle")]


def test_a_failure_costs_nothing_and_a_retry_is_a_charge_of_its_own(job: Job, owner: User) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.fail_input(job.id, job.token, InputError("no_speech", "No words.", ""))
    assert (used_of_plan(owner, "job", today()), used_of_plan(owner, "video_ms", today())) == (0, 0)
    again = retry_job(owner, job.id)
    assert again.charge not in (None, job.charge)
    assert used_of_plan(owner, "job", today()) == 1


def test_a_video_cancelled_half_way_costs_half_of_its_minutes(job: Job, owner: User) -> None:
    job_run.claim(job.id, job.token, "w")
    job_run.progress(job.id, job.token, "render", 50.0)
    cancel_job(owner, job.id)
    assert used_of_plan(owner, "job", today()) == 1
    assert used_of_plan(owner, "video_ms", today()) == round(job.speech_s * 500)


def test_deleting_uploads_gives_none_back(owner: User) -> None:
    UserLimits.objects.create(user=owner, uploads_per_day=2)
    for _ in range(2):
        add_typed_speech(owner, TypedWords("Good morning."))
        Speech.objects.all().delete()
    with pytest.raises(SiteError, match="2 of 2 photos and speeches today"):
        add_typed_speech(owner, TypedWords("Good morning."))
    assert quota_payload(owner)["uploads"]["left"] == 0


def test_a_plan_limits_the_size_of_a_file(owner: User) -> None:
    UserLimits.objects.create(user=owner, upload_bytes=1000)
    quota.check_upload_allowance(owner, 1000)
    with pytest.raises(SiteError) as refused:
        quota.check_upload_allowance(owner, 1001)
    assert (refused.value.code, refused.value.status) == ("upload_over_plan", 413)


def test_a_plan_limits_the_picture(owner: User, make_job: Callable[[], Job]) -> None:
    from gpu_worker.tasks.job_request import animation_request

    UserLimits.objects.create(user=owner, max_side=640)
    job = make_job()
    UserLimits.objects.update(max_side=1280)
    with animation_request(Job.objects.get(id=job.id)) as request:
        assert request.config.max_side == 640, "as it was when the job was made"


@pytest.mark.parametrize("statement", ["UPDATE animator_usageentry SET amount = 0", "DELETE FROM animator_usageentry"])
def test_the_ledger_is_only_added_to(statement: str, job: Job) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert UsageEntry.objects.filter(amount__gt=0).count() == 2


def test_the_database_refuses_a_second_closing(job: Job, owner: User) -> None:
    quota.settle(job.id, 1.0)
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageEntry.objects.create(
            user=owner, unit="video_ms", step="refund", amount=-1, charge=charge_of(job), day=today()
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"unit": "wishes"}, "grant_unknown"),
        ({"amount": 0}, "grant_unknown"),
        ({"note": " "}, "grant_without_note"),
        ({"last_day": today() - timedelta(days=1)}, "grant_is_past"),
    ],
)
def test_a_grant_is_refused(changes: dict[str, Any], code: str, owner: User, administrator: User) -> None:
    wanted = {"unit": "jobs", "amount": 1, "note": "Why", "last_day": today(), **changes}
    with pytest.raises(SiteError) as refused:
        plan.give(administrator, owner, **wanted)
    assert refused.value.code == code
    assert not Grant.objects.exists()


def test_only_administrators_give(owner: User, moderator: User) -> None:
    for somebody in (owner, moderator):
        with pytest.raises(SiteError, match="Only administrators"):
            give(somebody, owner)
        with pytest.raises(SiteError, match="Only administrators"):
            plan.set_limits(somebody, owner, None, {"jobs_per_day": 999})


def test_the_api_tells_what_is_left(signed_in: Client, owner: User, job: Job) -> None:
    answer = signed_in.get("/api/quota/").json()
    assert (answer["plan"], answer["used"], answer["limit"], answer["left"]) == ("Standard", 1, 30, 29)
    assert answer["minutes"]["used"] == round(job.speech_s / 60, 1)
    assert answer["storage"]["used_bytes"] == job.photo.bytes
    assert answer["active"] == {"limit": 20, "used": 1, "running_limit": 4}
    page = signed_in.get("/jobs/").content.decode()
    assert "1 of 30 videos today" in page
