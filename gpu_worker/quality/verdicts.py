"""The limits of the certificate: which value is green, which amber, which red. docs/certificate.md explains them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gpu_worker.schema import Check, Verdict

#: From good to bad; "cannot verify" is no verdict on the video, so it does not enter the ranking.
_ORDER: tuple[Verdict, ...] = ("green", "amber", "red")


@dataclass(frozen=True)
class Band:
    """Closed intervals: inside ``green`` is green, inside ``amber`` amber, else ``beyond``."""

    green: tuple[float, float]
    amber: tuple[float, float]
    beyond: Verdict = "red"

    def judge(self, value: float) -> Verdict:
        """Verdict on a value; NaN cannot be verified."""
        if math.isnan(value):
            return "cannot_verify"
        if self.green[0] <= value <= self.green[1]:
            return "green"
        if self.amber[0] <= value <= self.amber[1]:
            return "amber"
        return self.beyond


_INF = math.inf

#: Seconds, + when the sound is early: half the detectability of ITU-R BT.1359-1 is green, its limits are amber.
OFFSET = Band((-0.040, 0.020), (-0.125, 0.045))
#: Correlation of planned and re-detected opening.
OPENING = Band((0.90, 1.0), (0.75, 1.0))
#: Smallest opening at p, b, m over the 90th percentile.
CLOSURE = Band((0.0, 0.05), (0.0, 0.15))
#: Mean absolute deviation of the opening in silences, inter-ocular distances.
SILENCE = Band((0.0, 0.006), (0.0, 0.015))
#: Mean absolute third difference of the opening; real talkers show 0.02-0.05. Lively is not wrong, so never red.
JERK = Band((0.004, 0.050), (0.0, 0.085), beyond="amber")
#: Blinks per minute of real talkers, widened; only clips long enough to hold a few are judged.
BLINKS = Band((6.0, 40.0), (0.0, 60.0), beyond="amber")
#: Standard deviation of roll, degrees.
ROLL = Band((0.2, 3.5), (0.0, 6.0), beyond="amber")
#: PSNR outside the moving region after encoding, dB.
PSNR = Band((34.0, _INF), (30.0, _INF), beyond="amber")
#: Share of clipped samples.
CLIPPING = Band((0.0, 0.0005), (0.0, 0.01), beyond="amber")
#: Correlation of the decoded sound with the original.
SOUND = Band((0.97, 1.01), (0.90, 1.01))
#: Nothing at all may differ.
NONE = Band((0.0, 0.0), (0.0, 0.0))

#: Re-detection that follows the plan with less than this gain and correlation does not see these lips (a beard, a
#: painting): then it is no witness against the video either.
BLIND_GAIN, BLIND_CORRELATION = 0.35, 0.75


def worst(verdicts: list[Verdict]) -> Verdict:
    """The worst of those that could be verified; "cannot_verify" when none could."""
    known = [verdict for verdict in verdicts if verdict in _ORDER]
    return max(known, key=_ORDER.index) if known else "cannot_verify"


def worse(one: Check, other: Check) -> bool:
    """Whether ``one`` says something worse than ``other``; what could not be verified says least."""
    return (one.verdict in _ORDER, _rank(one)) > (other.verdict in _ORDER, _rank(other))


def _rank(check: Check) -> int:
    return _ORDER.index(check.verdict) if check.verdict in _ORDER else -1
