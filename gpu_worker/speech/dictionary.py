"""A personal pronunciation dictionary: names of family and places, and how they are said.

An entry is other words that sound like it (``Siobhan`` -> ``shivawn``) or IPA: between slashes, or recognised by
letters that only IPA has (``ʃɪˈvɔːn``). Light: the site may import it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from gpu_worker.errors import InputError
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.phone_map import map_ipa
from gpu_worker.speech.text import clean_text, has_speech

#: Bounds of one dictionary.
MAX_ENTRIES, MAX_WORD, MAX_SAID = 2000, 80, 200

#: Letters and marks that are IPA and no ordinary spelling.
_ONLY_IPA = frozenset("ˈˌːɑɒɐɓʙβɕɖɗɘɚɛɜɝɞɟʄɡɠɢʛɦɧʜɥɪʝɭɬɫɮʟɱɯɰŋɳɲɴɵɸʘɹɺɾɻʀʁɽʂʃʈʉʊʋʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃθᵻ")
#: Letters above that are letters of an alphabet too (Azerbaijani, Greek, African alphabets): no sign of IPA alone.
_ALPHABETS = frozenset("ɛɡŋɔʋɣɖɓɗəɪʊχθβɲʒʃɩɯ")
#: Scripts that write without spaces: a word is then found anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class PronunciationDictionary:
    """Words and how they are said; compares without regard to upper and lower case.

    Raises :class:`InputError` ``bad_pronunciation`` for an entry without a word or without a pronunciation, or for too
    many or too long ones.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        if len(entries) > MAX_ENTRIES:
            raise InputError(
                "bad_pronunciation", f"A dictionary holds at most {MAX_ENTRIES} words.", "Remove some of them."
            )
        self._said: dict[str, tuple[str | None, str | None]] = {}
        for word, said in entries.items():
            shown, spoken = clean_text(word).strip(), clean_text(said).strip()
            if not has_speech(shown) or not has_speech(spoken) or len(shown) > MAX_WORD or len(spoken) > MAX_SAID:
                raise InputError(
                    "bad_pronunciation",
                    f"The entry “{word.strip()[:40]}” has no word or no pronunciation, or is too long.",
                    "Write the word, and how it is said in ordinary letters or in IPA between slashes.",
                )
            self._said[folded(shown)] = how_said(check_said(spoken))
        self._pattern = _pattern(self._said)

    def __bool__(self) -> bool:
        return bool(self._said)

    def applied(self, passages: Iterable[Passage]) -> tuple[Passage, ...]:
        """The passages with the dictionary's words set apart. What mark-up says of a word comes first."""
        found: list[Passage] = []
        for passage in passages:
            if self._pattern is None or passage.ipa or passage.respelled or passage.spelled or passage.pause:
                found.append(passage)
            else:
                found += self._parted(passage, self._pattern)
        return tuple(found)

    def _parted(self, passage: Passage, pattern: re.Pattern[str]) -> list[Passage]:
        parts: list[Passage] = []
        at = 0
        for match in pattern.finditer(passage.text):
            respelled, ipa = self._said.get(folded(match.group()), (None, None))
            if respelled is None and ipa is None:
                continue
            if match.start() > at:
                parts.append(replace(passage, text=passage.text[at : match.start()]))
            parts.append(replace(passage, text=match.group(), respelled=respelled, ipa=ipa))
            at = match.end()
        if at < len(passage.text):
            parts.append(replace(passage, text=passage.text[at:]))
        return parts


def as_dictionary(entries: Mapping[str, str] | PronunciationDictionary | None) -> PronunciationDictionary:
    """A dictionary of whatever the caller has."""
    if isinstance(entries, PronunciationDictionary):
        return entries
    return _cached(tuple(sorted(entries.items()))) if entries else _cached(())


@lru_cache(maxsize=16)
def _cached(entries: tuple[tuple[str, str], ...]) -> PronunciationDictionary:
    return PronunciationDictionary(dict(entries))


def check_said(said: str) -> str:
    """A pronunciation as it is kept: a respelling, or IPA of which every letter is one.

    Raises :class:`InputError` ``bad_pronunciation``.
    """
    spoken = clean_text(said).strip()
    if not has_speech(spoken) or len(spoken) > MAX_SAID:
        raise InputError(
            "bad_pronunciation",
            f"A pronunciation has 1 to {MAX_SAID} characters, and at least one letter.",
            "Write how it sounds in ordinary letters, or in IPA between slashes.",
        )
    ipa = _ipa(spoken)
    if ipa is not None:
        odd = next((letter for letter in ipa if letter.isalpha() and not _may_be_ipa(letter)), "")
        if odd or not map_ipa(ipa):
            raise InputError(
                "bad_pronunciation",
                f"“{ipa[:40]}” is no pronunciation in IPA.",
                "Use IPA letters, as in /həˈloʊ/, or write it in ordinary letters the way it sounds.",
            )
    return spoken


def how_said(said: str) -> tuple[str | None, str | None]:
    """``(respelling, None)`` or ``(None, IPA)`` of a pronunciation as it is kept; both None where it is empty."""
    if not said:
        return None, None
    ipa = _ipa(said)
    return (None, ipa) if ipa is not None else (said, None)


def _may_be_ipa(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    return unicodedata.category(letter) == "Lm" or letter.isascii() or "LATIN" in name or "GREEK" in name


def _ipa(said: str) -> str | None:
    """The IPA of an entry, or None where it is other words."""
    if len(said) > 2 and said[0] == said[-1] == "/":
        return said[1:-1].strip()
    return said if any(letter in _ONLY_IPA - _ALPHABETS for letter in said) else None


def folded(word: str) -> str:
    """A word as entries are compared: without regard to upper and lower case or the kind of apostrophe."""
    return unicodedata.normalize("NFC", word).replace("’", "'").casefold()


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = []
    for word in sorted(words, key=len, reverse=True):
        inside = re.escape(word).replace("'", "['’]")
        alternatives.append(inside if _UNSPACED.search(word) else rf"(?<![\w'’]){inside}(?!\w)")
    return re.compile("|".join(alternatives), re.IGNORECASE) if alternatives else None
