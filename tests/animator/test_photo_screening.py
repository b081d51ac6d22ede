"""Photos: blocked ones and copies of them, public figures, nudity; what is refused and what waits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from animator import queue
from animator.errors import SiteError
from animator.models import AuditEntry, BlockedPhoto, Hold, Job, Photo, PublicFigure, Speech
from animator.models.upload import UploadState
from animator.selectors.photo_matching import copies_of, nearest_blocked
from animator.selectors.screening import figures_named
from animator.services import photo_blocking, screening
from animator.services.hold import release
from animator.services.job import create_job
from animator.services.photo_screening import PhotoEvidence, judge
from gpu_worker import tasks
from gpu_worker.provenance.hashes import COPY_DISTANCE, NOTHING_ALIKE, family_distance
from tests.animator.conftest import job_request, make_ready_photo, photo_file, picture, stored_files

#: Families as photo_hash makes them, made up: the whole picture first.
SOME = ("00ff00ff00ff00ff", "0f0f0f0f0f0f0f0f")
NEAR = ("00ff00ff00ff00f0", "aaaaaaaaaaaaaaaa")
FAR = ("123456789abcdef0", "fedcba9876543210")


def astronaut(size: int = 512, crop: int = 0, quality: int = 90) -> bytes:
    photo = Image.fromarray(skimage.data.astronaut()).crop((crop, crop, 512 - crop, 512 - crop)).resize((size, size))
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def upload(client: Client, content: bytes, name: str = "photo.jpg") -> Photo:
    response = client.post("/api/photos/", {"file": SimpleUploadedFile(name, content, "image/jpeg")})
    assert response.status_code == 201, response.content
    photo = Photo.objects.get(id=response.json()["id"])
    tasks.check_photo(str(photo.id), photo.token)
    photo.refresh_from_db()
    return photo


def with_hashes(photo: Photo, hashes: tuple[str, ...]) -> Photo:
    photo.hashes = list(hashes)
    photo.save()
    return photo


def test_distances_of_families() -> None:
    assert family_distance(SOME, SOME) == 0
    assert family_distance(SOME, NEAR) == 4
    assert family_distance(SOME, FAR) > COPY_DISTANCE
    assert family_distance((), SOME) == family_distance(SOME, ()) == NOTHING_ALIKE


def test_a_blocked_photo_is_known_again_however_it_was_changed(
    signed_in: Client, moderator: User, media_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole way, with real files."""
    monkeypatch.setenv("NUDITY_MODEL", str(tmp_path / "absent"))
    first = upload(signed_in, astronaut())
    assert first.state == UploadState.READY
    assert len(first.hashes) == 17
    assert AuditEntry.objects.get(action="not_screened").detail["why"] == "no classifier is installed"
    photo_blocking.block_photo(first, moderator, "Reported as stolen", "decision-1")
    files = stored_files(media_folder)
    # The very file: refused at once, nothing is kept.
    again = signed_in.post("/api/photos/", {"file": SimpleUploadedFile("x.jpg", astronaut(), "image/jpeg")})
    assert (again.status_code, again.json()["error"]) == (403, "photo_blocked")
    assert stored_files(media_folder) == files
    # Smaller, poorer and cropped by 4 %: waits for a moderator.
    copy = upload(signed_in, astronaut(300, 10, 40))
    hold = Hold.objects.get(photo=copy)
    assert hold.code == "blocked_photo_similar"
    assert "Reported as stolen" in hold.detail["findings"][0]["text"]
    # Let pass, it stays let pass.
    release(hold, moderator)
    assert not Hold.objects.filter(photo=upload(signed_in, astronaut(300, 10, 40)), outcome="").exists()
    # Taken off the list.
    assert photo_blocking.unblock("decision-1", moderator) == 1
    assert upload(signed_in, astronaut()).state == UploadState.READY


def test_blocking_stops_the_copies_that_are_here(owner: User, other: User, moderator: User, job: Job) -> None:
    original = with_hashes(make_ready_photo(owner), SOME)
    copy = with_hashes(job.photo, NEAR)
    stranger = with_hashes(make_ready_photo(other), FAR)
    Photo.objects.exclude(id=original.id).update(sha256="")
    blocked = photo_blocking.block_photo(original, moderator, "Because", "d")
    assert photo_blocking.block_photo(original, moderator, "Because", "d") == blocked
    assert Hold.objects.get().photo == copy
    assert Job.objects.get(id=job.id).held_at is not None
    assert [photo.id for photo, _ in copies_of("", SOME)] == [original.id, copy.id]
    assert stranger.holds.count() == 0
    match = nearest_blocked("", NEAR)
    assert match is not None
    assert (match.distance, match.exact) == (4, False)
    assert nearest_blocked("", FAR) is None
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert "photo_blocked" in actions


@pytest.mark.parametrize(("action", "state"), [("hold", "held"), ("refuse", "refused"), ("off", "free")])
def test_what_the_operator_wants_done_about_nudity(owner: User, settings: Any, action: str, state: str) -> None:
    settings.NUDITY_ACTION = action
    photo = make_ready_photo(owner)
    evidence = PhotoEvidence(SOME, (("FEMALE_BREAST_EXPOSED", 0.81),))
    if state == "refused":
        with pytest.raises(SiteError) as caught:
            judge(photo.id, evidence)
        assert caught.value.code == "photo_indecent"
    else:
        judge(photo.id, evidence)
    held = Hold.objects.filter(photo=photo)
    assert held.exists() == (state == "held")
    if state == "held":
        assert held.get().detail["findings"] == [{"name": "female breast exposed", "text": "81% sure"}]
    assert AuditEntry.objects.filter(action="not_screened").exists() == (state == "free")


def test_a_photo_that_was_not_checked_is_noted_and_not_held(owner: User) -> None:
    photo = make_ready_photo(owner)
    judge(photo.id, PhotoEvidence(SOME, checked=False, why="no classifier is installed"))
    assert not Hold.objects.exists()
    assert AuditEntry.objects.get(action="not_screened").detail == {
        "what": "nudity",
        "why": "no classifier is installed",
    }


def test_a_refused_photo_ends_rejected_with_its_reason(
    signed_in: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, media_folder: Path
) -> None:
    settings.NUDITY_ACTION = "refuse"
    monkeypatch.setattr(
        "gpu_worker.tasks.photo._evidence", lambda pixels: PhotoEvidence(SOME, (("ANUS_EXPOSED", 0.9),))
    )
    photo = upload(signed_in, astronaut())
    assert photo.state == UploadState.REJECTED
    assert photo.error_dict is not None
    assert photo.error_dict["error"] == "photo_indecent"
    assert stored_files(media_folder) == []


def figure(**fields: Any) -> PublicFigure:
    made = PublicFigure(**{"name": "Jane Exampleton", "other_names": "Эксамплтон*\nPresident Exampleton", **fields})
    made.full_clean()
    made.save()
    return made


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("This is Jane Exampleton speaking.", True),
        ("JANE-EXAMPLETON.jpg", True),
        ("j4ne exampleton", True),
        ("Меня зовут Эксамплтонова", True),
        ("Jane bought examples", False),
        ("", False),
    ],
)
def test_public_figures_are_found_by_name(db: None, text: str, named: bool) -> None:
    figure()
    assert bool(figures_named([text]).hits) == named


def test_words_and_file_names_about_a_public_figure_wait(owner: User, ready_speech: Speech, moderator: User) -> None:
    listed = figure()
    photo = make_ready_photo(owner)
    Photo.objects.filter(id=photo.id).update(name="jane exampleton 2024.jpg")
    job = create_job(owner, job_request(photo, ready_speech))
    hold = Hold.objects.get(job=job)
    assert (hold.code, hold.detail["figures"]) == ("public_figure", [listed.pk])
    release(hold, moderator)
    assert Job.objects.get(id=job.id).held_at is None
    assert screening.screen_heard(Job.objects.get(id=job.id), "I am Jane Exampleton", "recognised")


def test_the_operator_may_refuse_a_public_figure_at_once(owner: User, ready_photo: Photo) -> None:
    figure(action="refuse")
    speech = Speech.objects.create(
        owner=owner, kind="typed", state=UploadState.READY, text="I, Jane Exampleton, resign."
    )
    with pytest.raises(SiteError) as caught:
        create_job(owner, job_request(ready_photo, speech))
    assert caught.value.code == "public_figure_refused"
    assert not Job.objects.exists()
    assert AuditEntry.objects.filter(action="public_figure_refused", actor=owner).exists()


@pytest.mark.parametrize("action", ["hold", "refuse"])
def test_known_portraits_are_found_among_photos(owner: User, action: str) -> None:
    figure(action=action, portraits=[{"name": "official.jpg", "sha256": "ab", "hashes": list(SOME)}])
    photo = make_ready_photo(owner)
    if action == "refuse":
        with pytest.raises(SiteError):
            judge(photo.id, PhotoEvidence(NEAR))
    else:
        judge(photo.id, PhotoEvidence(NEAR))
        assert Hold.objects.get(photo=photo).code == "public_figure"
    judge(make_ready_photo(owner).id, PhotoEvidence(FAR))
    assert Hold.objects.count() == (action == "hold")


def test_administrators_keep_the_list_of_public_figures(
    administrator: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ask_for_hashes", lambda content, patience: tasks.hash_picture(content))
    client.force_login(administrator)
    form = {"name": "Jane Exampleton", "other_names": "", "action": "hold", "active": "on", "note": ""}
    added = client.post("/admin/animator/publicfigure/add/", {**form, "portrait": photo_file(astronaut())})
    assert added.status_code == 302, added.content
    listed = PublicFigure.objects.get()
    assert len(listed.portraits[0]["hashes"]) == 17
    change = f"/admin/animator/publicfigure/{listed.pk}/change/"
    assert client.post(change, {**form, "portrait": photo_file(b"no picture")}).status_code == 200
    assert client.post(change, {**form, "portrait": photo_file(astronaut()[:900])}).status_code == 200
    assert client.post(change, {**form, "forget_portraits": "on"}).status_code == 302
    assert PublicFigure.objects.get().portraits == []
    assert client.post(change, {**form, "name": "..."}).status_code == 200
    assert client.post(f"/admin/animator/publicfigure/{listed.pk}/delete/", {"post": "yes"}).status_code == 302
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["public_figure_added", *["public_figure_changed"] * 1, "public_figure_deleted"]


def test_a_worker_that_does_not_answer_is_said(
    administrator: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ask_for_hashes", lambda content, patience: None)
    client.force_login(administrator)
    form = {"name": "Jane", "action": "hold", "portrait": photo_file(picture())}
    answer = client.post("/admin/animator/publicfigure/add/", form)
    assert answer.status_code == 200
    assert b"does not work at the moment" in answer.content


def test_administrators_let_a_blocked_photo_go(administrator: User, client: Client) -> None:
    blocked = photo_blocking.block_hashes("ab", SOME, None, "x")
    client.force_login(administrator)
    assert client.get("/admin/animator/blockedphoto/").status_code == 200
    assert client.post(f"/admin/animator/blockedphoto/{blocked.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not BlockedPhoto.objects.exists()
    assert AuditEntry.objects.filter(action="photo_unblocked", actor=administrator).exists()


def test_the_screening_page_says_whether_photos_are_checked(
    administrator: User, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client.force_login(administrator)
    (tmp_path / "model").write_bytes(b"x")
    monkeypatch.setenv("NUDITY_MODEL", str(tmp_path / "model"))
    assert "The classifier is installed" in client.get("/screening/").content.decode()
    monkeypatch.setenv("NUDITY_MODEL", str(tmp_path / "absent"))
    assert "The classifier is not installed" in client.get("/screening/").content.decode()
    settings.NUDITY_ACTION = "off"
    assert "switched off" in client.get("/screening/").content.decode()
