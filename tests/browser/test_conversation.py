"""Two people of one photo talk to each other, from the studio to the certificate of each."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.conftest import WORK


def write_lines(page: Page) -> None:
    """Two lines, then a third that is moved up and removed again, by keyboard."""
    lines = page.locator(".talk-line")
    expect(lines).to_have_count(2, timeout=WORK)
    lines.nth(0).locator("textarea").fill("Mama, my poppy!")
    lines.nth(1).locator("textarea").fill("Maybe.")
    lines.nth(1).locator("input[type=number]").fill("0.2")
    page.locator("#talk-add").click()
    lines.nth(2).locator("textarea").fill("Not this.")
    lines.nth(2).get_by_role("button", name="Move this line up").press("Enter")
    expect(lines.nth(1).locator("textarea")).to_have_value("Not this.", timeout=WORK)
    lines.nth(1).get_by_role("button", name="Remove this line").press("Enter")
    expect(lines).to_have_count(2, timeout=WORK)


def test_two_faces_talk(page: Page, two_faces: Path) -> None:
    page.goto("/create/")
    page.locator("#photo-file").set_input_files(two_faces)
    page.locator("input[name=cast][value=several]").check(timeout=WORK)
    expect(page.locator("#role-list select")).to_have_count(2, timeout=WORK)
    page.locator("#photo-next").click()
    write_lines(page)
    page.reload()  # nothing that was typed is lost
    expect(page.locator(".talk-line textarea").nth(1)).to_have_value("Maybe.", timeout=WORK)
    page.locator("#talk-next").click()
    expect(page.locator(".consent-row")).to_have_count(2, timeout=WORK)
    studio.consent(page)
    expect(page.locator(".consent-row").nth(1)).to_have_attribute("aria-current", "step", timeout=WORK)
    expect(page.locator("#consent-next")).to_be_disabled(timeout=WORK)
    studio.consent(page)
    expect(page.locator("#start-words")).to_contain_text("Face 2: Maybe.", timeout=WORK)
    studio.start(page)
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    expect(page.locator(".certificate-face")).to_have_count(2, timeout=WORK)
    expect(page.locator(".certificate-face").first).to_contain_text("Face 1, who speaks", timeout=WORK)
