"""What a person does in the studio, step by step."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import WORK


def add_photo(page: Page, photo: Path) -> None:
    page.goto("/create/")
    page.locator("#photo-file").set_input_files(photo)
    expect(page.locator("#photo-next")).to_be_enabled(timeout=WORK)
    page.locator("#photo-next").click()


def type_words(page: Page, words: str) -> None:
    page.locator("#tab-typed").click()
    page.locator("#typed-text").fill(words)
    page.locator("#voice-next").click()


def record(page: Page, seconds: float, transcript: str) -> None:
    page.locator("#tab-recorded").click()
    page.locator("#record-toggle").click()
    page.wait_for_timeout(seconds * 1000)
    page.locator("#record-toggle").click()
    expect(page.locator("#record-audio")).to_be_visible()
    page.locator("#sound-transcript").fill(transcript)
    page.locator("#voice-next").click()


def consent(page: Page, basis: str = "historic") -> None:
    expect(page.locator("#consent-bases")).to_be_visible(timeout=WORK)
    page.locator(f"input[name=basis][value={basis}]").check()
    page.locator("input[name=age][value=adult]").check()
    page.locator("#consent-check").check()
    page.locator("#consent-next").click()


def start(page: Page) -> str:
    """Starts the job; its id."""
    page.locator("#start-button").click()
    page.wait_for_url("**/jobs/*-*/", timeout=WORK)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def say_yes(page: Page) -> None:
    """Answers the question whether one is sure."""
    page.locator("dialog[open] button[value=yes]").click()


def download(page: Page, file: Path) -> Path:
    """The video as the download button gives it."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    waiting.value.save_as(file)
    return file
