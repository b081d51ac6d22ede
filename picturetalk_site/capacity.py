"""What an installation can carry, calculated from what was measured: ``python -m picturetalk_site.capacity``.

``make loadtest`` measures; ``deploy/measured.json`` holds such figures with the machine and its load. Prices, limits of
servers and everything about graphics cards are inputs. What was assumed and not measured is called so in what is
printed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

MEASURED = Path(__file__).resolve().parent.parent / "deploy" / "measured.json"
DAY_S = 86_400.0
MONTH_DAYS = 30.4
GB = 1e9


@dataclass(frozen=True)
class Measured:
    """What one photo with one video takes.

    Seconds of processors, all processes of a worker counted; ``video_cpu_s`` is for a video of ``video_s`` seconds.
    Redis commands and database transactions are those of the whole way from the upload to the result. Bytes are what
    stays stored.
    """

    video_s: float
    video_cpu_s: float
    check_cpu_s: float
    site_cpu_s: float
    redis_commands: float
    transactions: float
    rows_written: float
    stored_bytes: float
    where: str = ""

    @classmethod
    def read(cls, path: Path) -> Measured:
        """Raises ``ValueError`` naming what is missing."""
        value = json.loads(path.read_text(encoding="utf-8"))
        # What make loadtest writes holds every case, and the part that is meant.
        value = value.get("measured", value)
        missing = [field.name for field in fields(cls) if field.name not in value]
        if missing:
            raise ValueError(f"{path} lacks {', '.join(missing)}")
        return cls(**{field.name: value[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Wanted:
    """What is asked for: photos a day, each with a video of ``video_s`` seconds, kept for ``keep_days``.

    ``peak`` is the busiest hour over the mean; ``use`` the part of a machine's time that is planned for; ``views`` how
    often a video is fetched; ``sockets`` pages that are open at the same time.
    """

    photos: float = 1_000_000
    video_s: float = 10.0
    keep_days: float = 30.0
    peak: float = 2.0
    use: float = 0.7
    views: float = 3.0
    sockets: float = 2_000


@dataclass(frozen=True)
class Assumed:
    """Limits and prices that nobody measured here. Prices in any currency."""

    redis_per_s: float = 80_000
    transactions_per_s: float = 5_000
    gpu_frames_per_s: float = 150
    gpu_share: float = 0.6
    fps: float = 25
    cores_per_machine: float = 32
    core_hour: float = 0.04
    gpu_hour: float = 0.80
    gb_month: float = 0.02
    gb_out: float = 0.05


#: Redis commands for each open page when the queue moves (the channel layer's script: count, add, expire), how often it
#: moves for one video (its run begins, its run ends), and how often a second it is said at most.
COMMANDS_FOR_A_PAGE, MOVES, MOVES_PER_S = 3, 2, 2.0


@dataclass(frozen=True)
class Part:
    """One part of the site: how many videos a day one unit of it carries, and whether more units carry more."""

    name: str
    unit: str
    videos_a_day: float
    grows: bool
    assumed: bool = False

    def units(self, wanted: Wanted) -> int:
        return math.ceil(wanted.photos * wanted.peak / self.videos_a_day)


@dataclass(frozen=True)
class Plan:
    """What was calculated."""

    parts: tuple[Part, ...]
    cores: float
    machines: int
    redis_per_s: float
    transactions_per_s: float
    stored_gb: float
    out_gb_a_day: float
    cost_a_day: float
    cost_a_thousand: float
    cost_a_thousand_with_gpus: float
    gpu_videos_a_day: float
    gpus: float

    @property
    def first(self) -> Part:
        """What is full first when nothing is added but workers and web servers."""
        return min((part for part in self.parts if not part.grows), key=lambda part: part.videos_a_day)


def video_cpu(measured: Measured, video_s: float) -> float:
    """Seconds of processors for a video of another length: in proportion, which is a little much for longer ones."""
    return measured.video_cpu_s * video_s / measured.video_s


def calculate(measured: Measured, wanted: Wanted, assumed: Assumed) -> Plan:
    """Raises ``ValueError`` for numbers that are not above zero."""
    for value in (measured.video_s, measured.video_cpu_s, wanted.photos, wanted.video_s, wanted.use, wanted.peak):
        if not value > 0:
            raise ValueError("lengths, times, numbers and shares must be above zero")
    worker_s = video_cpu(measured, wanted.video_s) + measured.check_cpu_s
    a_second = wanted.photos / DAY_S
    to_pages = wanted.sockets * COMMANDS_FOR_A_PAGE * min(MOVES * a_second * wanted.peak, MOVES_PER_S)
    left_for_videos = max(assumed.redis_per_s - to_pages, 1.0)
    parts = (
        Part("workers", "core", DAY_S * wanted.use / worker_s, grows=True),
        Part("web servers", "core", DAY_S * wanted.use / max(measured.site_cpu_s, 1e-9), grows=True),
        Part(
            "Redis", "server", DAY_S * wanted.use * left_for_videos / measured.redis_commands, grows=False, assumed=True
        ),
        Part(
            "PostgreSQL", "server", DAY_S * wanted.use * assumed.transactions_per_s / measured.transactions,
            grows=False, assumed=True,
        ),
    )  # fmt: skip
    cores = wanted.photos * wanted.peak * (worker_s + measured.site_cpu_s) / (DAY_S * wanted.use)
    gpu_video_s = wanted.video_s * assumed.fps / assumed.gpu_frames_per_s
    stored_gb = measured.stored_bytes * (wanted.video_s / measured.video_s) * wanted.photos * wanted.keep_days / GB
    out_gb = measured.stored_bytes * (wanted.video_s / measured.video_s) * wanted.photos * wanted.views / GB
    # Machines for the peak run as long as they are needed: the mean is paid for, at the planned use.
    paid_cores = cores / wanted.peak
    kept = stored_gb * assumed.gb_month / MONTH_DAYS + out_gb * assumed.gb_out
    cost = paid_cores * 24 * assumed.core_hour + kept
    gpus = wanted.photos * wanted.peak * gpu_video_s / (DAY_S * wanted.use)
    moved = video_cpu(measured, wanted.video_s) * assumed.gpu_share / (worker_s + measured.site_cpu_s)
    cost_gpu = (paid_cores * (1 - moved) * assumed.core_hour + gpus / wanted.peak * assumed.gpu_hour) * 24 + kept
    return Plan(
        parts=parts,
        cores=cores,
        machines=math.ceil(cores / assumed.cores_per_machine),
        redis_per_s=a_second * wanted.peak * measured.redis_commands + to_pages,
        transactions_per_s=a_second * wanted.peak * measured.transactions,
        stored_gb=stored_gb,
        out_gb_a_day=out_gb,
        cost_a_day=cost,
        cost_a_thousand=cost / wanted.photos * 1000,
        cost_a_thousand_with_gpus=cost_gpu / wanted.photos * 1000,
        gpu_videos_a_day=DAY_S * wanted.use / gpu_video_s,
        gpus=gpus,
    )


def report(measured: Measured, wanted: Wanted, assumed: Assumed) -> str:
    """The plan as Markdown."""
    plan = calculate(measured, wanted, assumed)
    return "\n".join([
        f"Measured: {measured.where}", "", _one(measured, wanted), "", *_parts(plan, measured, wanted, assumed), "",
        f"{wanted.photos:,.0f} photos a day, each with a video of {wanted.video_s:g} s, {wanted.peak:g} times the mean "
        f"in the busiest hour, {wanted.use:.0%} of the time used, {wanted.sockets:,.0f} pages open:",
        "", *_needs(plan, wanted, assumed),
    ])  # fmt: skip


def _one(measured: Measured, wanted: Wanted) -> str:
    return (
        f"A video of {wanted.video_s:g} s takes {video_cpu(measured, wanted.video_s):.1f} s of processors, the check "
        f"of its photo {measured.check_cpu_s:.1f} s, the web server {measured.site_cpu_s:.2f} s, "
        f"{measured.redis_commands:.0f} Redis commands and {measured.transactions:.0f} transactions."
    )


def _parts(plan: Plan, measured: Measured, wanted: Wanted, assumed: Assumed) -> list[str]:
    left = video_cpu(measured, wanted.video_s) * (1 - assumed.gpu_share) + measured.check_cpu_s
    rows = [
        f"| {part.name} | {part.unit} | {part.videos_a_day:,.0f} | {'yes' if part.grows else 'no'} "
        f"| {'an assumed limit' if part.assumed else 'measured'} |"
        for part in plan.parts
    ]
    return [
        "| part | one | videos a day | grows with more of them | from |",
        "|---|---|---|---|---|",
        *rows,
        f"| graphics card | card | {plan.gpu_videos_a_day:,.0f} | yes | assumed, not measured: "
        f"{assumed.gpu_frames_per_s:g} frames a second; {left:.1f} s of processors a video stay |",
    ]


def _needs(plan: Plan, wanted: Wanted, assumed: Assumed) -> list[str]:
    return [
        f"- {plan.cores:,.0f} cores, {plan.machines:,} machines of {assumed.cores_per_machine:g}; with graphics cards, "
        f"assumed, {plan.gpus:,.0f} of them beside {1 - assumed.gpu_share:.0%} of the videos' cores",
        f"- Redis: {plan.redis_per_s:,.0f} commands a second at the peak; PostgreSQL: {plan.transactions_per_s:,.0f} "
        "transactions a second",
        f"- {plan.stored_gb:,.0f} GB kept for {wanted.keep_days:g} days, {plan.out_gb_a_day:,.0f} GB a day sent",
        f"- {plan.cost_a_day:,.0f} a day, {plan.cost_a_thousand:.2f} for a thousand videos, at "
        f"{assumed.core_hour:g} a core and hour, {assumed.gb_month:g} a GB and month, {assumed.gb_out:g} a GB sent: "
        "examples, give your own; with graphics cards, assumed, at "
        f"{assumed.gpu_hour:g} a card and hour {plan.cost_a_thousand_with_gpus:.2f} for a thousand",
        f"- full first: {plan.first.name}, at {plan.first.videos_a_day:,.0f} videos of one {plan.first.unit}, "
        "spread evenly over the day",
    ]


def _options(parser: argparse.ArgumentParser, kind: type[Wanted] | type[Assumed]) -> None:
    for field in fields(kind):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=field.default, help=f"default {field.default}")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m picturetalk_site.capacity", description="What an installation can carry."
    )
    parser.add_argument("--measured", type=Path, default=MEASURED, help="a file that make loadtest wrote")
    wanted = parser.add_argument_group("what is asked for")
    _options(wanted, Wanted)  # type: ignore[arg-type]
    assumed = parser.add_argument_group("assumed limits and prices")
    _options(assumed, Assumed)  # type: ignore[arg-type]
    given = vars(parser.parse_args(arguments))
    try:
        text = report(
            Measured.read(given["measured"]),
            Wanted(**{field.name: given[field.name] for field in fields(Wanted)}),
            Assumed(**{field.name: given[field.name] for field in fields(Assumed)}),
        )
    except (OSError, ValueError, ZeroDivisionError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
