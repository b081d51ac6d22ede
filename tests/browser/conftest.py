"""The running site, the browser, and people to use them."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.browser.material import write_speech
from tests.running_site import ROOT, Site, site

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    # WebGL by the processor: there is no graphics card.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PASSWORD = "a-long-enough-passphrase"
#: Time for what a worker does, milliseconds. Nothing is asserted about how much of it is used.
WORK = 240_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker takes all of these: they share one site."""
    for item in items:
        if Path(str(item.path)).is_relative_to(ROOT / "tests" / "browser"):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("site"))


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Redis, web server, workers and scheduler, as ``make run`` starts them; stopped at the end."""
    with site(tmp_path_factory.mktemp("site") / "var", QUOTA_JOBS_PER_DAY="100", LOG_LEVEL="WARNING") as running:
        running.wait_for("PictureTalk is ready")
        yield running
        running.process.terminate()
        running.process.wait(timeout=60)
        assert running.processes() == {}, "something of the site outlived it"


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone will hear: a sentence, a long pause, a sentence."""
    return write_speech(tmp_path_factory.mktemp("speech") / "spoken.wav")


@pytest.fixture
def browser(spoken: Path) -> Iterator[Browser]:
    """Chromium of its own for each test: Playwright's loop must not outlive it, other tests have theirs."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            headless=True,
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={spoken}%noloop"],
        )
        yield running
        running.close()


@pytest.fixture
def new_person(browser: Browser, running_site: Site) -> Iterator[Callable[..., Page]]:
    """Makes browser windows of new people. In the end: no request left this machine, no script failed."""
    contexts: list[BrowserContext] = []
    strays: list[str] = []
    complaints: list[str] = []

    def note_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != f"127.0.0.1:{running_site.port}":
            strays.append(request.url)

    def person(*, signed_up: bool = True, width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(
            base_url=running_site.address,
            viewport={"width": width, "height": height},
            permissions=["microphone"],
            has_touch=width < 600,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        context.on("request", note_request)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.on("websocket", lambda socket: strays.append(socket.url) if "://127.0.0.1:" not in socket.url else None)
        if signed_up:
            sign_up(page)
        return page

    yield person
    for context in contexts:
        context.close()
    assert strays == [], "a request left this machine"
    assert complaints == []


@pytest.fixture
def page(new_person: Callable[..., Page]) -> Page:
    """The window of somebody who has just signed up."""
    return new_person()


def sign_up(page: Page) -> str:
    """Through the form, as anybody would. Returns the address that the account has."""
    address = f"person-{secrets.token_hex(6)}@example.com"
    page.goto("/accounts/signup/")
    page.locator("input[name=email]").fill(address)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.locator("input[name=adult]").check()
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(re.compile(r"/(jobs|create)/"))
    return address


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(address)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(jobs|create|reports)/"))


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eileen Collins, NASA, public domain; comes with scikit-image."""
    from skimage import data

    file = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(data.astronaut()).save(file)
    return file


@pytest.fixture(scope="session")
def two_faces(portrait: Path) -> Path:
    """The same person twice, side by side: somebody has to choose."""
    pixels = np.asarray(Image.open(portrait))
    file = portrait.with_name("two.jpg")
    Image.fromarray(np.concatenate([pixels, pixels[:, ::-1]], axis=1)).save(file, quality=92)
    return file
