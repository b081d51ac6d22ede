"""Correcting words and mouth in the browser, with the keyboard, in a list, and making the video again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gpu_worker import timeline_json
from gpu_worker.errors import InputError
from gpu_worker.schema import Timeline
from gpu_worker.timeline_edits import apply_edit
from tests.browser import studio
from tests.browser.conftest import WORK
from tests.gpu_worker.edited import CASES, small_timeline

PARITY = """async ([form, cases]) => {
  const edits = await import("/static/js/editor/document.js");
  const run = {
    move_word_edge: (t, e) => edits.moveWordEdge(t, e.index, e.edge, e.to),
    move_phone: (t, e) => edits.movePhone(t, e.index, e.to),
    spell: (t, e) => edits.spell(t, e.index, e.word),
    pronounce: (t, e) => edits.pronounce(t, e.index, e.said),
    split_word: (t, e) => edits.splitWord(t, e.index, e.first, e.second),
    join_words: (t, e) => edits.joinWords(t, e.index, e.word),
    remove_word: (t, e) => edits.removeWord(t, e.index),
    force_mouth: (t, e) => edits.forceMouth(t, e.state, e.start, e.end, e.ease),
    release_mouth: (t, e) => edits.releaseMouth(t, e.index),
  };
  return cases.map(({ edits: list }) => {
    try {
      return edits.toCompact(list.reduce((timeline, edit) => run[edit.edit](timeline, edit), edits.fromCompact(form)));
    } catch (error) {
      return { error: error.code };
    }
  });
}"""


def in_python(case: dict[str, Any]) -> dict[str, Any]:
    timeline = small_timeline()
    try:
        for edit in case["edits"]:
            timeline = apply_edit(timeline, edit)
    except InputError as error:
        return {"error": error.code}
    return timeline_json.compact(timeline)


def rounded(form: dict[str, Any]) -> dict[str, Any]:
    """What the two must agree on: words, sounds and mouth, to the millisecond."""
    if "error" in form:
        return form
    words = [(w["word"], w.get("said", ""), round(w["start"], 3), round(w["end"], 3)) for w in form["words"]]
    mouth = [(m["state"], round(m["start"], 3), round(m["end"], 3), round(m["ease"], 3)) for m in form["mouth"]]
    return {"words": words, "phones": [(p, round(end, 3)) for p, end, _ in form["phones"]], "mouth": mouth}


def test_the_browser_edits_as_the_engine_does(page: Page) -> None:
    found = page.evaluate(PARITY, [timeline_json.compact(small_timeline()), CASES])
    for case, form in zip(CASES, found, strict=True):
        assert rounded(form) == rounded(in_python(case)), case["name"]


def saved(page: Page) -> tuple[int, Timeline]:
    """The newest version on the server."""
    speech = page.evaluate("JSON.parse(document.getElementById('speech').textContent).id")
    answer = page.request.get(f"/api/speech/{speech}/timeline/").json()
    return answer["version"], timeline_json.from_dict(answer["document"])


def open_editor(page: Page) -> None:
    page.wait_for_url("**/edit/**")
    expect(page.locator("#editor")).to_be_visible(timeout=WORK)


def correct(page: Page, before: Timeline) -> None:
    """Says a word otherwise, moves a boundary with the keyboard, forces the mouth, undoes one step too many."""
    track = page.locator("#track")
    page.locator("#word-said").fill("bobobobob")
    page.locator("#word-said").press("Tab")
    expect(page.locator("#stale-note")).to_be_visible()
    track.focus()
    page.keyboard.press("End")
    last = before.words[-1]
    expect(page.locator("#word-text")).to_have_value(last.word)
    page.keyboard.press("e")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#word-end")).to_have_value(f"{last.end - 0.03:.3f}")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#mouth-release")).to_be_enabled()
    page.keyboard.press("o")
    page.locator("#undo").click()
    expect(page.locator("#redo")).to_be_enabled()


def test_words_and_mouth_are_corrected_and_the_video_is_made_again(page: Page, portrait: Path) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "Bob, my map.")
    studio.consent(page)
    page.locator("#start-edit").click()
    open_editor(page)
    version, before = saved(page)
    assert version == 1
    page.go_back()
    expect(page.locator("#start-button")).to_be_visible(timeout=WORK)
    studio.start(page)
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    page.get_by_role("link", name="Edit words and mouth").click()
    open_editor(page)
    correct(page, before)
    page.locator("#save").click()
    expect(page.locator("#state")).to_have_text("Saved, version 2", timeout=WORK)
    version, after = saved(page)
    assert version == 2
    assert after.words[0].said == "bobobobob"
    assert after.duration > before.duration + 0.1
    assert [(span.state, span.ease) for span in after.mouth] == [("closed", 0.06)]
    assert after.mouth[0].end == pytest.approx(after.words[-1].end, abs=0.04)
    page.locator("#make-again").click()
    page.wait_for_url("**/jobs/*-*/", timeout=WORK)
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    job = page.url.rstrip("/").rsplit("/", 1)[-1]
    made = json.loads(page.request.get(f"/media/results/{job}/timeline.json").text())
    assert made["corrected"] is True
    assert made["words"][0]["said"] == "bobobobob"
    assert len(made["mouth"]) == 1
    certificate = json.loads(page.request.get(f"/media/results/{job}/certificate.json").text())
    assert certificate["engines"]["speech"] == "events, corrected by hand"
    assert "WEBVTT" in page.request.get(f"/media/results/{job}/subtitles.vtt").text()


def test_without_the_track_words_are_corrected_in_a_list_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    body = {"kind": "typed", "text": "Hello my dear", "language": "en"}
    page.goto("/dictionary/")
    speech = page.evaluate(
        """async (body) => (await (await fetch("/api/speech/", {method: "POST", body: JSON.stringify(body), headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content}})).json()).id""",
        body,
    )
    page.locator("#entry-word").fill("dear")
    page.locator("#entry-said").fill("deeyar")
    page.locator("#entry-keep").click()
    expect(page.locator("#dictionary-rows")).to_contain_text("deeyar")
    page.goto(f"/speech/{speech}/edit/")
    open_editor(page)
    page.locator("#word-list summary").click()
    end = page.get_by_label("End of word 3, dear")
    was = float(end.input_value())
    end.fill(f"{was - 0.05:.3f}")
    end.press("Tab")
    expect(page.locator("#state")).to_have_text("Not saved")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # Somebody saves in another window: nothing is overwritten unasked.
    page.evaluate(
        """async (speech) => fetch(`/api/speech/${speech}/timeline/`, {method: "POST", headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content},
            body: JSON.stringify({
                version: 1, edits: [{edit: "force_mouth", state: "open", start: 0.1, end: 0.2}]})})""",
        speech,
    )
    page.locator("#save").click()
    expect(page.locator("#editor-errors")).to_contain_text("changed in another window", timeout=WORK)
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.locator("#state")).to_have_text("Saved, version 3", timeout=WORK)
    version, after = saved(page)
    assert version == 3
    assert after.words[2].end == pytest.approx(was - 0.05, abs=0.001)
    assert not after.mouth
