"""A living person is asked with a link, agrees on a telephone without an account, and the asker goes on at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.conftest import WORK


def test_the_person_shown_agrees_by_themselves(new_person: Callable[..., Page], portrait: Path) -> None:
    asker = new_person()
    studio.add_photo(asker, portrait)
    studio.type_words(asker, "Hello.")
    expect(asker.locator("#consent-bases")).to_be_visible(timeout=WORK)
    asker.locator("input[name=basis][value=living_agreed]").check()
    asker.locator("input[name=age][value=adult]").check()
    asker.get_by_label("Who do you ask?").fill("Mary")
    asker.get_by_label("Your name, as they know you").fill("Tom")
    asker.get_by_role("button", name="Make the link").click()
    expect(asker.locator("#person-address")).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/agree/[\w-]{32}/$"))
    expect(asker.locator("#consent-next")).to_be_disabled()

    person = new_person(signed_up=False, width=390, height=844)
    person.goto(asker.locator("#person-address").input_value())
    expect(person.get_by_role("heading", name="Mary, may your face be animated?")).to_be_visible()
    expect(person.locator("#say-toggle")).to_be_visible()
    assert person.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    person.locator("#agree-confirmed").check()
    person.get_by_label("The phrase").fill(person.locator("#phrase").inner_text())
    person.get_by_role("button", name="Agree in writing").click()
    expect(person.get_by_role("heading", name="You agreed")).to_be_visible()
    assert person.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    expect(asker.get_by_text("Mary agreed", exact=True)).to_be_visible(timeout=WORK)
    expect(asker.locator("#consent-next")).to_be_enabled()
    asker.locator("#consent-next").click()
    expect(asker.locator("#start-consent")).to_have_text("Mary agreed by themselves")

    person.get_by_role("button", name="Take my consent back").click()
    expect(person.get_by_role("heading", name="You took your consent back")).to_be_visible()
    asker.goto("/consents/")
    expect(asker.get_by_text("Revoked", exact=True)).to_be_visible()
