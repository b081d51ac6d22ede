"""Honest progress: one percentage over all stages, never falling, and an estimate of the time left.

Each stage has an expected cost in seconds. The costs are rough; their proportions make the percentage, and what has
passed so far on this machine corrects the time left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gpu_worker.errors import Cancelled

#: In order; a job that renders no sound passes through "align" in no time.
STAGES: tuple[str, ...] = ("inspect", "align", "motion", "render", "encode", "check", "sign")

#: Least time between two reports inside a stage, and between two questions whether to stop, seconds.
_REPORT_EVERY, _ASK_EVERY = 0.2, 0.2


@dataclass(frozen=True)
class Progress:
    """``percent`` is 0..100; ``eta_s`` the seconds left, None while nothing is known."""

    stage: str
    percent: float
    eta_s: float | None


@dataclass(frozen=True)
class Costs:
    """Expected seconds of each stage."""

    inspect: float = 1.0
    align: float = 0.5
    motion: float = 0.2
    render: float = 5.0
    encode: float = 0.3
    check: float = 1.5
    sign: float = 0.4

    def of(self, stage: str) -> float:
        return float(getattr(self, stage))

    @staticmethod
    def for_video(frames: int, pixels: int, sound_seconds: float, recognising: bool) -> Costs:
        """Costs of a video of ``frames`` frames of ``pixels`` pixels, as measured on two cores."""
        size = (pixels / 262144.0) ** 0.6
        return Costs(
            inspect=0.8 + 0.1 * size,
            align=0.3 + sound_seconds * (0.3 if recognising else 0.05),
            render=0.8 + 0.014 * frames * size,
            encode=0.1 + 0.0005 * frames * size,
            check=0.4 + 0.004 * frames * size**0.5,
            sign=0.3,
        )


class Reporter:
    """Turns "stage x is half done" into percentages and asks whether the work shall stop.

    Not in charge of what is done with the reports; both callables may raise, which ends the work.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        costs: Costs | None = None,
    ) -> None:
        self._report = report
        self._cancelled = cancelled
        self._costs = costs or Costs()
        self._began = time.monotonic()
        self._highest = 0.0
        self._stage = STAGES[0]
        #: Where the work begins in this process; what lies before was done elsewhere.
        self._first: str | None = None
        self._seconds: dict[str, float] = {}
        self._entered_at = self._began
        self._reported_at = self._asked_at = -1.0

    def expect(self, costs: Costs) -> None:
        """Replace the expected costs once more is known. The percentage still never falls."""
        self._costs = costs

    def enter(self, stage: str) -> None:
        """A stage begins."""
        self._leave()
        self._first = self._first or stage
        self._stage = stage
        self.stop_if_cancelled(now=True)
        self._send(0.0)

    def advance(self, fraction: float) -> None:
        """``fraction`` (0..1) of the current stage is done; cheap enough to be called for every frame."""
        self.stop_if_cancelled()
        if time.monotonic() - self._reported_at >= _REPORT_EVERY:
            self._send(fraction)

    def finish(self) -> None:
        """Everything is done."""
        self._highest = 100.0
        self._report(Progress(self._stage, 100.0, 0.0))

    def stop_if_cancelled(self, now: bool = False) -> None:
        """Raises Cancelled when the user asked to stop; asks at most five times a second."""
        moment = time.monotonic()
        if not now and moment - self._asked_at < _ASK_EVERY:
            return
        self._asked_at = moment
        if self._cancelled():
            raise Cancelled()

    def seconds(self) -> dict[str, float]:
        """Wall time of each stage so far, all attempts together, the current one up to now."""
        self._leave()
        return {stage: round(spent, 3) for stage, spent in self._seconds.items()}

    def _leave(self) -> None:
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._entered_at
        self._entered_at = now

    def _send(self, fraction: float) -> None:
        done = sum(self._costs.of(stage) for stage in STAGES[: STAGES.index(self._stage)])
        done += min(max(fraction, 0.0), 1.0) * self._costs.of(self._stage)
        total = sum(self._costs.of(stage) for stage in STAGES)
        self._highest = max(self._highest, min(99.0, 100.0 * done / total))
        moment = time.monotonic()
        self._reported_at = moment
        self._report(Progress(self._stage, round(self._highest, 1), self._left(done, total, moment)))

    def _left(self, done: float, total: float, moment: float) -> float | None:
        passed = moment - self._began
        elsewhere = sum(self._costs.of(stage) for stage in STAGES[: STAGES.index(self._first or STAGES[0])])
        done, total = done - elsewhere, total - elsewhere
        if done <= 0.0 or passed < 0.5:
            return round(total - done, 1) if total else None
        # The pace so far weighs the more the more has been done.
        pace = passed / done
        share = min(1.0, done / (0.3 * total))
        return round((total - done) * (share * pace + (1.0 - share)), 1)
