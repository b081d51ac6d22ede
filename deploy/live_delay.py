"""How long after a sound the live preview moves: ``.venv/bin/python deploy/live_delay.py [--sessions N]``.

Starts the site on loopback and the studio in Chromium with a recording in place of the microphone (speech with pauses,
spoken by espeak-ng). Prints, in milliseconds, median and 90th percentile:

* sound to answer: from the moment at which a sample reached the page's audio graph until the frame that belongs to it
  was there. In it are the page's pieces of 40 ms, the network, Redis, the model's look-ahead of 110 ms and its work;
* sound to picture: the same until the frame was drawn;
* onset to opening: from the first sound after a pause until the first drawn frame whose jaw is open;
* work on a piece: what the model takes for 40 ms of sound in this process, by the clock and by the processor.

Not in it is what a microphone's own hardware takes. ``--sessions`` lets as many more streams run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from redis import Redis

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--enable-unsafe-swiftshader",
    "--autoplay-policy=no-user-gesture-required", "--use-gl=angle", "--use-angle=swiftshader",
]  # fmt: skip
RATE, PIECE = 16000, 640
#: How far from a piece its neighbours may lie, seconds.
NEAR = 0.1
WORDS = "Papa. Mama. Open. Apple. Again. Away."
#: Notes when each piece goes, when each frame comes, and when each is drawn.
NOTES = """
window.notes = {sent: [], came: [], drawn: []};
const Plain = WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({data}) => {
      if (!(data instanceof ArrayBuffer) || data.byteLength % 112) return;
      const now = performance.now();
      const view = new DataView(data);
      for (let at = 0; at < data.byteLength; at += 112) {
        notes.came.push([view.getUint32(at, true), now, view.getFloat32(at + 4, true)]);
      }
    });
  }
  send(data) {
    if (data instanceof ArrayBuffer) {
      const sound = new Int16Array(data, 4);
      const peak = Math.max(...sound.map(Math.abs));
      notes.sent.push([new DataView(data).getUint32(0, true), performance.now(), sound.length, peak]);
    }
    super.send(data);
  }
};
let last = "";
const look = () => {
  for (const canvas of document.querySelectorAll(".moving-figure canvas")) {
    if (canvas.hidden || !canvas.dataset.sample || canvas.dataset.sample === last) continue;
    last = canvas.dataset.sample;
    notes.drawn.push([Number(last), performance.now(), Number(canvas.dataset.jaw)]);
  }
  requestAnimationFrame(look);
};
addEventListener("DOMContentLoaded", look);
"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="live_delay.py")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to record")
    parser.add_argument("--drawn", action="store_true", help="the drawn mouth, where WebGL is done by the processor")
    parser.add_argument("--sessions", type=int, default=0, help="how many more streams run meanwhile")
    given = parser.parse_args(arguments)
    from tests.running_site import site

    with tempfile.TemporaryDirectory(prefix="picturetalk-delay-") as folder:
        sound = spoken(Path(folder) / "microphone.wav", given.seconds)
        with site(Path(folder) / "var", LOG_LEVEL="WARNING", LIVE_SESSIONS=str(given.sessions + 2)) as running:
            running.wait_for("PictureTalk is ready")
            worker = running.process_with("live_worker")
            redis_url = (running.var / "redis" / "address").read_text(encoding="ascii").strip()
            with Streams(redis_url, given.sessions):
                notes, cpu = record(running.address, sound, given.seconds, worker, photo=not given.drawn)
            running.process.terminate()
            running.process.wait(timeout=60)
    sys.stdout.write(told(notes, cpu, given.sessions + 1, given.seconds) + "\n")
    return 0


def spoken(file: Path, seconds: float) -> Path:
    """Words with pauses between them, long enough."""
    from gpu_worker.media.sound import resample
    from gpu_worker.speech.synthesis import synthesise

    words = []
    for word in WORDS.split():
        waveform, _ = synthesise(word)
        words += [resample(waveform, 48000).samples * 0.8, np.zeros(24000, np.float32)]
    once = np.concatenate([np.zeros(48000, np.float32), *words])
    samples = np.tile(once, int(np.ceil((seconds + 5) * 48000 / len(once))))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48000)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file


def record(address: str, sound: Path, seconds: float, worker: int, *, photo: bool) -> tuple[dict[str, Any], float]:
    """What the page noted while it recorded, and the processor's seconds that the live worker took."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={sound}%noloop"],
        )
        page = browser.new_context(base_url=address, permissions=["microphone"]).new_page()
        page.add_init_script(NOTES)
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill("user@example.com")
        page.locator("input[name=password]").fill("talking-user")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/jobs/")
        page.goto("/create/")
        page.locator("#photo-file").set_input_files(ROOT / "static" / "samples" / "grace_hopper.jpg")
        expect(page.locator("#photo-next")).to_be_enabled(timeout=120_000)
        page.locator("#photo-next").click()
        if photo:
            confirm(page)
        page.locator("#tab-recorded").click()
        before = cpu_seconds(worker)
        page.locator("#record-toggle").click()
        page.wait_for_timeout(seconds * 1000)
        notes: dict[str, Any] = page.evaluate("notes")
        after = cpu_seconds(worker)
        browser.close()
    return notes, after - before


def confirm(page: Page) -> None:
    """Say whose face it is, so that the photo itself moves."""
    from playwright.sync_api import expect

    page.locator("#moving-show").click()
    page.locator("#moving-dialog input[name=basis][value=historic]").check()
    page.locator("#moving-dialog input[name=age][value=adult]").check()
    page.locator("#moving-dialog #consent-check").check()
    page.locator("#moving-yes").click()
    expect(page.locator("#moving-photo")).to_be_visible(timeout=120_000)


def told(notes: dict[str, Any], cpu: float, sessions: int, seconds: float) -> str:
    """The figures as lines."""
    came = [at - 1e3 * heard(notes, sample) for sample, at, _ in notes["came"]]
    drawn = [at - 1e3 * heard(notes, sample) for sample, at, _ in notes["drawn"] if sample > 0]
    lines = [
        f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {sessions} session(s), {len(came)} frames",
        line("sound to answer", came),
        line("sound to picture", drawn),
        line("onset to opening", openings(notes)),
        work(),
        f"live worker: {cpu / seconds / sessions:.3f} CPU s for each second of a session",
    ]
    return "\n".join(lines)


def heard(notes: dict[str, Any], sample: int) -> float:
    """When a sample reached the page, seconds: a piece cannot go before its last sample is there, and the promptest of
    its neighbours says when that was, where a script was busy. No wider, since a device that is short of time gives
    less than a second of sound in a second."""
    near = [
        at / 1e3 - (first + count) / RATE for first, at, count, _ in notes["sent"] if abs(first - sample) < NEAR * RATE
    ]
    return min(near) + sample / RATE if near else float("nan")


def openings(notes: dict[str, Any]) -> list[float]:
    """From the first loud piece after half a second of silence to the first drawn frame with an open jaw, ms."""
    found, quiet = [], 0
    for first, _, count, peak in notes["sent"]:
        if peak > 1500 and quiet > 0.35 * RATE:
            begin = 1e3 * heard(notes, first)
            later = [at for sample, at, jaw in notes["drawn"] if at > begin and jaw > 0.1]
            if later and later[0] - begin < 1000:
                found.append(later[0] - begin)
        quiet = quiet + count if peak < 300 else 0
    return found


def line(name: str, values: Sequence[float]) -> str:
    known = sorted(one for one in values if one == one)
    if len(known) < 2:
        return f"{name}: too few"
    tenth = known[int(0.9 * len(known))]
    return f"{name}: median {statistics.median(known):.0f} ms, 90 % below {tenth:.0f} ms ({len(known)})"


def work() -> str:
    """What one piece costs the model, in this process."""
    from gpu_worker.sound_motion.stream import SoundStream

    stream = SoundStream(50.0)
    sound = np.random.default_rng(0).normal(0, 0.1, 20 * RATE).astype(np.float32)
    stream.push(sound[:RATE])
    clock, cpu = [], time.process_time()
    for at in range(0, len(sound) - PIECE, PIECE):
        begin = time.perf_counter()
        stream.push(sound[at : at + PIECE])
        clock.append(1e3 * (time.perf_counter() - begin))
    spent = 1e3 * (time.process_time() - cpu) / len(clock)
    clock.sort()
    tenth = clock[int(0.9 * len(clock))]
    return f"work on a piece: median {statistics.median(clock):.1f} ms, 90 % below {tenth:.1f} ms; CPU {spent:.1f} ms"


def cpu_seconds(process: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Streams:
    """More sessions, straight over Redis: each asks for a worker, then sends noise, 40 ms at a time."""

    def __init__(self, redis_url: str, count: int) -> None:
        self._redis = Redis.from_url(redis_url)
        self._sessions = [uuid4() for _ in range(count)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Streams:
        if self._sessions:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._sessions:
            self._thread.join()
        self._redis.close()

    def _send(self) -> None:
        from animator import live_line

        line = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        line.subscribe(*[live_line.frames_channel(one) for one in self._sessions])
        self._redis.rpush(live_line.ASKED, *[one.hex for one in self._sessions])
        worker, first, begun = "", 0, time.monotonic()
        noise = np.random.default_rng(0).normal(0, 3000, PIECE).astype("<i2").tobytes()
        while not self._over.wait(max(0.0, begun + first / RATE - time.monotonic())):
            while message := line.get_message():
                if message["data"].startswith(live_line.TAKEN):
                    worker = message["data"][len(live_line.TAKEN) :].decode()
            for one in self._sessions if worker else ():
                content = live_line.pack_piece(one, struct.pack("<I", first) + noise)
                self._redis.publish(live_line.sound_channel(worker), content)
            first += PIECE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
