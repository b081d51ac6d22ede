"""From a photo and words to a talking video, twice: typed and recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser import studio
from tests.browser.conftest import WORK
from tests.browser.material import EDGE, FIRST, PAUSE, SECOND, Mouth, watch_mouth

TYPED = f"{FIRST} ... {SECOND}"


def listen(page: Page) -> list[dict[str, Any]]:
    """Everything that websockets tell this page from now on."""
    told: list[dict[str, Any]] = []

    def open_(socket: WebSocket) -> None:
        if "/ws/jobs/" in socket.url:
            socket.on("framereceived", lambda frame: told.append(json.loads(frame)))

    page.on("websocket", open_)
    return told


def watch_it_finish(page: Page, told: list[dict[str, Any]], job: str) -> None:
    """The page turns into the result by itself, and the socket told how it went."""
    expect(page.locator("video")).to_be_visible(timeout=WORK)
    states = [message for message in told if message.get("type") == "job" and message["id"] == job]
    assert states[-1]["state"] == "succeeded"
    percents = [message["percent"] for message in states if message["state"] == "processing"]
    assert percents == sorted(percents)
    assert len({message["stage"] for message in states if message["state"] == "processing"}) >= 2


def assert_it_plays(page: Page) -> None:
    video = page.locator("video")
    assert page.evaluate("document.querySelectorAll('video').length") == 1
    played: dict[str, float] = video.evaluate(
        """async (video) => {
            await video.play();
            const begin = video.currentTime;
            await new Promise((done) => {
                const look = () => video.currentTime > begin + 0.6 ? done() : setTimeout(look, 50);
                look();
            });
            const state = {
                advanced: video.currentTime - begin, ready: video.readyState, duration: video.duration,
                sound: video.webkitAudioDecodedByteCount, picture: video.webkitVideoDecodedByteCount,
                width: video.videoWidth, error: video.error ? video.error.code : 0,
            };
            video.pause();
            video.currentTime = video.duration / 2;
            await new Promise((done) => video.addEventListener("seeked", done, {once: true}));
            return {...state, sought: video.currentTime / video.duration};
        }"""
    )
    assert played["error"] == 0
    assert played["advanced"] > 0.5
    assert played["ready"] >= 3
    assert played["duration"] > 2
    assert played["sound"] > 0
    assert played["picture"] > 0
    assert played["width"] == 512
    assert played["sought"] == pytest.approx(0.5, abs=0.1)


def assert_the_mouth_speaks(mouth: Mouth) -> None:
    assert mouth.info.video_codec == "h264"
    assert mouth.info.pixel_format == "yuv420p"
    assert mouth.info.audio_codec == "aac"
    assert np.isfinite(mouth.opening).all(), "the face was lost in some frame"
    assert mouth.wide > 0.06, "the mouth hardly opens"
    lag, correlation = mouth.follows_the_sound()
    assert abs(lag) <= 2, "the mouth is early or late"
    assert correlation > 0.35
    pauses = mouth.pauses()
    assert pauses, "there is no pause to look at"
    for pause in pauses:
        assert np.max(pause) < 0.2 * mouth.wide, "the mouth is open in a pause"


def test_typed_words(page: Page, portrait: Path, tmp_path: Path) -> None:
    told = listen(page)
    studio.add_photo(page, portrait)
    studio.type_words(page, TYPED)
    studio.consent(page)
    job = studio.start(page)
    watch_it_finish(page, told, job)
    assert_it_plays(page)
    video = studio.download(page, tmp_path / "typed.mp4")
    mouth = watch_mouth(video, portrait)
    assert_the_mouth_speaks(mouth)
    page.goto("/jobs/")
    expect(page.locator(f"a[href='/jobs/{job}/']").first).to_be_visible()


def test_recorded_sound(page: Page, portrait: Path, tmp_path: Path, spoken: Path) -> None:
    told = listen(page)
    studio.add_photo(page, portrait)
    studio.record(page, 2 * EDGE + PAUSE + 4.5, f"{FIRST} {SECOND}")
    studio.consent(page)
    job = studio.start(page)
    watch_it_finish(page, told, job)
    assert_it_plays(page)
    video = studio.download(page, tmp_path / "recorded.mp4")
    assert_the_mouth_speaks(watch_mouth(video, portrait))


def test_somebody_else_sees_nothing_of_it(page: Page, new_person: Callable[..., Page], portrait: Path) -> None:
    studio.add_photo(page, portrait)
    studio.type_words(page, "Hello.")
    studio.consent(page)
    job = studio.start(page)
    stranger, nobody = new_person(), new_person(signed_up=False)
    addresses = [f"/jobs/{job}/", f"/api/jobs/{job}/", f"/media/results/{job}/video.mp4"]
    for address in addresses:
        assert page.request.get(address).status in (200, 404), address
        assert stranger.request.get(address).status == 404, address
        seen = nobody.request.get(address, max_redirects=0)
        assert seen.status in (302, 401, 403, 404), address
    stranger.goto("/jobs/")
    assert job not in stranger.content()
    closed = stranger.evaluate(
        """(address) => new Promise((done) => {
            const socket = new WebSocket(address);
            socket.onmessage = (event) => done({told: event.data});
            socket.onclose = (event) => done({code: event.code});
        })""",
        f"ws://{stranger.url.split('/')[2]}/ws/jobs/{job}/",
    )
    assert "told" not in closed
