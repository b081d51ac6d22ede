"""The studio when things are not as they should be."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.conftest import WORK
from tests.running_site import Site


def bad_photo(folder: Path, kind: str, portrait: Path) -> Path:
    file = folder / f"{kind}.jpg"
    if kind == "text":
        file.write_text("This is no picture at all.\n" * 40)
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "truncated":
        file.write_bytes(portrait.read_bytes()[:20_000])
    elif kind == "nobody":
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8)).save(file)
    return file


@pytest.mark.parametrize("kind", ["text", "empty", "truncated", "nobody"])
def test_a_bad_photo_is_refused_with_a_hint(page: Page, portrait: Path, tmp_path: Path, kind: str) -> None:
    page.goto("/create/")
    page.locator("#photo-file").set_input_files(bad_photo(tmp_path, kind, portrait))
    told = page.locator("#photo-errors, #photo-findings").filter(has_text=re.compile(r"\w{3,}.*\."))
    expect(told.first).to_be_visible(timeout=WORK)
    expect(page.locator("#photo-next")).to_be_disabled()
    # A good one afterwards is taken: nothing is stuck.
    page.locator("#photo-file").set_input_files(portrait)
    expect(page.locator("#photo-next")).to_be_enabled(timeout=WORK)


def test_of_several_faces_one_is_chosen(page: Page, two_faces: Path) -> None:
    page.goto("/create/")
    page.locator("#photo-file").set_input_files(two_faces)
    faces = page.locator("#faces")
    expect(faces).to_be_visible(timeout=WORK)
    choices = faces.locator("input[type=radio]")
    expect(choices).to_have_count(2)
    choices.nth(1).check(force=True)
    expect(page.locator("#photo-next")).to_be_enabled()


def test_no_consent_no_job(page: Page, portrait: Path) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "Hello.")
    expect(page.locator("#consent-bases")).to_be_visible(timeout=WORK)
    expect(page.locator("#consent-next")).to_be_disabled()
    page.locator("input[name=basis]").first.check()
    expect(page.locator("#consent-next")).to_be_disabled()
    expect(page.locator("#consent-check")).to_be_hidden()
    page.locator("input[name=age][value=adult]").check()
    expect(page.locator("#consent-next")).to_be_disabled()
    page.locator("#consent-check").check()
    expect(page.locator("#consent-next")).to_be_enabled()


def test_words_that_nobody_can_say_are_refused(page: Page, portrait: Path) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "\N{PARTY POPPER}\N{SMILING FACE WITH SUNGLASSES}")
    told = page.locator("#voice-errors, #typed-text-error").filter(has_text=re.compile(r"\w{3,}"))
    expect(told.first).to_be_visible(timeout=WORK)
    expect(page.locator("#consent-bases")).to_be_hidden()


def test_a_job_is_cancelled_and_deleted(page: Page, portrait: Path) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "This is a long story about a very long road. " * 12)
    studio.consent(page)
    job = studio.start(page)
    page.locator("#job-cancel").click()
    studio.say_yes(page)
    expect(page.locator("#job-view")).to_have_attribute("data-state", "cancelled", timeout=WORK)
    state = page.request.get(f"/api/jobs/{job}/").json()
    assert state["state"] == "cancelled"
    assert state["can"]["cancel"] is False
    assert page.request.get(f"/media/results/{job}/video.mp4").status == 404
    page.goto("/jobs/")
    expect(page.get_by_text("Cancelled").first).to_be_visible()
    page.goto(f"/jobs/{job}/")
    page.locator("#job-delete").click()
    studio.say_yes(page)
    page.wait_for_url("**/jobs/")
    assert page.request.get(f"/api/jobs/{job}/").status == 404


def test_a_killed_worker_costs_time_not_the_job(page: Page, portrait: Path, running_site: Site) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "The worker that draws this is killed in the middle of its work. Another one goes on.")
    studio.consent(page)
    job = studio.start(page)
    expect(page.locator("#job-view")).to_have_attribute("data-state", "processing", timeout=WORK)
    os.kill(running_site.process_with("rqworker", "render"), signal.SIGKILL)
    running_site.wait_for("render ended by itself (killed by SIGKILL); starting it again")
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    assert page.request.get(f"/api/jobs/{job}/").json()["state"] == "succeeded"
