"""How the words of a transcript are said: the en-us dictionary where it knows the word, espeak-ng for all others.

espeak-ng also reads numbers, dates and abbreviations aloud in every one of its languages, so the transcript needs no
normaliser of its own, and a word of the transcript may stand for several spoken ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from gpu_worker.languages import Language
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.phone_map import VOWELS, MappedPhone, acoustic
from gpu_worker.speech.script import espeak_script
from gpu_worker.speech.synthesis import label_of, speak, spoken_words
from gpu_worker.speech.text import clean_text

#: Longest piece of text espeak-ng is asked about at once, characters.
_PIECE = 2000


@dataclass(frozen=True)
class Unit:
    """One spoken word. ``label`` is the index of the transcript's word it belongs to.

    ``phones`` is what espeak-ng says; ``entry`` is the word of the aligner's dictionary, with its own alternatives, or
    None where ``phones`` is to be used. ``seconds`` is how long espeak-ng takes for it.
    """

    label: int
    phones: tuple[MappedPhone, ...]
    entry: str | None
    seconds: float


@dataclass(frozen=True)
class Pronunciation:
    """A transcript ready for alignment: its words as written, and what is spoken for them."""

    labels: tuple[str, ...]
    units: tuple[Unit, ...]


def pronounce(
    transcript: str, language: Language, dictionary: Mapping[str, str] | PronunciationDictionary | None = None
) -> Pronunciation:
    """The pronunciation of ``transcript``; empty where it holds no word. Words of ``dictionary`` are said as it says.

    Raises :class:`InputError` ``bad_pronunciation`` for an entry that is none.
    """
    own = as_dictionary(dictionary)
    labels: list[str] = []
    units: list[Unit] = []
    for piece in _pieces(clean_text(transcript)):
        spoken = pronounce_passages(own.applied([Passage(piece)]), language)
        units += [replace(unit, label=unit.label + len(labels)) for unit in spoken.units]
        labels += spoken.labels
    return Pronunciation(tuple(labels), tuple(units))


def pronounce_passages(passages: Sequence[Passage], language: Language) -> Pronunciation:
    """The pronunciation of a short text whose passages say themselves how they are said.

    Raises :class:`InputError` ``bad_pronunciation`` for IPA that is none.
    """
    english = language.code == "en" or language.code.startswith("en-")
    labels: list[str] = []
    units: list[Unit] = []
    script = espeak_script(passages, language.voice)
    special = {label_of(part.label) for part in script.replaced}
    for word in spoken_words(speak(script, language.voice), script):
        labels.append(word.label)
        known = english and len(word.groups) == 1 and word.label not in special
        entry = _entry(word.label) if known else None
        for group in word.groups:
            phones = tuple(MappedPhone(phone.phone, phone.stress) for phone in group)
            units.append(Unit(len(labels) - 1, phones, entry, group[-1].end - group[0].start))
    return Pronunciation(tuple(labels), tuple(units))


def dictionary_path() -> Path:
    """The en-us pronouncing dictionary inside the pocketsphinx wheel."""
    from pocketsphinx import get_model_path

    return Path(get_model_path()) / "en-us" / "cmudict-en-us.dict"


def enrich(aligned: list[str], spoken: tuple[MappedPhone, ...]) -> list[MappedPhone]:
    """Give the phones that an aligner names in its 39 the finer names and the stress of ``spoken``.

    Where both agree phone by phone, ``spoken`` itself is the answer; else the vowels are matched in order.
    """
    if aligned == [acoustic(phone.phone) for phone in spoken]:
        return list(spoken)
    vowels = [phone for phone in spoken if phone.phone in VOWELS]
    if len(vowels) != sum(name in VOWELS for name in aligned):
        return [MappedPhone(name) for name in aligned]
    remaining = iter(vowels)
    enriched: list[MappedPhone] = []
    for name in aligned:
        if name not in VOWELS:
            enriched.append(MappedPhone(name))
            continue
        vowel = next(remaining)
        reduced = vowel.phone == "AX" and name in ("AH", "IH", "UH")
        enriched.append(MappedPhone("AX" if reduced else name, vowel.stress))
    return enriched


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    lines = dictionary_path().read_text(encoding="utf-8", errors="replace").splitlines()
    return frozenset(line.split(" ", 1)[0] for line in lines if line)


def _entry(label: str) -> str | None:
    """The dictionary's spelling of a word, or None where it does not know it."""
    word = label.lower().replace("’", "'")
    # Capitals alone are an abbreviation, spelled out by espeak-ng and not by the dictionary.
    if label.isupper() and len(label) > 1:
        return None
    for candidate in (word, word.strip("'")):
        if re.fullmatch(r"[a-z']+", candidate) and candidate in _dictionary():
            return candidate
    return None


def _pieces(text: str) -> list[str]:
    """The text in pieces of at most :data:`_PIECE` characters, cut at the ends of sentences, else at spaces."""
    pieces: list[str] = []
    rest = text
    while len(rest) > _PIECE:
        cut = max(rest.rfind(mark, _PIECE // 2, _PIECE) for mark in (".", "!", "?", "\n", "。", "؟"))
        if cut < 0:
            cut = rest.rfind(" ", _PIECE // 2, _PIECE)
        cut = cut + 1 if cut >= 0 else _PIECE
        pieces.append(rest[:cut])
        rest = rest[cut:]
    pieces.append(rest)
    return [piece for piece in pieces if piece.strip()]
