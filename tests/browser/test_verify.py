"""A stranger asks where a picture comes from, reports it and follows the report; on a telephone, without an account."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import WORK
from tests.running_site import ROOT


def test_a_stranger_asks_reports_and_follows(new_person: Callable[..., Page]) -> None:
    page = new_person(signed_up=False, width=390, height=844)
    page.goto("/verify/")
    words = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"no picture at all")
    page.set_input_files("#verify-file", words)
    expect(page.get_by_text("This is not a video or picture")).to_be_visible(timeout=WORK)
    page.set_input_files("#verify-file", ROOT / "static" / "samples" / "grace_hopper.jpg")
    expect(page.locator("#verify-title")).to_have_text("We found no sign that it was made here", timeout=WORK)
    expect(page.locator(".trace")).to_have_count(3)
    expect(page.locator("#verify-errors .notice")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.get_by_role("link", name="Report this video").click()
    page.get_by_label("What is the matter?").select_option("depicted")
    page.get_by_label("In your words").fill("My portrait talks on a forum.")
    page.get_by_label("Your e-mail address").fill("me@example.org")
    page.get_by_label("To the best of my knowledge").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="Your report has arrived")).to_be_visible()
    assert "/reports/follow/" in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
