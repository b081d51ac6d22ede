"""Bodies of requests: a site-wide limit, and a larger one where a timeline comes."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.test import RequestFactory

from animator.api.body import Body
from animator.api.timeline import MOST_BYTES
from animator.errors import SiteError
from gpu_worker import timeline_json
from gpu_worker.schema import Phone, Timeline, Word


def post(content: str) -> HttpRequest:
    return RequestFactory().post("/api/", content, content_type="application/json")


def test_a_larger_body_is_read_only_where_it_is_allowed() -> None:
    content = json.dumps({"document": "x" * 2_000_000})
    assert len(str(Body.of(post(content), 3_000_000).raw("document"))) == 2_000_000
    with pytest.raises(RequestDataTooBig):
        Body.of(post(content))
    with pytest.raises(RequestDataTooBig):
        Body.of(post(content), 1_999_999)
    for broken in ("[1]", "{", ""):
        with pytest.raises(SiteError):
            Body.of(post(broken), 1_000)


def test_two_hours_of_speech_fit() -> None:
    words = tuple(Word("extraordinary", 0.45 * place, 0.45 * place + 0.4321) for place in range(16_000))
    phones = tuple(Phone("AH", 0.1 * place, 0.1 * place + 0.1, 1) for place in range(72_000))
    document = timeline_json.compact(Timeline("en", "forced", 7200.0, words, phones, ()))
    assert len(json.dumps({"version": 1, "document": document})) < MOST_BYTES


def test_halves_of_characters_are_refused() -> None:
    for content in (r'{"text": "\ud800 hi"}', r'{"a": [{"\uDC00": 1}]}'):
        with pytest.raises(SiteError, match="not JSON"):
            Body.of(post(content))
    assert Body.of(post(r'{"text": "\ud83d\ude00"}')).text("text") == "😀"
