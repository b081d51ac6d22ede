"""IPA into the phoneme mnemonics of one espeak-ng voice, which is the only spelling of sounds that it takes.

Which IPA each mnemonic of a voice stands for, the voice itself is asked; the answer turned round is the table. A sound
that the voice does not have becomes the one of its own that the mouth makes alike.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gpu_worker.errors import InputError
from gpu_worker.speech.espeak import espeak
from gpu_worker.speech.phone_map import VOWELS, map_ipa

_STRESS = {"ˈ": "'", "ˌ": ","}
_BREAKS = frozenset(" .|‖-‿\u0361\u035c")
_SAME = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "ʦ": "ts", "ʧ": "tʃ", "ʤ": "dʒ"})
#: What stands in for a phone of which a voice has none, tried in order.
_INSTEAD: dict[str, tuple[str, ...]] = {
    "TH": ("S", "T"), "DH": ("Z", "D"), "W": ("V", "UW"), "V": ("W", "B", "F"), "ZH": ("SH", "Z"), "SH": ("S",),
    "Z": ("S",), "NG": ("N",), "CH": ("SH", "T"), "JH": ("ZH", "Y", "D"), "HH": ("K",), "P": ("B",), "B": ("P",),
    "G": ("K",), "D": ("T",), "F": ("V", "P"), "R": ("L",), "L": ("R",), "Y": ("IY",), "AX": ("EH", "AH", "AA"),
    "AH": ("AX", "AA"), "AE": ("EH", "AA"), "AO": ("OW", "AA"), "OW": ("AO",), "EY": ("EH",), "AY": ("AA",),
    "AW": ("AA",), "OY": ("AO", "OW"), "ER": ("OE", "AX", "EH"), "IH": ("IY",), "IY": ("IH",), "UH": ("UW",),
    "UW": ("UH",), "Y2": ("UW", "IY"), "OE": ("ER", "EH"), "UU": ("UW", "IH"), "EH": ("EY", "AX"), "AA": ("AH",),
}  # fmt: skip


def mnemonics(ipa: str, voice: str) -> str:
    """``ipa`` (one word or several) spelled for ``voice``, without brackets; never any character but mnemonics.

    Raises :class:`InputError` ``bad_pronunciation`` where a letter is no IPA, or no sound is left.
    """
    table = _table(voice)
    longest = max(map(len, table.exact), default=1)
    spelled: list[str] = []
    stress = ""
    text = unicodedata.normalize("NFC", ipa.strip().strip("/[]")).translate(_SAME)
    at = 0
    while at < len(text):
        letter = text[at]
        if letter in _STRESS:
            stress = _STRESS[letter]
            at += 1
            continue
        found = next((end for end in range(min(len(text), at + longest), at, -1) if text[at:end] in table.exact), 0)
        names = [table.exact[text[at:found]]] if found else _nearest(letter, table, ipa)
        sound = text[at:found] if found else letter
        if stress and names and any(phone.phone in VOWELS for phone in map_ipa(sound)):
            names = [stress + names[0], *names[1:]]
            stress = ""
        spelled += ["||"] if letter == " " and spelled else names
        at = found or at + 1
    if not any(name != "||" for name in spelled):
        raise _no_ipa(ipa)
    return "".join(spelled)


class _Table:
    """``exact``: IPA to mnemonic. ``alike``: phone of :mod:`phone_map` to mnemonic."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.exact: dict[str, str] = {}
        self.alike: dict[str, str] = {}
        for mnemonic, sounds in sorted(pairs, key=lambda pair: (len(pair[0]), pair[0])):
            bare = unicodedata.normalize("NFC", sounds.replace("_", "")).strip("ˈˌ")
            if not bare or " " in bare or not any(letter.isalpha() for letter in bare):
                continue
            self.exact.setdefault(bare.translate(_SAME), mnemonic)
            phones = map_ipa(bare)
            if len(phones) == 1:
                self.alike.setdefault(phones[0].phone, mnemonic)


@lru_cache(maxsize=16)
def _table(voice: str) -> _Table:
    return _Table(espeak().inventory(voice))


def _nearest(letter: str, table: _Table, ipa: str) -> list[str]:
    """The mnemonics of one letter that the voice has no sound of its own for."""
    if letter in _BREAKS or (not letter.isalpha() and unicodedata.category(letter) in ("Mn", "Sk", "Lm", "Po")):
        return []
    if unicodedata.category(letter) == "Lm":  # a modifier: aspiration, palatalisation, length
        return []
    if not (letter.isalpha() and (letter.isascii() or "LATIN" in _name(letter) or "GREEK" in _name(letter))):
        raise _no_ipa(ipa)
    names: list[str] = []
    for phone in map_ipa(letter):
        options = (phone.phone, *_INSTEAD.get(phone.phone, ()))
        names += [table.alike[option] for option in options if option in table.alike][:1]
    return names


def _name(letter: str) -> str:
    return unicodedata.name(letter, "")


def _no_ipa(ipa: str) -> InputError:
    return InputError(
        "bad_pronunciation",
        f"“{ipa.strip()[:40]}” is no pronunciation in IPA.",
        "Use IPA letters, as in /həˈloʊ/, or write it in ordinary letters the way it sounds.",
    )
