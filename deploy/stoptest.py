"""``make stoptest``: how soon a worker lets go of a video in each stage, on a site of its own on this machine.

In each stage one video is cancelled, one is given back on SIGTERM and one loses its worker to SIGKILL. Cancelling is
timed until the worker is free for the next video, SIGTERM until the video waits in its queue again and until the
process has ended; after SIGTERM and SIGKILL the video has to be finished by the workers that come next. The speech is a
recording without words, which takes longest to hear; with ``SPEECH_ENGINE`` and models installed, by WhisperX.
``build/stoptest.json`` gets what the table shows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]
OUT = ROOT / "build" / "stoptest.json"
STAGES = ("inspect", "align", "motion", "render", "encode", "check", "sign")
WAYS = ("cancel", "term", "kill")
#: Serves all stages of videos.
LANES = ("speech", "render-cpu", "bulk")
#: A sentence of about four seconds, said again and again.
WORDS = "Please move both of your lips together while the morning is still bright and calm. "
SENTENCE_S = 4.5
LOOK_EVERY_S, PATIENCE_S = 0.02, 1200.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make stoptest")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the speech")
    parser.add_argument("--side", type=int, default=256, help="side of the photo, pixels")
    parser.add_argument("--stages", default=",".join(STAGES), help="separated by commas")
    parser.add_argument("--ways", default=",".join(WAYS), help="cancel, term, kill, separated by commas")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    # Whoever ends this ends the workers and servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not given.inside:
        return outside(arguments)
    rows = Trial(given.seconds, given.side).run(given.stages.split(","), given.ways.split(","))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(rows) + "\n")
    return 0


def outside(arguments: Sequence[str]) -> int:
    """Start the servers, and this program again with their addresses: a process has one set of settings."""
    from loadtest import servers

    with servers() as environment:
        inside = subprocess.Popen([sys.executable, __file__, "--inside", *arguments], env=environment, cwd=ROOT)
        try:
            return inside.wait()
        finally:
            inside.terminate()
            inside.wait()


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One line for each stage and way, as Markdown."""
    lines = [
        "| stage | way | let go after, s | process ended after, s | finished afterwards | load |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds = ["" if row.get(name) is None else f"{row[name]:.2f}" for name in ("free_s", "ended_s")]
        finished = {None: "", True: "yes", False: "NO"}[row.get("finished")]
        lines.append(
            f"| {row['stage']} | {row['way']} | {seconds[0]} | {seconds[1]} | {finished} | {row['load']:.1f} |"
        )
    return "\n".join(lines)


class Trial:
    """What happens inside the process that has the site's settings."""

    def __init__(self, seconds: float, side: int) -> None:
        self.seconds, self.side = seconds, side

    def run(self, stages: Sequence[str], ways: Sequence[str]) -> list[dict[str, Any]]:
        import django

        django.setup()
        from django.core.management import call_command
        from django.test import Client
        from django.utils import timezone

        from accounts.models import User

        call_command("migrate", interactive=False, verbosity=0)
        self.user = User.objects.create_user("stop@example.com", "x", adult_declared_at=timezone.now())
        self.client = Client()
        self.client.force_login(self.user)
        rows = []
        with worker("inspect", "default"), process("scheduler"):
            self.photo, self.speech = self.upload()
            for way, stage in itertools.product(ways, stages):
                rows.append(self.once(way, stage))
                sys.stderr.write(f"{table(rows[-1:]).splitlines()[-1]}\n")
        return rows

    def once(self, way: str, stage: str) -> dict[str, Any]:
        """A video that is stopped in ``stage``."""
        job, ways = self.wish(), {"cancel": self.cancel, "term": self.term, "kill": self.kill}
        with worker(*LANES) as busy:
            self.reach(job, stage)
            found = {"stage": stage, "way": way, "load": os.getloadavg()[0], **ways[way](job, busy)}
        if way != "cancel":
            with worker(*LANES):
                found["finished"] = self.ends_well(job)
        return found

    def cancel(self, job: str, _: subprocess.Popen[bytes]) -> dict[str, float]:
        from animator.services.job import cancel_job

        began = time.monotonic()
        cancel_job(self.user, job)  # type: ignore[arg-type]
        until(lambda: not running())
        return {"free_s": time.monotonic() - began}

    def term(self, job: str, busy: subprocess.Popen[bytes]) -> dict[str, float]:
        began = time.monotonic()
        busy.send_signal(signal.SIGTERM)
        until(lambda: self.state(job)[0] == "queued")
        free = time.monotonic() - began
        busy.wait(PATIENCE_S)
        return {"free_s": free, "ended_s": time.monotonic() - began}

    def kill(self, job: str, busy: subprocess.Popen[bytes]) -> dict[str, float]:
        """The scheduler notices that nobody gives signs of life."""
        began = time.monotonic()
        busy.kill()
        busy.wait(PATIENCE_S)
        until(lambda: self.state(job)[0] == "queued")
        return {"free_s": time.monotonic() - began}

    def reach(self, job: str, stage: str) -> None:
        """Wait for a stage. One that was over before it was seen counts as reached."""
        late = STAGES[STAGES.index(stage) :]
        until(lambda: self.state(job)[1] in late and self.state(job)[0] == "processing")

    def ends_well(self, job: str) -> bool:
        until(lambda: self.state(job)[0] in ("succeeded", "failed"))
        return self.state(job)[0] == "succeeded"

    def state(self, job: str) -> tuple[str, str]:
        from animator.models import Job

        found: tuple[str, str] = Job.objects.values_list("state", "stage").get(id=job)
        return found

    def upload(self) -> tuple[str, str]:
        """A photo and a recording, both checked."""
        from django.core.files.uploadedfile import SimpleUploadedFile
        from loadtest import portrait

        from animator.models import Photo, Speech

        face = SimpleUploadedFile("face.png", portrait(self.side), "image/png")
        photo = self.ask("/api/photos/", {"file": face})
        sound = SimpleUploadedFile("speech.wav", recording(self.seconds), "audio/wav")
        speech = self.ask("/api/speech/", {"kind": "uploaded", "file": sound, "transcript": "", "language": "en"})
        for model, one in ((Photo, photo), (Speech, speech)):
            until(lambda model=model, one=one: not model.objects.filter(id=one, state="checking").exists())  # type: ignore[misc]
        return photo, speech

    def wish(self) -> str:
        from animator.consent_statements import STATEMENTS

        consent = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
        body = {"photo": self.photo, "face": 0, "speech": self.speech, "consent": consent}
        return self.ask("/api/jobs/", json.dumps(body), content_type="application/json")

    def ask(self, path: str, body: Any, **more: Any) -> str:
        answer = self.client.post(path, body, **more)
        if answer.status_code != 201:
            sys.exit(f"{path}: {answer.status_code} {answer.content[:300]!r}")
        return str(answer.json()["id"])


def recording(seconds: float) -> bytes:
    """Speech as a WAV file."""
    from gpu_worker.media.sound import write_wav
    from gpu_worker.speech.synthesis import synthesise

    sound, _ = synthesise(WORDS * max(1, round(seconds / SENTENCE_S)))
    with tempfile.TemporaryDirectory() as folder:
        return write_wav(sound, Path(folder) / "speech.wav").read_bytes()


def running() -> bool:
    """Whether a worker is at a video, as Redis knows it."""
    import django_rq
    from rq import Worker

    workers = Worker.all(connection=django_rq.get_connection("default"))
    return any(one.get_state() == "busy" and LANES[0] in one.queue_names() for one in workers)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"nothing came of it in {PATIENCE_S:.0f} s")
        time.sleep(LOOK_EVERY_S)


def worker(*queues: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return process("rqworker", "--worker-class", "gpu_worker.worker.EngineWorker", *queues)


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=60)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
