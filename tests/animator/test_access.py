"""Who may open what: one table for every address of the site, asked by everybody.

An address that is not in the table fails the first test, so that nobody forgets to think about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from accounts.models import User
from animator import storage
from animator.models import (
    Appeal,
    Consent,
    ConsentRequest,
    Decision,
    Export,
    FileCheck,
    Hold,
    Job,
    Photo,
    Pronunciation,
    QualityReview,
    Report,
    Share,
    Speech,
    TrainingData,
    TrainingEvaluation,
    TrainingRun,
)
from animator.selectors.statement import statement_path
from animator.services.consent_request import Question, ask, secret_hash
from animator.services.export import ask_for_export, claim, finish
from animator.services.hold import hold_photo
from animator.services.open_report import follow_hash
from animator.services.pronunciation import keep_pronunciation
from animator.services.report import make_report
from animator.services.share import create_share
from animator.urls import urlpatterns
from tests.animator.conftest import at, finish_job, make_ready_photo, make_timed_speech, photo_file

WHO = ("owner", "other", "anonymous", "moderator", "administrator")

#: Follows a report that was made without an account.
SECRET = "a-secret-that-nobody-guesses"

Thing = (
    Appeal
    | Consent
    | ConsentRequest
    | Decision
    | Export
    | FileCheck
    | Hold
    | Job
    | Photo
    | Pronunciation
    | QualityReview
    | Report
    | Share
    | Speech
    | TrainingData
    | TrainingEvaluation
    | TrainingRun
    | User
)
#: Addresses of two parts.
TWO_PARTS = (
    "media_result", "media_timeline", "share_media", "usage_grant_revoke", "training_data_action",
    "training_run_action", "training_evaluation_action", "sound_model_evaluate",
)  # fmt: skip
#: Addresses that end in a word instead of an id.
WORDS = {
    "consent_link": SECRET,
    "consent_link_face": SECRET,
    "api_consent_link": SECRET,
    "report_follow": SECRET,
    "audit_export": "csv",
    "usage_export": "users",
    "sound_model_roll_back": "full",
}
#: Addresses that end in something to do.
ACTIONS = ("training_data_action", "training_run_action", "training_evaluation_action")

#: Sends to the sign-in page.
LOGIN = 302


@dataclass(frozen=True)
class Row:
    """One method of one address and the status each of ``WHO`` gets. The objects are the owner's."""

    name: str
    method: str
    statuses: tuple[int, int, int, int, int]
    thing: str = ""


TABLE = (
    Row("home", "get", (200, 200, 200, 200, 200)),
    Row("home", "post", (405, 405, 405, 405, 405)),
    Row("studio", "get", (200, 200, LOGIN, 200, 200)),
    Row("job_list", "get", (200, 200, LOGIN, 200, 200)),
    Row("job_detail", "get", (200, 404, LOGIN, 404, 404), "job"),
    Row("consent_list", "get", (200, 200, LOGIN, 200, 200)),
    Row("consent_revoke", "get", (200, 404, LOGIN, 404, 404), "consent"),
    Row("consent_revoke", "post", (302, 404, LOGIN, 404, 404), "consent"),
    # The secret is the key; what is answered there is of no account.
    Row("consent_link", "get", (200, 200, 200, 200, 200), "asked"),
    Row("consent_link", "post", (400, 400, 400, 400, 400), "asked"),
    Row("consent_link_face", "get", (200, 200, 200, 200, 200), "asked"),
    Row("consent_link_face", "post", (405, 405, 405, 405, 405), "asked"),
    Row("api_consent_link", "get", (200, 200, 200, 200, 200), "asked"),
    Row("api_consent_link", "post", (400, 400, 400, 400, 400), "asked"),
    Row("api_consent_requests", "get", (200, 200, 401, 200, 200)),
    Row("api_consent_requests", "post", (400, 400, 401, 400, 400)),
    Row("api_consent_request", "get", (200, 404, 401, 404, 404), "asked"),
    Row("api_consent_request", "delete", (200, 404, 401, 404, 404), "asked"),
    Row("my_data", "get", (200, 200, LOGIN, 200, 200)),
    Row("export_new", "post", (302, 302, LOGIN, 302, 302)),
    Row("export_new", "get", (405, 405, 405, 405, 405)),
    Row("account_close", "get", (200, 200, LOGIN, 200, 200)),
    # Without the password nothing happens.
    Row("account_close", "post", (400, 400, LOGIN, 400, 400)),
    Row("media_export", "get", (200, 404, 401, 404, 404), "export"),
    Row("training_overview", "get", (403, 403, LOGIN, 403, 200)),
    Row("training_state", "get", (403, 403, LOGIN, 403, 200)),
    Row("training_compare", "get", (403, 403, LOGIN, 403, 200)),
    Row("training_data_new", "get", (403, 403, LOGIN, 403, 200)),
    Row("training_data_new", "post", (403, 403, LOGIN, 403, 400)),
    Row("training_data", "get", (403, 403, LOGIN, 403, 200), "training_data"),
    Row("training_data_state", "get", (403, 403, LOGIN, 403, 200), "training_data"),
    Row("training_data_remove", "post", (403, 403, LOGIN, 403, 400), "training_data"),
    # There is no such action.
    Row("training_data_action", "post", (403, 403, LOGIN, 403, 404), "training_data"),
    Row("training_run_new", "get", (403, 403, LOGIN, 403, 200)),
    Row("training_run_new", "post", (403, 403, LOGIN, 403, 400)),
    Row("training_run", "get", (403, 403, LOGIN, 403, 200), "training_run"),
    Row("training_run_state", "get", (403, 403, LOGIN, 403, 200), "training_run"),
    Row("training_run_action", "post", (403, 403, LOGIN, 403, 404), "training_run"),
    Row("training_evaluation_action", "post", (403, 403, LOGIN, 403, 404), "training_evaluation"),
    # Nothing was exported.
    Row("sound_model_promote", "get", (403, 403, LOGIN, 403, 404), "training_run"),
    # Not from our own form.
    Row("sound_model_roll_back", "post", (403, 403, LOGIN, 403, 404)),
    Row("sound_model_evaluate", "post", (403, 403, LOGIN, 403, 302), "training_data"),
    Row("usage_overview", "get", (403, 403, LOGIN, 403, 200)),
    Row("usage_export", "get", (403, 403, LOGIN, 403, 200)),
    Row("usage_user", "get", (403, 403, LOGIN, 403, 200), "account"),
    Row("usage_user", "post", (403, 403, LOGIN, 403, 302), "account"),
    Row("usage_grant", "post", (403, 403, LOGIN, 403, 400), "account"),
    Row("usage_grant", "get", (405, 405, 405, 405, 405), "account"),
    Row("usage_grant_revoke", "post", (403, 403, LOGIN, 403, 404), "account"),
    Row("usage_grant_revoke", "get", (405, 405, 405, 405, 405), "account"),
    # The secret of a link that was never given shows what an ended one shows.
    Row("share", "get", (404, 404, 404, 404, 404), "job"),
    Row("share", "post", (405, 405, 405, 405, 405), "job"),
    Row("share_media", "get", (404, 404, 404, 404, 404), "job"),
    Row("api_shares", "get", (200, 404, 401, 404, 404), "job"),
    Row("api_shares", "post", (400, 404, 401, 404, 404), "job"),
    Row("api_share", "get", (200, 404, 401, 404, 404), "share"),
    Row("api_share", "delete", (200, 404, 401, 404, 404), "share"),
    Row("report_new", "get", (200, 200, 200, 200, 200)),
    # An empty form is refused, to everybody alike.
    Row("report_new", "post", (400, 400, 400, 400, 400)),
    # The secret is the key to a report that was made without an account.
    Row("report_follow", "get", (200, 200, 200, 200, 200), "followed"),
    # An empty appeal is refused.
    Row("report_follow", "post", (400, 400, 400, 400, 400), "followed"),
    Row("report_list", "get", (403, 403, LOGIN, 200, 200)),
    Row("report_detail", "get", (403, 403, LOGIN, 200, 200), "report"),
    # An empty form is refused, after the gate.
    Row("report_detail", "post", (403, 403, LOGIN, 400, 400), "report"),
    # Open to the people shown, who have no account; without a file it is refused.
    Row("depicted", "get", (200, 200, 200, 200, 200)),
    Row("depicted", "post", (400, 400, 400, 400, 400)),
    # The signed name is the key; this one is not signed.
    Row("depicted_preview", "get", (404, 404, 404, 404, 404), "unsigned"),
    Row("engine_overview", "get", (403, 403, LOGIN, 403, 200)),
    Row("engine_overview", "post", (405, 405, 405, 405, 405)),
    # An engine that there is not is refused with a message on the page.
    Row("engine_switch", "post", (403, 403, LOGIN, 403, 302)),
    Row("engine_switch", "get", (405, 405, 405, 405, 405)),
    Row("engine_measure", "post", (403, 403, LOGIN, 403, 302)),
    Row("engine_measure", "get", (405, 405, 405, 405, 405)),
    Row("screening", "get", (403, 403, LOGIN, 403, 200)),
    Row("screening", "post", (403, 403, LOGIN, 403, 400)),
    # No decision waits for a second moderator.
    Row("report_second", "post", (403, 403, LOGIN, 404, 404), "report"),
    Row("report_second", "get", (405, 405, 405, 405, 405), "report"),
    # The key of a statement of reasons is mailed to whom it concerns, who may not be able to sign in.
    Row("statement", "get", (200, 200, 200, 200, 200), "decision"),
    Row("statement", "post", (400, 400, 400, 400, 400), "decision"),
    Row("own_decisions", "get", (200, 200, LOGIN, 200, 200)),
    Row("moderation", "get", (403, 403, LOGIN, 200, 200)),
    Row("moderation", "post", (405, 405, 405, 405, 405)),
    Row("moderation_account", "get", (403, 403, LOGIN, 200, 200), "account"),
    Row("appeal_detail", "get", (403, 403, LOGIN, 200, 200), "appeal"),
    Row("appeal_detail", "post", (403, 403, LOGIN, 400, 400), "appeal"),
    Row("quality_detail", "get", (403, 403, LOGIN, 200, 200), "review"),
    Row("quality_detail", "post", (403, 403, LOGIN, 400, 400), "review"),
    Row("moderation_statistics", "get", (403, 403, LOGIN, 200, 200)),
    Row("api_moderation_lock", "post", (403, 403, 401, 400, 400)),
    Row("hold_list", "get", (403, 403, LOGIN, 200, 200)),
    Row("hold_list", "post", (405, 405, 405, 405, 405)),
    Row("hold_detail", "get", (403, 403, LOGIN, 200, 200), "hold"),
    Row("hold_detail", "post", (403, 403, LOGIN, 400, 400), "hold"),
    Row("audit_list", "get", (403, 403, LOGIN, 403, 200)),
    Row("audit_list", "post", (405, 405, 405, 405, 405)),
    Row("audit_export", "get", (403, 403, LOGIN, 403, 200), "csv"),
    # An empty body is refused, after the gate.
    Row("api_photos", "post", (400, 400, 401, 400, 400)),
    Row("api_photos", "get", (405, 405, 401, 405, 405)),
    Row("api_photo", "get", (200, 404, 401, 404, 404), "photo"),
    Row("api_photo", "delete", (204, 404, 401, 404, 404), "photo"),
    # Without a face, or a consent, it is refused.
    Row("api_moving", "get", (400, 404, 401, 404, 404), "photo"),
    Row("api_moving", "post", (400, 404, 401, 404, 404), "photo"),
    Row("api_framings", "get", (200, 404, 401, 404, 404), "photo"),
    Row("api_framings", "post", (405, 405, 401, 405, 405), "photo"),
    Row("api_speeches", "post", (400, 400, 401, 400, 400)),
    Row("api_speech_preview", "post", (400, 400, 401, 400, 400)),
    Row("api_speech_preview", "get", (405, 405, 401, 405, 405)),
    Row("api_speech_language", "post", (400, 400, 401, 400, 400)),
    Row("api_speech_language", "get", (405, 405, 401, 405, 405)),
    Row("api_speech", "get", (200, 404, 401, 404, 404), "speech"),
    Row("api_speech", "delete", (204, 404, 401, 404, 404), "speech"),
    Row("timeline_editor", "get", (200, 404, LOGIN, 404, 404), "speech"),
    Row("timeline_editor", "post", (405, 405, 405, 405, 405), "speech"),
    Row("api_timeline", "get", (200, 404, 401, 404, 404), "speech"),
    Row("api_timeline", "post", (400, 404, 401, 404, 404), "speech"),
    Row("api_timeline_measure", "post", (200, 404, 401, 404, 404), "speech"),
    Row("api_timeline_align", "post", (400, 404, 401, 404, 404), "speech"),
    Row("api_timeline_mouth", "post", (400, 404, 401, 404, 404), "speech"),
    Row("media_timeline", "get", (200, 404, 401, 404, 404), "speech"),
    Row("media_timeline", "head", (200, 404, 401, 404, 404), "speech"),
    Row("dictionary", "get", (200, 200, LOGIN, 200, 200)),
    Row("api_dictionary", "get", (200, 200, 401, 200, 200)),
    Row("api_dictionary", "post", (400, 400, 401, 400, 400)),
    Row("api_pronunciation", "delete", (204, 404, 401, 404, 404), "pronunciation"),
    # Posting waits for a worker: see test_moving_face.
    Row("api_speech_motion", "get", (405, 405, 401, 405, 405), "speech"),
    Row("api_speech_sound", "post", (400, 404, 401, 404, 404), "speech"),
    Row("api_speech_sound", "get", (405, 405, 401, 405, 405), "speech"),
    Row("api_languages", "get", (200, 200, 200, 200, 200)),
    Row("api_jobs", "get", (200, 200, 401, 200, 200)),
    Row("api_jobs", "post", (400, 400, 401, 400, 400)),
    Row("api_job", "get", (200, 404, 401, 404, 404), "job"),
    Row("api_job", "delete", (204, 404, 401, 404, 404), "job"),
    Row("api_job", "put", (405, 405, 401, 405, 405), "job"),
    # The job is over already: the owner is told so, nobody else learns that it is there.
    Row("api_job_cancel", "post", (409, 404, 401, 404, 404), "job"),
    Row("api_job_retry", "post", (409, 404, 401, 404, 404), "job"),
    Row("api_job_again", "post", (201, 404, 401, 404, 404), "job"),
    Row("api_forms", "get", (200, 404, 401, 404, 404), "job"),
    Row("api_forms", "post", (400, 404, 401, 404, 404), "job"),
    Row("api_job_cancel", "get", (405, 405, 401, 405, 405), "job"),
    Row("api_job_retry", "get", (405, 405, 401, 405, 405), "job"),
    Row("api_quota", "get", (200, 200, 401, 200, 200)),
    Row("api_quota", "post", (405, 405, 401, 405, 405)),
    Row("api_consents", "get", (200, 200, 401, 200, 200)),
    Row("api_consents", "post", (405, 405, 401, 405, 405)),
    Row("api_consent", "get", (200, 404, 401, 404, 404), "consent"),
    Row("api_consent_revoke", "post", (200, 404, 401, 404, 404), "consent"),
    Row("api_consent_revoke", "get", (405, 405, 401, 405, 405), "consent"),
    Row("verify", "get", (200, 200, 200, 200, 200)),
    Row("verify", "post", (405, 405, 405, 405, 405)),
    Row("api_verify", "post", (400, 400, 400, 400, 400)),
    Row("api_verify", "get", (405, 405, 405, 405, 405)),
    # The id of a check is the key to it.
    Row("api_file_check", "get", (200, 200, 200, 200, 200), "check"),
    Row("api_file_check", "delete", (405, 405, 405, 405, 405), "check"),
    Row("api_reports", "post", (400, 400, 401, 400, 400)),
    Row("media_photo", "get", (200, 404, 401, 404, 404), "photo"),
    # It waits for a human look.
    Row("media_photo", "get", (200, 404, 401, 200, 200), "held_photo"),
    Row("media_speech", "get", (404, 404, 401, 404, 404), "speech"),  # typed: there is no file
    Row("media_result", "get", (200, 404, 401, 200, 200), "job"),  # it was reported
    Row("media_result", "head", (200, 404, 401, 200, 200), "job"),
    Row("media_result", "get", (404, 404, 401, 404, 404), "unreported_secret"),
    Row("media_result", "get", (200, 404, 401, 404, 404), "unreported"),
)


@pytest.fixture
def things(owner: User, make_job: Callable[..., Job]) -> dict[str, Thing]:
    job, unreported = finish_job(make_job()), finish_job(make_job())
    # Moderators may look at copies of what was reported; this is none.
    Photo.objects.filter(id=unreported.photo_id).update(sha256="0" * 64)
    held_photo = make_ready_photo(owner)
    followed = Report.objects.create(reason="fraud", statement="No.", follow_hash=follow_hash(SECRET))
    former = User.objects.create_user("former@example.com", is_moderator=True)
    decision = Decision.objects.create(
        report=followed,
        subject=owner,
        moderator=former,
        action="label",
        reasons="No.",
        in_force_at=timezone.now(),
    )
    data = TrainingData.objects.create(name="readings", kind="recordings", folder="data/x")
    run = TrainingRun.objects.create(name="first", data=data, variant="full", preset="sound-motion-small-full", steps=9)
    return {
        "training_data": data,
        "training_run": run,
        "training_evaluation": TrainingEvaluation.objects.create(run=run, variant="full", data=data),
        "account": owner,
        "decision": decision,
        "appeal": Appeal.objects.create(decision=decision, side="reporter", statement="Still wrong."),
        "review": QualityReview.objects.create(job=finish_job(make_job())),
        "hold": hold_photo(held_photo, "nudity"),
        "held_photo": held_photo,
        "unsigned": job,
        "job": job,
        "unreported": unreported,
        "unreported_secret": unreported,
        "consent": job.consent,
        "share": create_share(owner, unreported.id, 7, confirmed=True)[0],
        "asked": asked(owner),
        "report": make_report(owner, job.id, "fraud", "Not me."),
        "photo": make_ready_photo(owner),
        "export": make_export(owner),
        "speech": make_timed_speech(owner),
        "followed": followed,
        "pronunciation": keep_pronunciation(owner, "Siobhan", "shivawn"),
        "check": FileCheck.objects.create(seen_at=timezone.now()),
    }


def asked(user: User) -> ConsentRequest:
    request, _ = ask(user, Question(make_ready_photo(user).id, 0, "Mary", "Tom"))
    ConsentRequest.objects.filter(id=request.id).update(secret_hash=secret_hash(SECRET))
    return request


def make_export(owner: User) -> Export:
    export = ask_for_export(owner)
    assert claim(export.id, export.token) is not None
    kept = storage.store_upload(
        storage.kept_path("exports", export.id, ".zip"),
        photo_file(b"PK"),
        10,
        AssertionError(),  # type: ignore[arg-type]
    )
    assert finish(export.id, export.token, kept)
    return export


@pytest.fixture
def people(owner: User, other: User, moderator: User, administrator: User) -> dict[str, User | None]:
    everybody: dict[str, User | None] = {
        user.email.split("@")[0]: user for user in (owner, other, moderator, administrator)
    }
    return {**everybody, "anonymous": None}


def address(row: Row, things: dict[str, Thing]) -> str:
    if row.name in WORDS:
        return reverse(f"animator:{row.name}", args=[WORDS[row.name]])
    thing = things.get(row.thing)
    if row.name == "statement" and isinstance(thing, Decision):
        return statement_path(thing)
    arguments: list[object] = [things[row.thing].pk] if row.thing else []
    if row.name in ACTIONS:
        arguments.append("dance")
    if row.name == "sound_model_evaluate":
        arguments.insert(0, "full")
    if row.name == "media_timeline":
        arguments += [1, "subtitles.vtt"]
    if row.name == "usage_grant_revoke":
        arguments.append(1)
    if row.name == "share_media":
        arguments.append("video.mp4")
    if row.name == "media_result":
        arguments.append("secret.txt" if row.thing == "unreported_secret" else "video.mp4")
    return reverse(f"animator:{row.name}", args=arguments)


def test_the_site_has_no_other_roots() -> None:
    """What libraries answer is theirs to test; a new root of ours belongs into the table."""
    from picturetalk_site import urls

    roots = {str(vars(pattern)["pattern"]) for pattern in urls.urlpatterns}
    assert roots == {
        "",
        "accounts/",
        "admin/",
        "admin/queues/",
        "healthz",
        "readyz",
        "metrics",
        "about/",
        "privacy/",
        "labelling/",
    }


def test_every_address_is_in_the_table() -> None:
    names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert len(names) == len(urlpatterns), "every address has a name of its own"
    assert names == {row.name for row in TABLE}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.name} {row.thing}")
def test_who_gets_what(row: Row, things: dict[str, Thing], people: dict[str, User | None]) -> None:
    statuses = {}
    # The owner comes last: a deletion succeeds for them.
    for who in reversed(WHO):
        client = Client()
        user = people[who]
        if user is not None:
            client.force_login(user)
        where = address(row, things)
        if row.name.startswith("media_") and user is not None:
            where = at(where, user)
        statuses[who] = getattr(client, row.method)(where).status_code
    assert statuses == dict(zip(WHO, row.statuses, strict=True))


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.thing and row.name not in TWO_PARTS],
    ids=lambda row: row.name,
)
def test_an_unknown_id_is_not_found(row: Row, administrator: User, client: Client) -> None:
    client.force_login(administrator)
    response = getattr(client, row.method)(reverse(f"animator:{row.name}", args=[uuid4()]))
    assert response.status_code == (405 if 405 in row.statuses else 404)


@pytest.mark.parametrize("path", ["/api/jobs/1/", "/api/jobs/..%2f/", "/jobs/x/", "/media/photos/none/", "/reports/-/"])
def test_what_is_no_id_is_not_found(path: str, signed_in: Client) -> None:
    assert signed_in.get(path).status_code == 404


@pytest.mark.parametrize("row", [row for row in TABLE if row.method in ("post", "delete")], ids=lambda row: row.name)
def test_nothing_is_written_without_the_token_of_our_own_pages(row: Row, owner: User) -> None:
    """The token is looked at before anything else is, so no object needs to be there."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    nothing: dict[str, Thing] = {row.thing: Decision(id=uuid4()) if row.name == "statement" else Job(id=uuid4())}
    response = getattr(client, row.method)(address(row, nothing))
    assert response.status_code in ((403, 405) if 405 in row.statuses else (403,))


@pytest.mark.parametrize(("who", "status"), [("owner", 302), ("moderator", 302), ("administrator", 200)])
@pytest.mark.parametrize("path", ["/admin/", "/admin/queues/", "/admin/animator/job/", "/admin/accounts/user/"])
def test_the_admin_is_for_administrators(
    path: str, who: str, status: int, people: dict[str, User | None], client: Client
) -> None:
    user = people[who]
    assert user is not None
    client.force_login(user)
    assert client.get(path).status_code == status


@pytest.mark.django_db
def test_the_admin_asks_strangers_to_sign_in(client: Client) -> None:
    assert client.get("/admin/queues/").status_code == 302


@pytest.mark.parametrize(
    "model",
    [
        "job",
        "photo",
        "speech",
        "consent",
        "result",
        "report",
        "decision",
        "plan",
        "userlimits",
        "grant",
        "usageentry",
        "auditentry",
        "filecheck",
        "hold",
        "erasure",
        "export",
        "consentrequest",
        "consentrevocation",
        "share",
    ],
)
def test_administrators_see_every_table(model: str, administrator: User, finished_job: Job, client: Client) -> None:
    client.force_login(administrator)
    assert client.get(f"/admin/animator/{model}/").status_code == 200


@pytest.mark.parametrize("model", ["job", "consent", "auditentry", "decision", "usageentry"])
def test_administrators_cannot_write_the_ledgers(model: str, administrator: User, job: Job, client: Client) -> None:
    client.force_login(administrator)
    assert client.get(f"/admin/animator/{model}/add/").status_code == 403
    pk = job.pk if model == "job" else job.consent_id
    if model in ("job", "consent"):
        assert client.post(f"/admin/animator/{model}/{pk}/delete/").status_code == 403
        assert client.post(f"/admin/animator/{model}/{pk}/change/", {"state": "succeeded"}).status_code == 403
