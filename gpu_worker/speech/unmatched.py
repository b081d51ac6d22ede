"""Stretches of a recording in which something is said that the text does not have: found, heard without words, named.

The aligner takes them for a long silence. A real pause of that length is quiet; these are as loud as the words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.spectrum import RATE, decibels, mean_squares
from gpu_worker.speech.window_alignment import AlignedUnit
from gpu_worker.timeline_remarks import NOT_IN_THE_TEXT

#: A silence between words that lasts longer is looked at, seconds.
LONGEST_SILENCE = 2.5
#: Sound that is this much weaker than the words is no speech of the same recording, dB.
WEAKER_DB = 10.0
#: The most stretches that are named in a sentence.
_MOST_NAMED = 3

Span = tuple[float, float]


def loud_gaps(samples: FloatArray, units: Sequence[AlignedUnit]) -> list[Span]:
    """Stretches (start, end) in seconds of 16 kHz sound between, before and after ``units`` that are long and loud."""
    if not units:
        return []
    edges = [0.0, *(edge for unit in units for edge in (unit.start, unit.end)), len(samples) / RATE]
    gaps = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start > LONGEST_SILENCE]
    if not gaps:
        return []
    spoken = float(np.median(_levels(samples, [(unit.start, unit.end) for unit in units])))
    return [gap for gap, level in zip(gaps, _levels(samples, gaps), strict=True) if level > spoken - WEAKER_DB]


def filled(
    samples: FloatArray, phones: Sequence[Phone], gaps: Sequence[Span], hear: Callable[[FloatArray], Sequence[Phone]]
) -> list[Phone]:
    """``phones`` in order, silence left out, with those that ``hear`` finds in the sound of each gap."""
    spoken = [phone for phone in phones if phone.phone != "SIL"]
    for start, end in gaps:
        for phone in hear(samples[round(start * RATE) : round(end * RATE)]):
            if phone.phone != "SIL":
                last = min(phone.end + start, end)
                spoken.append(Phone(phone.phone, phone.start + start, last, phone.stress))
    return sorted(spoken, key=lambda phone: phone.start)


def named_stretches(gaps: Sequence[Span]) -> str:
    """The sentence for the user that names the stretches, the longest first."""
    longest = sorted(gaps, key=lambda gap: gap[0] - gap[1])
    named = ", ".join(f"from {_clock(start)} to {_clock(end)}" for start, end in longest[:_MOST_NAMED])
    more = f" and in {len(gaps) - _MOST_NAMED} more places" if len(gaps) > _MOST_NAMED else ""
    return f"{NOT_IN_THE_TEXT} {named}{more}; it was heard without words."


def joined(gaps: Sequence[Span]) -> list[Span]:
    """The gaps in order, those that touch as one."""
    whole: list[Span] = []
    for start, end in sorted(gaps):
        if whole and start <= whole[-1][1] + 1e-6:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _levels(samples: FloatArray, spans: Sequence[Span]) -> FloatArray:
    """The mean level of each span, dB of full scale."""
    low = np.array([round(start * RATE) for start, _ in spans], np.int64)
    high = np.array([round(end * RATE) for _, end in spans], np.int64)
    return decibels(mean_squares(samples, low, np.minimum(high, len(samples))))


def _clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
