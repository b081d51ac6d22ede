"""Forced alignment: known words to known sound, for any language, through the phones of espeak-ng.

Long sound is worked through window by window, each ending in a pause, and the next begins with the first word that the
last did not surely contain. So memory is that of one window, and a joint is never inside a word.

A window that the words do not fit is aligned again by itself: with words left out, then with any place in the text as
its beginning. So the rest of an hour does not pay for a sentence that was said otherwise, and the text is found again
after a paragraph that one of the two lacks. (After P. J. Moreno et al., "A recursive algorithm for the forced alignment
of very long audio segments", 1998, whose islands of confidence are the windows here.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gpu_worker.errors import EngineError
from gpu_worker.languages import Language
from gpu_worker.media.scratch import release
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.agreement import doubtful, is_wrong, mean_score
from gpu_worker.speech.pauses import cut_after
from gpu_worker.speech.pronunciation import Pronunciation, Unit
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.window_alignment import AlignedUnit, Chain, align_window

Progress = Callable[[float], None]

#: Leaving words out must gain this much likelihood per frame.
BETTER_BY = 2.0
#: Going on at another place in the text must gain this much: a voice that the model knows badly fits nowhere well.
_FAR_BETTER = 8.0
#: Words offered to a window for each that is expected in it.
_GENEROUS = 1.6
_SPARE_WORDS = 25
#: Nobody says more words a second.
_FASTEST = 8.0
#: Words ahead in which a lost place of the text is looked for.
_SEARCHED_WORDS = 300
#: A few words stretched over a window fit anything: at a usual rate they must take this part of it.
_LEAST_SAID = 0.4
#: Less of the sound than this that fits, and the words are others.
_LEAST_FITTING = 0.5


@dataclass(frozen=True)
class Alignment:
    """The words that were found, in order, and the stretches (start, end) in seconds that no words of the text fit."""

    units: tuple[AlignedUnit, ...]
    unmatched: tuple[tuple[float, float], ...] = ()


def align(
    samples: FloatArray,
    pronunciation: Pronunciation,
    progress: Progress | None = None,
    language: Language | None = None,
) -> Alignment:
    """Find every unit in 16 kHz sound. With ``language``, where that fits its sounds better, words may be missing from
    the sound or, of sound longer than a window, stretches from the text.

    Raises :class:`EngineError` where words and sound do not fit together.
    """
    state = _Course(pronunciation.units)
    duration = len(samples) / RATE
    start = 0.0
    while state.cursor < len(state.units) and start < duration - 0.05:
        end = cut_after(samples, start)
        last = end >= duration - 1e-6
        part = samples[int(start * RATE) : int(end * RATE)]
        more = _expected(state.units, state.cursor, start, end, duration)
        remaining = state.units[state.cursor :]
        # After a place in the text was lost, more may be left than the rest of the sound can hold.
        whole = last and (language is None or start == 0.0 or len(remaining) <= more)
        kept = _window(part, remaining if whole else remaining[:more], whole, last, language)
        if not kept and language is None:
            raise EngineError("The words do not fit the sound.")
        if kept and (language is None or not is_wrong(kept, language)):
            state.settle([_moved(unit, start, state.cursor) for unit in kept])
        elif (
            language is not None and end - start < duration and (entered := _entered(part, state, more, language, kept))
        ):
            state.settle([_moved(unit, start, state.settled) for unit in entered], lost=True)
            kept = entered
        else:
            state.pending.append(_Pending(start, end, [_moved(unit, start, state.cursor) for unit in kept]))
            state.cursor += kept[-1].index + 1 if kept else 0
        start = start + kept[-1].end if kept and not last else end
        release(samples)
        if progress is not None:
            progress(min(start / duration, 1.0))
    return state.finished(duration, strict=language is None)


@dataclass
class _Pending:
    """A window whose words fit badly: right, if the next window goes on well from there."""

    start: float
    end: float
    units: list[AlignedUnit]


@dataclass
class _Course:
    """How far the text has been followed. ``settled``: the first unit after all that fitted; ``cursor``: the same if
    the pending windows are right."""

    units: Sequence[Unit]
    cursor: int = 0
    settled: int = 0
    found: list[AlignedUnit] = field(default_factory=list)
    pending: list[_Pending] = field(default_factory=list)
    unmatched: list[tuple[float, float]] = field(default_factory=list)

    def settle(self, fitting: list[AlignedUnit], lost: bool = False) -> None:
        """Go on from these units; with ``lost`` the pending windows were wrong."""
        for window in self.pending:
            if lost or not window.units:
                self.unmatched.append((window.start, min(window.end, fitting[0].start)))
            else:
                self.found += window.units
        self.pending = []
        self.found += fitting
        self.cursor = self.settled = fitting[-1].index + 1

    def finished(self, duration: float, strict: bool) -> Alignment:
        """What was found in the end. Raises :class:`EngineError` where that is too little."""
        left = len(self.units) - self.cursor
        if strict and left:
            raise EngineError(f"The sound ended {left} words before the text.")
        # Words in order that fit badly to the end are left to the caller's judgement.
        self.found += [unit for window in self.pending for unit in window.units]
        unmatched = [*self.unmatched, *((window.start, window.end) for window in self.pending if not window.units)]
        if not self.found or sum(end - start for start, end in unmatched) > (1.0 - _LEAST_FITTING) * duration:
            raise EngineError("The words do not fit the sound.")
        return Alignment(tuple(self.found), tuple(unmatched))


def _window(
    part: FloatArray, offered: Sequence[Unit], whole: bool, last: bool, language: Language | None
) -> list[AlignedUnit]:
    """The words of one window as they are, or with some left out where that is better; none where neither fits."""
    best: list[AlignedUnit] = []
    for chain in (Chain.STRICT, Chain.SKIPPING):
        try:
            window = align_window(part, offered, whole, chain)
        except EngineError:
            window = []
        kept = window if last else _sure(window)
        if kept and (not best or mean_score(kept) > mean_score(best) + BETTER_BY):
            best = kept
        if language is None or (best and not is_wrong(best, language) and not any(doubtful(best, language))):
            break
    return best


def _entered(
    part: FloatArray, state: _Course, more: int, language: Language, instead: Sequence[AlignedUnit]
) -> list[AlignedUnit]:
    """The words of a window that begins anywhere in the text that is not settled yet; none where they do not fit, or
    hardly better than those in order, ``instead``."""
    ahead = state.units[state.settled :][: state.cursor - state.settled + more + _SEARCHED_WORDS]
    try:
        window = align_window(part, ahead, whole=False, chain=Chain.ENTERING)
    except EngineError:
        return []
    kept = window if window and window[-1].index == len(state.units) - 1 - state.settled else _sure(window)
    said = sum(ahead[unit.index].seconds for unit in kept)
    if instead and kept and mean_score(kept) < mean_score(instead) + _FAR_BETTER:
        return []
    if not kept or is_wrong(kept, language) or said < _LEAST_SAID * kept[-1].end:
        return []
    return kept


def _expected(units: Sequence[Unit], cursor: int, start: float, end: float, duration: float) -> int:
    """How many units to offer to a window: more than its share of those that are left."""
    share = (end - start) / max(duration - start, 1e-6)
    most = int((end - start) * _FASTEST)
    return min(int((len(units) - cursor) * share * _GENEROUS), most) + _SPARE_WORDS


def _sure(window: list[AlignedUnit]) -> list[AlignedUnit]:
    """The words up to the last pause but the end's: what the cut may have forced is left to the next window."""
    if len(window) < 4:
        return window[:-1]
    first = len(window) * 2 // 3
    gaps = [(window[place + 1].start - window[place].end, place) for place in range(first, len(window) - 1)]
    return window[: max(gaps)[1] + 1]


def _moved(unit: AlignedUnit, by: float, offset: int) -> AlignedUnit:
    phones = tuple(Phone(phone.phone, phone.start + by, phone.end + by, phone.stress) for phone in unit.phones)
    return AlignedUnit(unit.index + offset, unit.start + by, unit.end + by, unit.score, phones)
