"""``make loadtest``: how many videos a minute N workers of this machine make, and what one video costs every part.

For each N a fresh site on loopback: PostgreSQL and Redis of its own, one worker for checks, N for videos with one
thread each. Photos come by the API, are checked, and each says a short sentence at 256 pixels. After a first round,
which warms everything up, the second is measured: by the clock, by the processors' time of each worker, by Redis' and
PostgreSQL's own counters, and by the bytes that stay. ``build/loadtest.json`` gets all of it; its part ``measured`` is
what ``picturetalk_site.capacity`` reads.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
OUT = ROOT / "build" / "loadtest.json"
WORDS = "Hello, I am a short test of a talking picture, number {}."
SIDE = 256
#: Longest time that one round may take, seconds.
PATIENCE = 900.0
#: PostgreSQL's processes report what they did this often, seconds.
STATISTICS_DELAY = 2.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make loadtest")
    parser.add_argument("--workers", default="1,2,3", help="numbers of workers, separated by commas")
    parser.add_argument("--jobs", type=int, default=4, help="videos for each worker")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.case:
        sys.stdout.write(json.dumps(Round(given.case, given.jobs).run()) + "\n")
        return 0
    cases = []
    for number in (int(one) for one in given.workers.split(",")):
        cases.append(case(number, given.jobs))
        sys.stderr.write(f"{number} workers: {cases[-1]['videos_per_minute']:.1f} videos a minute\n")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"cases": cases, "measured": cases[0]["measured"]}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(cases) + "\n")
    return 0


def table(cases: Sequence[dict[str, Any]]) -> str:
    """The cases as Markdown."""
    lines = [
        cases[0]["measured"]["where"],
        "",
        "| workers | videos | seconds | videos a minute | times one worker | CPU s a video | load before / after |",
        "|---|---|---|---|---|---|---|",
    ]
    first = cases[0]["videos_per_minute"] / cases[0]["workers"]
    lines += [
        f"| {one['workers']} | {one['videos']} | {one['seconds']:.1f} | {one['videos_per_minute']:.1f} "
        f"| {one['videos_per_minute'] / first:.2f} | {one['measured']['video_cpu_s']:.1f} "
        f"| {one['load'][0]:.1f} / {one['load'][1]:.1f} |"
        for one in cases
    ]
    return "\n".join(lines)


def case(workers: int, jobs: int) -> dict[str, Any]:
    """One number of workers, in a process of its own, since a process has one set of settings."""
    with servers() as environment:
        command = [sys.executable, __file__, "--case", str(workers), "--jobs", str(jobs)]
        done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{workers} workers: it failed; see above")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Redis of its own, while the block lasts; what a site that uses them has in its environment."""
    from picturetalk_site.redis_server import bundled
    from tests.services.postgres import PostgresServer

    database = PostgresServer()
    with tempfile.TemporaryDirectory(prefix="picturetalk-load-") as folder:
        redis = bundled(Path(folder) / "redis")
        server = subprocess.Popen(redis.command(), stdout=subprocess.DEVNULL)
        try:
            database.start()
            yield {**os.environ, **settings(Path(folder)), "REDIS_URL": redis.url, "DATABASE_URL": database.url()}
        finally:
            server.terminate()
            server.wait(timeout=30)
            database.remove()


def settings(folder: Path) -> dict[str, str]:
    """A site of its own, for one test client, without limits for its user."""
    many = "100000"
    return {
        "ENV_FILE": os.devnull, "DEBUG": "false", "HTTPS": "false", "ALLOWED_HOSTS": "testserver",
        "SECRET_KEY": secrets.token_urlsafe(48), "VAR_DIR": str(folder), "MEDIA_ROOT": str(folder / "media"),
        "TMPDIR": str(folder), "DJANGO_SETTINGS_MODULE": "picturetalk_site.settings", "ENGINE_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "LOG_LEVEL": "WARNING", "MEASURE_ENGINES": "false", "QUOTA_JOBS_PER_DAY": many,
        "QUOTA_UPLOADS_PER_DAY": many, "QUOTA_ACTIVE_JOBS": many, "QUOTA_RUNNING_JOBS": many,
    }  # fmt: skip


class Round:
    """What happens inside the process of one case."""

    def __init__(self, workers: int, jobs: int) -> None:
        self.workers, self.jobs = workers, jobs * workers
        self.site_cpu_s = 0.0
        self.polls = 0

    def run(self) -> dict[str, Any]:
        import django

        django.setup()
        from django.conf import settings as site
        from django.core.management import call_command
        from django.test import Client
        from django.utils import timezone

        from accounts.models import User

        call_command("migrate", interactive=False, verbosity=0)
        user = User.objects.create_user("load@example.com", secrets.token_urlsafe(12), adult_declared_at=timezone.now())
        self.client = Client()
        self.client.force_login(user)
        others = [name for name in site.RQ_QUEUES if name not in ("inspect", "default")]
        with worker("inspect", "default") as checker, several(self.workers, others) as makers:
            self.round(self.workers)
            before, load = Counters.read(), os.getloadavg()[0]
            cpu = [processor_time(checker), sum(processor_time(maker) for maker in makers)]
            self.site_cpu_s, self.polls = 0.0, 0
            seconds, video_s, stored = self.round(self.jobs)
            cpu = [processor_time(checker) - cpu[0], sum(processor_time(maker) for maker in makers) - cpu[1]]
            time.sleep(STATISTICS_DELAY)
            after = Counters.read()
        return self.result(seconds, video_s, stored, cpu, after - before, (load, os.getloadavg()[0]))

    def result(
        self,
        seconds: float,
        video_s: float,
        stored: float,
        cpu: list[float],
        counted: Counters,
        load: tuple[float, float],
    ) -> dict[str, Any]:
        from gpu_worker.benchmark import machine

        number = self.jobs
        return {
            "workers": self.workers,
            "videos": number,
            "seconds": seconds,
            "videos_per_minute": number * 60 / seconds,
            "load": load,
            "redis_by_command": {name: calls / number for name, calls in counted.commands.items() if calls},
            "measured": {
                "where": f"{machine().rsplit(', load', 1)[0]}, load {load[0]:.1f} before and {load[1]:.1f} after, "
                f"{SIDE} x {SIDE}, {self.workers} workers of one thread, {time.strftime('%Y-%m-%d')}",
                "video_s": video_s,
                "video_cpu_s": cpu[1] / number,
                "check_cpu_s": cpu[0] / number,
                "site_cpu_s": self.site_cpu_s / number,
                "redis_commands": sum(counted.commands.values()) / number,
                "transactions": (counted.transactions - self.polls) / number,
                "rows_written": counted.rows / number,
                "stored_bytes": stored,
            },
        }

    def round(self, number: int) -> tuple[float, float, float]:
        """``number`` photos to as many videos: seconds of the videos' part, mean length, mean bytes that stay."""
        from django.db.models import Avg, Max, Min, Sum

        from animator.models import Job, Photo, Result
        from animator.models.job import JobState

        photos = [self.upload() for _ in range(number)]
        self.wait(lambda: not Photo.objects.filter(id__in=photos, state="checking").exists())
        jobs = [self.wish(photo, count) for count, photo in enumerate(photos)]
        rows = Job.objects.filter(id__in=jobs)
        over = (JobState.SUCCEEDED, JobState.FAILED)
        self.wait(lambda: rows.filter(state__in=over).count() == number)
        failed = rows.exclude(state=JobState.SUCCEEDED).first()
        if failed is not None:
            sys.exit(f"a video failed: {failed.error_code} {failed.error_message}")
        times = rows.aggregate(begun=Min("started_at"), ended=Max("finished_at"))
        made = Result.objects.filter(job_id__in=jobs).aggregate(length=Avg("duration_s"), bytes=Sum("bytes"))
        kept = Photo.objects.filter(id__in=photos).aggregate(bytes=Sum("bytes"))["bytes"]
        return (times["ended"] - times["begun"]).total_seconds(), made["length"], (made["bytes"] + kept) / number

    def upload(self) -> str:
        from django.core.files.uploadedfile import SimpleUploadedFile

        return str(self.ask("/api/photos/", {"file": SimpleUploadedFile("face.png", portrait(), "image/png")})["id"])

    def wish(self, photo: str, number: int) -> str:
        from animator.consent_statements import STATEMENTS

        speech = self.ask(
            "/api/speech/", {"kind": "typed", "text": WORDS.format(number), "language": "en"}, as_json=True
        )
        consent = {"basis": "self", "confirmed": True, "statement_version": STATEMENTS["self"].version}
        body = {"photo": photo, "face": 0, "speech": speech["id"], "consent": consent}
        return str(self.ask("/api/jobs/", body, as_json=True)["id"])

    def ask(self, path: str, body: dict[str, Any], *, as_json: bool = False) -> dict[str, Any]:
        began = time.process_time()
        sent: dict[str, Any] = (
            {"data": json.dumps(body), "content_type": "application/json"} if as_json else {"data": body}
        )
        answer = self.client.post(path, **sent)
        self.site_cpu_s += time.process_time() - began
        if answer.status_code != 201:
            sys.exit(f"{path}: {answer.status_code} {answer.content[:300]!r}")
        found: dict[str, Any] = answer.json()
        return found

    def wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            self.polls += 1
            if time.monotonic() > deadline:
                sys.exit(f"nothing came of it in {PATIENCE:.0f} s")
            time.sleep(0.25)
        self.polls += 1


class Counters:
    """What Redis and PostgreSQL have counted themselves."""

    def __init__(self, commands: dict[str, float], transactions: float, rows: float) -> None:
        self.commands, self.transactions, self.rows = commands, transactions, rows

    @classmethod
    def read(cls) -> Counters:
        import django_rq
        from django.db import connection

        found = django_rq.get_connection("default").info("commandstats")
        commands = {name.removeprefix("cmdstat_"): float(stats["calls"]) for name, stats in found.items()}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted "
                "FROM pg_stat_database WHERE datname = current_database()"
            )
            transactions, rows = cursor.fetchone()
        return cls(commands, float(transactions), float(rows))

    def __sub__(self, before: Counters) -> Counters:
        commands = {name: calls - before.commands.get(name, 0.0) for name, calls in self.commands.items()}
        return Counters(commands, self.transactions - before.transactions, self.rows - before.rows)


def portrait(side: int = SIDE) -> bytes:
    from PIL import Image

    from gpu_worker.benchmark import sample

    with Image.open(sample()) as opened:
        edge = min(opened.size)
        face = opened.convert("RGB").crop((0, 0, edge, edge)).resize((side, side))
    face.save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue()


def processor_time(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processors of a process and of those of its children that have ended."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(fields[number]) for number in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def worker(*queues: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "rqworker", "--worker-class", "gpu_worker.worker.EngineWorker", *queues]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=sys.stderr.fileno())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def several(number: int, queues: Sequence[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """``number`` workers, each of which has shown that it is ready before the round begins by its sign in Redis."""
    from contextlib import ExitStack

    import django_rq
    from rq import Worker

    with ExitStack() as stack:
        processes = [stack.enter_context(worker(*queues)) for _ in range(number)]
        deadline = time.monotonic() + PATIENCE
        while Worker.count(connection=django_rq.get_connection("default")) < number + 1:
            if time.monotonic() > deadline or any(process.poll() is not None for process in processes):
                sys.exit("the workers did not start")
            time.sleep(0.5)
        yield processes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
