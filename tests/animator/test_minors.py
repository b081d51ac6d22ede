"""Portraits of minors: the operator's switch, the owner's declaration, and what the face check measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.models import Consent, Hold, Job, Photo
from tests.animator.conftest import make_ready_photo, make_ready_speech


@pytest.fixture
def make(signed_in: Client, owner: User) -> Callable[..., Any]:
    def send(*, minor: bool, child: float | None = None) -> Any:
        photo = make_ready_photo(owner)
        if child is not None:
            Photo.objects.filter(id=photo.id).update(faces=[{**photo.faces[0], "child": child}])
        version = STATEMENTS["self"].version
        consent = {"basis": "self", "confirmed": True, "statement_version": version, "minor": minor}
        body = {"photo": str(photo.id), "face": 0, "speech": str(make_ready_speech(owner).id), "consent": consent}
        return signed_in.post("/api/jobs/", body, content_type="application/json")

    return send


@pytest.mark.parametrize(
    ("policy", "minor", "child", "held"),
    [
        ("hold", False, None, False),
        ("hold", True, None, True),
        ("hold", False, 0.2, False),
        ("hold", False, 1.0, True),
        ("allow", True, 1.0, False),
        ("allow", False, 1.0, True),
        ("refuse", False, 0.1, False),
        ("refuse", False, 1.0, True),
    ],
)
def test_who_waits_for_a_person(
    policy: str, minor: bool, child: float | None, held: bool, make: Callable[..., Any], settings: Any
) -> None:
    settings.MINORS = policy
    answer = make(minor=minor, child=child)
    assert answer.status_code == 201
    assert (answer.json()["held"] is not None) == held
    assert (Job.objects.get().held_at is not None) == held
    if held:
        hold = Hold.objects.get()
        assert hold.code == "minor"
        assert hold.detail == {"declared": [0] if minor else [], "proportions_of_a_child": [] if minor else [0]}
    assert Consent.objects.get().minor == minor


def test_who_refuses_minors_says_why_and_keeps_nothing(make: Callable[..., Any], settings: Any) -> None:
    settings.MINORS, settings.MINORS_TEXT = "refuse", "Only grown-ups, please; ask the town archive."
    answer = make(minor=True)
    assert (answer.status_code, answer.json()["error"]) == (403, "minors_refused")
    assert answer.json()["hint"] == "Only grown-ups, please; ask the town archive."
    assert not Job.objects.exists()
    assert not Consent.objects.exists()


def test_the_operators_words_are_shown(make: Callable[..., Any], signed_in: Client, settings: Any) -> None:
    settings.MINORS_TEXT = "We look at pictures of children first."
    assert make(minor=True).json()["held"]["message"] == "We look at pictures of children first."
    assert "We look at pictures of children first." in signed_in.get("/create/").content.decode()
