"""From the IPA that espeak-ng writes, in any language, to the phones this engine knows.

The phones are ARPABET, with four additions that other languages need and English has no name for: ``AX`` (schwa),
``Y2`` (front rounded, as in French *tu*), ``OE`` (as in *peu*) and ``UU`` (the unrounded u of Japanese and Turkish).
What counts is what the mouth does: a trilled r and an English r are both ``R``, a click is the stop it starts from.

For the acoustic model, which was trained on English, :func:`acoustic` gives the nearest of its 39 phones.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

VOWELS: frozenset[str] = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AX", "AY", "EH", "ER", "EY", "IH", "IY", "OE", "OW", "OY", "UH", "UU", "UW", "Y2")
)
CONSONANTS: frozenset[str] = frozenset(
    ("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V", "W",
     "Y", "Z", "ZH")
)  # fmt: skip
PHONES: frozenset[str] = VOWELS | CONSONANTS | {"SIL"}

#: Sequences that are one phone here. Longest first at each place of the text.
_SEQUENCES: dict[str, tuple[str, ...]] = {
    "tʃ": ("CH",), "tɕ": ("CH",), "tʂ": ("CH",), "ʈʂ": ("CH",), "cç": ("CH",), "dʒ": ("JH",), "dʑ": ("JH",),
    "dʐ": ("JH",), "ɖʐ": ("JH",), "ɟʝ": ("JH",),
    "aɪ": ("AY",), "aj": ("AY",), "ai": ("AY",), "ɑɪ": ("AY",), "ɑi": ("AY",), "aʊ": ("AW",), "au": ("AW",),
    "ɑʊ": ("AW",), "ɑu": ("AW",), "æʊ": ("AW",), "ɔɪ": ("OY",), "ɔi": ("OY",), "oɪ": ("OY",), "oi": ("OY",),
    "ɔʏ": ("OY",), "eɪ": ("EY",), "ei": ("EY",), "ɛɪ": ("EY",), "ɛi": ("EY",), "oʊ": ("OW",), "ou": ("OW",),
    "əʊ": ("OW",), "ɔʊ": ("OW",), "ɜː": ("ER",), "əɹ": ("ER",), "ɜɹ": ("ER",),
}  # fmt: skip

_LETTERS: dict[str, str] = {
    # vowels, front to back
    "i": "IY", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH", "ɘ": "IH", "y": "Y2", "ʏ": "Y2", "ᵿ": "UH", "ʉ": "UW", "ɯ": "UU",
    "u": "UW", "ʊ": "UH", "e": "EY", "ø": "OE", "ɵ": "OE", "ɤ": "AH", "o": "OW", "ə": "AX", "ɛ": "EH", "œ": "OE",
    "ɜ": "AH", "ɞ": "OE", "ʌ": "AH", "ɔ": "AO", "æ": "AE", "ɐ": "AX", "a": "AA", "ɶ": "OE", "ɑ": "AA", "ɒ": "AA",
    "ɚ": "ER", "ɝ": "ER", "ᴂ": "AE", "ɩ": "IH", "ɷ": "UH", "ɿ": "IH", "ʅ": "IH",
    # lips
    "p": "P", "b": "B", "m": "M", "ɱ": "M", "ɓ": "B", "β": "B", "ʙ": "B", "ʘ": "P", "f": "F", "ɸ": "F", "v": "V",
    "ʋ": "V", "ⱱ": "V", "w": "W", "ʍ": "W", "ɥ": "W",
    # tongue tip and blade
    "θ": "TH", "ð": "DH", "t": "T", "d": "D", "ʈ": "T", "ɖ": "D", "ɗ": "D", "ᶑ": "D", "ɾ": "D", "ɽ": "D", "n": "N",
    "ɳ": "N", "ɲ": "N", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ɕ": "SH", "ʑ": "ZH",
    "ç": "SH", "ɧ": "SH", "l": "L", "ɭ": "L", "ʎ": "L", "ɫ": "L", "ʟ": "L", "ɬ": "L", "ɮ": "L", "ɹ": "R", "ɻ": "R",
    "ɺ": "R", "r": "R", "ʀ": "R", "ʁ": "R", "ǀ": "T", "ǃ": "T", "ǂ": "T", "ǁ": "L",
    # tongue body and throat
    "j": "Y", "ʝ": "Y", "k": "K", "c": "K", "q": "K", "g": "G", "ɡ": "G", "ɟ": "G", "ɢ": "G", "ɠ": "G", "ʄ": "G",
    "ʛ": "G", "ɣ": "G", "ɰ": "G", "ŋ": "NG", "ɴ": "NG", "x": "HH", "χ": "HH", "h": "HH", "ɦ": "HH", "ħ": "HH",
    "ʕ": "HH", "ʔ": "HH", "ʜ": "HH", "ʢ": "HH", "ʡ": "HH",
    # what espeak-ng writes where it has no IPA letter at hand
    "S": "SH", "Z": "ZH", "T": "TH", "D": "DH", "N": "NG", "R": "R", "L": "L", "J": "Y", "C": "SH", "H": "HH",
    "X": "HH", "Q": "G", "B": "B", "M": "M", "F": "F", "V": "AH", "A": "AA", "E": "EH", "I": "IH", "O": "AO",
    "U": "UH", "Y": "Y2", "W": "OE", "P": "P", "K": "K", "G": "G", "@": "AX", "3": "AX",
    "Φ": "F", "ε": "EH", "\x01": "Z",
}  # fmt: skip

#: Marks that change a sound's colour but not the mouth: length, tone, aspiration, syllabicity and the like.
_IGNORED = frozenset("ːˑ.‿|‖-_ˌˈ'ʰʱʲʷˠˤˀⁿˡ̩˞*!?;:,^~`#%&/\\\"=+1245679068 ˥˦˧˨˩\u200d\u200c\u0361")
_STRESS = {"ˈ": 1, "ˌ": 2}
#: Faroese vowels that espeak-ng writes as a bare digit; behind a letter a digit is a tone.
_DIGIT_VOWELS = {"2": "OE", "4": "OE", "5": "UH", "9": "OE"}

_ACOUSTIC: dict[str, str] = {"AX": "AH", "Y2": "IY", "OE": "ER", "UU": "UW"}


@dataclass(frozen=True)
class MappedPhone:
    """One phone of a pronunciation: ``stress`` is 0, 1 (primary) or 2 (secondary), for vowels only."""

    phone: str
    stress: int = 0


def map_ipa(ipa: str) -> tuple[MappedPhone, ...]:
    """The phones of one IPA string; empty for a pause or for marks alone. Unknown letters become their nearest:
    the base letter without its accents, else a schwa, never nothing."""
    text = unicodedata.normalize("NFD", ipa)
    text = "".join(letter for letter in text if not unicodedata.combining(letter) or letter == "̧")
    text = unicodedata.normalize("NFC", text).replace("ʦ", "ts")
    bare = text.strip("ˈˌː")
    if bare in _DIGIT_VOWELS:
        return (MappedPhone(_DIGIT_VOWELS[bare], next((_STRESS[mark] for mark in text if mark in _STRESS), 0)),)
    found: list[MappedPhone] = []
    stress = 0
    position = 0
    while position < len(text):
        letter = text[position]
        if letter in _STRESS:
            stress = _STRESS[letter]
            position += 1
            continue
        pair = _SEQUENCES.get(text[position : position + 2])
        names = pair or _single(letter)
        for name in names:
            found.append(MappedPhone(name, stress if name in VOWELS else 0))
            if name in VOWELS:
                stress = 0
        position += 2 if pair else 1
    return tuple(found)


def map_pronunciation(spoken: str) -> list[tuple[MappedPhone, ...]]:
    """The words of espeak-ng's ``"_"`` and ``" "`` separated IPA, each as its phones. Language switches, which it
    writes as ``(en)``, are dropped; a stress mark set off from its vowel is kept for the vowel."""
    words: list[tuple[MappedPhone, ...]] = []
    for word in _without_switches(spoken).split():
        phones: list[MappedPhone] = []
        waiting = 0
        for part in word.split("_"):
            mapped = map_ipa(part)
            if not mapped and part:
                waiting = next((_STRESS[mark] for mark in part if mark in _STRESS), waiting)
            for phone in mapped:
                if waiting and phone.phone in VOWELS and not phone.stress:
                    phone = MappedPhone(phone.phone, waiting)
                    waiting = 0
                phones.append(phone)
        if phones:
            words.append(tuple(phones))
    return words


def acoustic(phone: str) -> str:
    """The nearest phone of the English acoustic model (39 phones and SIL)."""
    return _ACOUSTIC.get(phone, phone)


def _single(letter: str) -> tuple[str, ...]:
    if letter in _LETTERS:
        return (_LETTERS[letter],)
    if letter in _IGNORED or not letter.isalpha() or unicodedata.category(letter) in ("Lm", "Mn", "Sk"):
        return ()
    base = unicodedata.normalize("NFD", letter)[0].lower()
    return (_LETTERS.get(base, "AX"),)


def _without_switches(spoken: str) -> str:
    kept: list[str] = []
    depth = 0
    for letter in spoken:
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(letter)
    return "".join(kept)
