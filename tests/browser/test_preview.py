"""The moving preview of the studio, with the microphone, the live worker and the graphics of a real browser."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.conftest import WORK
from tests.running_site import Site

#: A jaw that is clearly open.
OPEN = re.compile(r"0\.[2-9]|1\.")


def test_the_photo_moves_once_it_may(page: Page, portrait: Path, running_site: Site) -> None:
    studio.add_photo(page, portrait)
    drawn, photo = page.locator("#moving-drawn"), page.locator("#moving-photo")
    expect(drawn).to_be_visible()
    expect(photo).to_be_hidden()

    # While somebody records, a drawn mouth follows the voice: nobody said yet whose face it is.
    page.locator("#tab-recorded").click()
    page.locator("#record-toggle").click()
    expect(drawn).to_have_attribute("data-jaw", OPEN, timeout=WORK)
    # Without its worker the preview ends, and says so; the recording goes on.
    os.kill(running_site.process_with("live_worker"), signal.SIGKILL)
    expect(page.locator("#moving-state")).to_contain_text("not available", timeout=WORK)
    expect(page.locator("#record-label")).to_have_text("Stop recording")
    page.locator("#record-toggle").click()
    expect(page.locator("#record-audio")).to_be_visible()

    # The question of step 3, before the photo itself moves.
    page.locator("#moving-show").click()
    page.locator("#moving-yes").click()
    expect(page.locator("#moving-errors")).to_contain_text("still open")
    page.locator("#moving-dialog input[name=basis][value=historic]").check()
    page.locator("#moving-dialog input[name=age][value=adult]").check()
    page.locator("#moving-dialog #consent-check").check()
    page.locator("#moving-yes").click()
    expect(photo).to_be_visible(timeout=WORK)
    expect(drawn).to_be_hidden()

    page.locator("#tab-typed").click()
    page.locator("#typed-text").fill("Papa and Mama are at home.")
    page.locator("#moving-play").click()
    expect(photo).to_have_attribute("data-jaw", OPEN, timeout=WORK)
    expect(page.locator("#moving-play-start")).to_be_visible(timeout=WORK)
    expect(photo).to_have_attribute("data-jaw", "0.000")

    # Step 3 knows the answer, and the video rests on the same consent.
    page.locator("#voice-next").click()
    expect(page.locator("#consent-next")).to_be_enabled(timeout=WORK)
    page.locator("#consent-next").click()
    studio.start(page)
    assert len(page.request.get("/api/consents/").json()["consents"]) == 1
