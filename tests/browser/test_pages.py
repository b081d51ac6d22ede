"""Every page: on a telephone, and with what its headers promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

OPEN_PAGES = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/verify/", "/report/"]
OWN_PAGES = ["/create/", "/jobs/", "/accounts/email/", "/accounts/password/change/"]


def assert_it_fits(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    width, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= room, f"{address} is {width} pixels wide on a screen of {room}"


def test_pages_fit_a_telephone(new_person: Callable[..., Page]) -> None:
    page = new_person(signed_up=False, width=390, height=844)
    for address in OPEN_PAGES:
        assert_it_fits(page, address)
    person = new_person(width=390, height=844)
    for address in OWN_PAGES:
        assert_it_fits(person, address)
    for step in ("voice", "consent", "start"):
        person.goto(f"/create/#{step}")
        assert person.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), step


@pytest.mark.parametrize("address", ["/no-such-page/", "/jobs/0b0e7a52-52f4-4b5a-9d53-6f6b0f1c3a11/"])
def test_what_is_not_there_says_so(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404


def test_headers(page: Page) -> None:
    headers = page.request.get("/jobs/").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "microphone=(self)" in headers["permissions-policy"]


def test_moderators_and_administrators_have_their_pages(new_person: Callable[..., Page]) -> None:
    plain = new_person()
    assert plain.request.get("/reports/").status in (403, 404)
    assert plain.request.get("/admin/queues/", max_redirects=0).status in (302, 403)
    moderator = new_person(signed_up=False)
    sign_in(moderator, "moderator@example.com", "talking-moderator")
    assert_it_fits(moderator, "/reports/")
    assert_it_fits(moderator, "/moderation/")
    moderator.keyboard.press("?")
    expect(moderator.get_by_role("dialog", name="Keys")).to_be_visible()
    administrator = new_person(signed_up=False)
    sign_in(administrator, "administrator@example.com", "talking-administrator")
    administrator.goto("/admin/")
    expect(administrator.get_by_role("link", name="Users", exact=True)).to_be_visible()
    administrator.goto("/admin/queues/")
    expect(administrator.get_by_text("render").first).to_be_visible()
