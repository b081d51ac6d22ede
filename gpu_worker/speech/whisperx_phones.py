"""The phones inside words whose times are known: our aligner hears a phrase, each word's own span keeps the last word.

WhisperX knows words and letters, the mouth needs phones. A phrase is aligned as a whole, since the acoustic model needs
the neighbours; the phones of each word are then stretched into the span that WhisperX gave it. Where both disagree
about a word, it is aligned by itself; where that fails, espeak-ng's phones share the span.
"""

from __future__ import annotations

from collections.abc import Sequence

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Phone
from gpu_worker.speech.alignment import Progress
from gpu_worker.speech.phone_map import VOWELS, MappedPhone
from gpu_worker.speech.pronunciation import Pronunciation, Unit
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.whisperx_alignment import TimedWord
from gpu_worker.speech.window_alignment import align_window

#: A pause of this length ends a phrase; so does this length of the phrase itself, seconds.
_PAUSE, _LONGEST = 0.3, 12.0
#: Sound around a phrase, and around a word that is aligned by itself, seconds.
_MARGIN, _WORD_MARGIN = 0.15, 0.05
#: How far the edges of a word may lie apart for its phones to be taken, seconds.
_AGREE = 0.12
#: Relative length of phones where nothing is known: stressed vowels, vowels, others.
_STRESSED, _VOWEL, _OTHER = 1.7, 1.3, 1.0


def phones_inside(
    samples: FloatArray, words: Sequence[TimedWord], pronunciation: Pronunciation, progress: Progress | None = None
) -> list[Phone]:
    """The phones of ``words`` (those of ``pronunciation``, by index), in order; the gaps between words stay gaps."""
    units = _units_by_word(pronunciation)
    phones: list[Phone] = []
    for phrase in _phrases(words):
        heard = _aligned(samples, phrase[0].start - _MARGIN, phrase[-1].end + _MARGIN, phrase, units)
        for word in phrase:
            own = heard.get(word.index) or ()
            if not own or abs(own[0].start - word.start) > _AGREE or abs(own[-1].end - word.end) > _AGREE:
                alone = _aligned(samples, word.start - _WORD_MARGIN, word.end + _WORD_MARGIN, [word], units)
                own = alone.get(word.index) or _shared_out(units.get(word.index, ()))
            phones += _stretched(own, word)
        if progress is not None:
            progress(phrase[-1].end / words[-1].end)
    return phones


def _units_by_word(pronunciation: Pronunciation) -> dict[int, list[Unit]]:
    """What is spoken for each word: several for a number, nothing for what is silent."""
    units: dict[int, list[Unit]] = {}
    for unit in pronunciation.units:
        units.setdefault(unit.label, []).append(unit)
    return units


def _phrases(words: Sequence[TimedWord]) -> list[list[TimedWord]]:
    phrases: list[list[TimedWord]] = []
    for word in words:
        last = phrases[-1] if phrases else None
        if last is None or word.start - last[-1].end > _PAUSE or word.end - last[0].start > _LONGEST:
            phrases.append([word])
        else:
            last.append(word)
    return phrases


def _aligned(
    samples: FloatArray, start: float, end: float, words: Sequence[TimedWord], units: dict[int, list[Unit]]
) -> dict[int, tuple[Phone, ...]]:
    """The phones of ``words`` in the sound from ``start`` to ``end``, by word; nothing where they do not fit it."""
    first = max(0, round(start * RATE))
    spoken = [unit for word in words for unit in units.get(word.index, ())]
    if not spoken:
        return {}
    try:
        found = align_window(samples[first : round(end * RATE)], spoken, whole=True)
    except EngineError:
        return {}
    phones: dict[int, tuple[Phone, ...]] = {}
    for unit in found:
        word, by = spoken[unit.index].label, first / RATE
        moved = tuple(Phone(phone.phone, phone.start + by, phone.end + by, phone.stress) for phone in unit.phones)
        phones[word] = (*phones.get(word, ()), *moved)
    return phones


def _shared_out(units: Sequence[Unit]) -> tuple[Phone, ...]:
    """The phones of a word one after another from 0, each with its usual share of the length."""
    phones: list[Phone] = []
    at = 0.0
    for unit in units:
        for phone in unit.phones:
            length = _length(phone)
            phones.append(Phone(phone.phone, at, at + length, phone.stress))
            at += length
    return tuple(phones)


def _length(phone: MappedPhone) -> float:
    if phone.phone not in VOWELS:
        return _OTHER
    return _STRESSED if phone.stress else _VOWEL


def _stretched(phones: Sequence[Phone], word: TimedWord) -> list[Phone]:
    """``phones`` moved and scaled so that they fill the word; a word without phones is silence."""
    if not phones:
        return []
    low, high = phones[0].start, phones[-1].end
    if high - low < 1e-6:
        return []
    scale = (word.end - word.start) / (high - low)

    def at(seconds: float) -> float:
        return word.start + (seconds - low) * scale

    return [Phone(phone.phone, at(phone.start), at(phone.end), phone.stress) for phone in phones]
