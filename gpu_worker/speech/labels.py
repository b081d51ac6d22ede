"""Reads phone labels that others made by hand: TIMIT ``.phn``, Praat ``.TextGrid``, NIST ``.ctm``.

Labels may be TIMIT's, ARPABET with or without stress digits, or IPA; all come out as the phones of this engine. TIMIT
labels the closure and the release of a stop apart: they become one phone, and the closures are kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.errors import InputError
from gpu_worker.schema import Phone
from gpu_worker.speech.phone_map import PHONES, map_ipa
from gpu_worker.visemes.parameters import BILABIALS

_TIMIT_RATE = 16000
_TIMIT = {
    "ix": "IH", "ax": "AX", "ax-h": "AX", "ux": "UW", "el": "L", "axr": "ER", "em": "M", "nx": "N", "en": "N",
    "eng": "NG", "dx": "D", "hv": "HH", "pcl": "P", "tcl": "T", "kcl": "K", "bcl": "B", "dcl": "D", "gcl": "G",
    "q": "HH", "epi": "SIL", "h#": "SIL", "pau": "SIL",
}  # fmt: skip
_SILENCES = frozenset(("", "sil", "sp", "spn", "nsn", "pau", "h#", "<p:>", "_", "#", "<eps>", "silence", "sp1"))
_TIER_NAMES = ("phones", "phone", "segments", "mau", "phn", "phonemes")


@dataclass(frozen=True)
class Labelled:
    """Reference phones, contiguous, and the stretches in which the lips are shut."""

    phones: tuple[Phone, ...]
    closures: tuple[tuple[float, float], ...]


def read_labels(path: Path) -> Labelled:
    """Read one label file by its suffix. Raises :class:`InputError` ``unreadable_labels``."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    readers = {".phn": _phn, ".textgrid": _textgrid, ".ctm": _ctm}
    try:
        raw = readers[path.suffix.lower()](text)
    except (KeyError, ValueError, IndexError) as problem:
        raise _unreadable(path) from problem
    if not raw:
        raise _unreadable(path)
    return Labelled(tuple(_joined(raw)), tuple(_shut(raw)))


def label_phone(label: str) -> str:
    """This engine's phone for a label in TIMIT's, ARPABET's or IPA's spelling; ``SIL`` for silence."""
    bare = label.strip()
    low = bare.lower()
    if low in _SILENCES:
        return "SIL"
    if low in _TIMIT:
        return _TIMIT[low]
    upper = re.sub(r"\d$", "", bare.upper())
    if upper in PHONES and bare.isascii():
        return upper
    mapped = map_ipa(bare)
    return mapped[0].phone if mapped else "SIL"


def _phn(text: str) -> list[tuple[float, float, str]]:
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return [(int(first) / _TIMIT_RATE, int(last) / _TIMIT_RATE, label) for first, last, label in rows]


def _ctm(text: str) -> list[tuple[float, float, str]]:
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith(";;")]
    return [(float(row[2]), float(row[2]) + float(row[3]), re.sub(r"_[BIES]$", "", row[4])) for row in rows]


def _textgrid(text: str) -> list[tuple[float, float, str]]:
    """The interval tier named after phones, else the tier with the most intervals. Long and short forms."""
    tokens = re.findall(r'"(?:[^"]|"")*"|(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w\]])', text)
    tiers: list[tuple[str, list[tuple[float, float, str]]]] = []
    place = 0
    while place < len(tokens):
        if tokens[place] == '"IntervalTier"':
            name, count = tokens[place + 1].strip('"'), int(tokens[place + 4])
            values = tokens[place + 5 : place + 5 + 3 * count]
            tiers.append((name, [_interval(values[at : at + 3]) for at in range(0, 3 * count, 3)]))
            place += 5 + 3 * count
        else:
            place += 1
    named = [intervals for name, intervals in tiers if name.lower() in _TIER_NAMES]
    return named[0] if named else max((intervals for _, intervals in tiers), key=len)


def _interval(values: Sequence[str]) -> tuple[float, float, str]:
    start, end, label = values
    return float(start), float(end), label[1:-1].replace('""', '"')


def _joined(raw: Sequence[tuple[float, float, str]]) -> list[Phone]:
    """Closure and release of a stop as one phone, silences in a row as one."""
    phones: list[Phone] = []
    closure = False
    for start, end, label in raw:
        name = label_phone(label)
        follows = bool(phones) and start - phones[-1].end < 1e-3
        affricate = closure and name in ("CH", "JH") and phones[-1].phone in ("T", "D")
        released = closure and phones[-1].phone == name and not label.lower().endswith("cl")
        if follows and (affricate or released or (name == "SIL" == phones[-1].phone)):
            phones[-1] = Phone(name, phones[-1].start, end)
        else:
            phones.append(Phone(name, start, end))
        closure = label.lower() in ("pcl", "tcl", "kcl", "bcl", "dcl", "gcl")
    return phones


def _shut(raw: Sequence[tuple[float, float, str]]) -> list[tuple[float, float]]:
    """TIMIT's labelled closures where there are any, else the bilabials' whole length."""
    shut: list[tuple[float, float]] = []
    previous = ""
    for start, end, label in raw:
        low = label.lower()
        released = low in ("p", "b") and previous in ("pcl", "bcl")
        if label_phone(label) in BILABIALS and not released:
            if shut and start - shut[-1][1] < 1e-3:
                shut[-1] = (shut[-1][0], end)
            else:
                shut.append((start, end))
        previous = low
    return shut


def _unreadable(path: Path) -> InputError:
    return InputError("unreadable_labels", f"{path.name} holds no phone labels.", "Use TIMIT .phn, TextGrid or CTM.")
