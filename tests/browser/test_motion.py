"""A video without words, framed, in another form: from the photo to the file, as somebody makes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.conftest import WORK


def test_a_portrait_smiles_and_winks_in_a_square(page: Page, portrait: Path, tmp_path: Path) -> None:
    studio.add_photo(page, portrait)
    page.locator("input[name=happen][value=move]").check()
    page.locator("#motion-next").click()
    expect(page.locator("#motion-panel").get_by_role("alert")).to_have_text("Choose at least one gesture.")
    palette = page.locator("#motion .gesture-palette")
    for name in ("Nod", "Wink", "Smile"):
        palette.get_by_role("button", name=name, exact=True).click()
    chosen = page.locator("#motion .gesture-list li")
    chosen.nth(2).get_by_role("button", name="Earlier: Smile").click()
    chosen.nth(0).get_by_role("button", name="Remove: Nod").click()
    expect(chosen).to_have_text([re.compile("Smile"), re.compile("Wink")])
    # A reload loses nothing.
    page.reload()
    expect(chosen).to_have_text([re.compile("Smile"), re.compile("Wink")], timeout=WORK)
    page.locator("#motion-next").click()
    studio.consent(page)
    expect(page.locator("#start-face-label")).to_have_text("Moves")
    expect(page.locator("#start-voice")).to_contain_text("smile, wink")
    expect(page.locator("#start-words")).to_be_hidden()

    page.locator("input[name=framing][value=square]").check()
    cut, picture = page.locator("#framing-cut"), page.locator("#start-photo")
    expect(cut).to_be_visible()
    photo_id = page.evaluate("JSON.parse(sessionStorage.getItem('picturetalk-studio')).draft.photo")
    asked = page.request.get(f"/api/photos/{photo_id}/framings/?faces=0").json()["framings"]
    box = next(one for one in asked if one["framing"] == "square")
    expect(cut).to_have_css("left", re.compile(r"\d"))
    # The rectangle moves there softly; ask until it has arrived.
    page.wait_for_function(
        "([box]) => { const c = document.querySelector('#framing-cut').getBoundingClientRect();"
        " const p = document.querySelector('#start-photo').getBoundingClientRect();"
        " return Math.abs(c.left - p.left - box[0] * p.width) < 3 && Math.abs(c.width - box[2] * p.width) < 6; }",
        arg=[box["box"]],
        timeout=WORK,
    )
    assert picture.is_visible()

    job = studio.start(page)
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    expect(page.locator("h1")).to_have_text("Smile and wink")
    made = page.request.get(f"/api/jobs/{job}/").json()
    assert (made["state"], made["speaks"], made["framing"]) == ("succeeded", False, "square")
    for name, value in (("width", str(box["width"])), ("height", str(box["height"])), ("loop", "")):
        expect(page.locator("video")).to_have_attribute(name, value)

    form = page.locator("#forms-list li[data-kind=webp]")
    form.get_by_role("button", name="Make it").click()
    link = form.get_by_role("link", name="Get the Animated WebP")
    expect(link).to_be_visible(timeout=WORK)
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(tmp_path / "loop.webp")
    with Image.open(tmp_path / "loop.webp") as loop:
        assert loop.format == "WEBP"
        assert getattr(loop, "n_frames", 1) > 20
        assert loop.width / loop.height == pytest.approx(1.0, abs=0.02)


def test_a_recorded_line_of_a_conversation_outlives_a_reload(page: Page, two_faces: Path, spoken: Path) -> None:
    page.goto("/create/")
    page.locator("#photo-file").set_input_files(two_faces)
    page.locator("input[name=cast][value=several]").check(timeout=WORK)
    page.locator("#photo-next").click()
    first = page.locator("#talk-lines > li").first
    first.locator("input[type=file]").set_input_files(spoken)
    expect(first.locator("audio")).to_be_visible()
    page.wait_for_function(
        "() => JSON.parse(sessionStorage.getItem('picturetalk-studio')).draft.talk?.lines[0].sound", timeout=WORK
    )
    page.reload()
    expect(first.locator("audio")).to_be_visible(timeout=WORK)
    page.wait_for_function("() => document.querySelector('#talk-lines audio').src.startsWith('blob:')", timeout=WORK)
    page.locator("#talk-lines > li").nth(1).locator("textarea").fill("Good morning to you.")
    page.locator("#talk-next").click()
    expect(page.locator("#consent-bases")).to_be_visible(timeout=WORK)
