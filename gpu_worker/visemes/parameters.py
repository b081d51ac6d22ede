"""What each phone asks of the mouth: one typed row per phone.

Conventions: ``jaw`` 0..1 is the opening; ``jaw_cap`` the most that is allowed while the phone sounds (None: no limit);
``close`` 0..1 presses the lips together, values above 1 overshoot and are clamped, so that the lips still move fast
when they meet; ``round`` 0..1; ``width`` -1 (narrow) .. 1 (spread); ``labiodental`` 0..1 is the lower lip at the upper
teeth; ``tongue_up``, ``tongue_forward`` 0..1. ``lip_dominance`` and ``jaw_dominance`` 0..1 say how far the phone wins
over its neighbours, ``lead`` and ``lag`` (seconds) how long before and after its own time it is still felt: to a tenth.

The rows follow the dominance model of Cohen and Massaro (1993), with targets set by eye for English and its neighbours;
``viseme`` is one of the 15 classes of the Oculus lip-sync set.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhoneShape:
    viseme: str
    jaw: float
    jaw_cap: float | None
    close: float
    round: float
    width: float
    labiodental: float
    tongue_up: float
    tongue_forward: float
    lip_dominance: float
    jaw_dominance: float
    lead: float
    lag: float


#: phone: viseme, jaw, cap, close, round, width, labiodental, tongue up, forward, lip and jaw dominance, lead, lag
SHAPES: dict[str, PhoneShape] = {
    "SIL": PhoneShape("sil", 0.00, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.15, 0.20, 0.12, 0.15),
    "P": PhoneShape("PP", 0.05, 0.20, 1.15, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00, 0.60, 0.09, 0.07),
    "B": PhoneShape("PP", 0.05, 0.20, 1.15, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00, 0.60, 0.09, 0.07),
    "M": PhoneShape("PP", 0.06, 0.22, 1.10, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00, 0.60, 0.09, 0.08),
    "F": PhoneShape("FF", 0.10, 0.20, 0.00, 0.00, 0.10, 1.00, 0.00, 0.00, 0.95, 0.70, 0.08, 0.06),
    "V": PhoneShape("FF", 0.11, 0.22, 0.00, 0.00, 0.10, 0.95, 0.00, 0.00, 0.95, 0.70, 0.08, 0.06),
    "TH": PhoneShape("TH", 0.16, 0.28, 0.00, 0.00, 0.10, 0.00, 0.95, 0.90, 0.30, 0.60, 0.07, 0.06),
    "DH": PhoneShape("TH", 0.16, 0.30, 0.00, 0.00, 0.10, 0.00, 0.85, 0.80, 0.25, 0.50, 0.06, 0.05),
    "T": PhoneShape("DD", 0.15, 0.30, 0.00, 0.00, 0.10, 0.00, 0.40, 0.20, 0.08, 0.40, 0.05, 0.04),
    "D": PhoneShape("DD", 0.17, 0.32, 0.00, 0.00, 0.10, 0.00, 0.40, 0.20, 0.08, 0.40, 0.05, 0.04),
    "K": PhoneShape("kk", 0.25, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.05, 0.25, 0.05, 0.04),
    "G": PhoneShape("kk", 0.25, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.05, 0.25, 0.05, 0.04),
    "NG": PhoneShape("kk", 0.25, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.05, 0.25, 0.05, 0.05),
    "N": PhoneShape("nn", 0.18, 0.40, 0.00, 0.00, 0.10, 0.00, 0.50, 0.20, 0.08, 0.35, 0.05, 0.05),
    "L": PhoneShape("nn", 0.28, None, 0.00, 0.00, 0.10, 0.00, 0.85, 0.35, 0.12, 0.35, 0.06, 0.06),
    "S": PhoneShape("SS", 0.07, 0.12, 0.00, 0.00, 0.35, 0.00, 0.10, 0.10, 0.45, 0.95, 0.08, 0.07),
    "Z": PhoneShape("SS", 0.08, 0.13, 0.00, 0.00, 0.35, 0.00, 0.10, 0.10, 0.45, 0.95, 0.08, 0.07),
    "SH": PhoneShape("CH", 0.09, 0.14, 0.00, 0.55, -0.40, 0.00, 0.00, 0.00, 0.80, 0.95, 0.13, 0.12),
    "ZH": PhoneShape("CH", 0.09, 0.14, 0.00, 0.55, -0.40, 0.00, 0.00, 0.00, 0.80, 0.95, 0.13, 0.12),
    "CH": PhoneShape("CH", 0.09, 0.14, 0.00, 0.55, -0.40, 0.00, 0.00, 0.00, 0.80, 0.95, 0.12, 0.11),
    "JH": PhoneShape("CH", 0.09, 0.15, 0.00, 0.50, -0.35, 0.00, 0.00, 0.00, 0.80, 0.95, 0.12, 0.11),
    "R": PhoneShape("RR", 0.20, 0.45, 0.00, 0.45, -0.30, 0.00, 0.10, 0.00, 0.55, 0.40, 0.11, 0.08),
    "ER": PhoneShape("RR", 0.28, None, 0.00, 0.40, -0.25, 0.00, 0.10, 0.00, 0.50, 0.50, 0.11, 0.09),
    "W": PhoneShape("ou", 0.08, 0.16, 0.65, 1.00, -0.90, 0.00, 0.00, 0.00, 0.90, 0.70, 0.12, 0.10),
    "Y": PhoneShape("ih", 0.14, 0.30, 0.00, 0.00, 0.50, 0.00, 0.00, 0.00, 0.35, 0.40, 0.07, 0.06),
    "IY": PhoneShape("ih", 0.18, None, 0.00, 0.00, 0.80, 0.00, 0.00, 0.00, 0.60, 0.50, 0.10, 0.09),
    "IH": PhoneShape("ih", 0.26, None, 0.00, 0.00, 0.40, 0.00, 0.00, 0.00, 0.35, 0.40, 0.08, 0.08),
    "EY": PhoneShape("E", 0.42, None, 0.00, 0.00, 0.55, 0.00, 0.00, 0.00, 0.50, 0.50, 0.10, 0.10),
    "EH": PhoneShape("E", 0.48, None, 0.00, 0.00, 0.35, 0.00, 0.00, 0.00, 0.45, 0.55, 0.09, 0.09),
    "AE": PhoneShape("aa", 0.65, None, 0.00, 0.00, 0.45, 0.00, 0.00, 0.00, 0.55, 0.65, 0.10, 0.10),
    "AA": PhoneShape("aa", 0.85, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.60, 0.80, 0.11, 0.11),
    "AH": PhoneShape("E", 0.50, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.35, 0.50, 0.08, 0.08),
    "AX": PhoneShape("E", 0.28, None, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.12, 0.20, 0.06, 0.06),
    "AO": PhoneShape("oh", 0.60, None, 0.00, 0.55, -0.40, 0.00, 0.00, 0.00, 0.75, 0.65, 0.13, 0.12),
    "OW": PhoneShape("oh", 0.48, None, 0.00, 0.75, -0.60, 0.00, 0.00, 0.00, 0.85, 0.55, 0.14, 0.13),
    "OY": PhoneShape("oh", 0.55, None, 0.00, 0.70, -0.50, 0.00, 0.00, 0.00, 0.80, 0.55, 0.14, 0.10),
    "UH": PhoneShape("ou", 0.28, None, 0.00, 0.60, -0.50, 0.00, 0.00, 0.00, 0.65, 0.40, 0.12, 0.10),
    "UW": PhoneShape("ou", 0.14, 0.24, 0.45, 1.00, -0.90, 0.00, 0.00, 0.00, 0.90, 0.70, 0.14, 0.13),
    "AY": PhoneShape("aa", 0.80, None, 0.00, 0.00, 0.05, 0.00, 0.00, 0.00, 0.55, 0.70, 0.11, 0.10),
    "AW": PhoneShape("aa", 0.80, None, 0.00, 0.15, -0.05, 0.00, 0.00, 0.00, 0.60, 0.70, 0.11, 0.12),
    "Y2": PhoneShape("ou", 0.18, None, 0.10, 0.90, -0.75, 0.00, 0.00, 0.00, 0.90, 0.50, 0.15, 0.14),
    "OE": PhoneShape("oh", 0.42, None, 0.00, 0.65, -0.50, 0.00, 0.00, 0.00, 0.80, 0.50, 0.14, 0.13),
    "UU": PhoneShape("ih", 0.22, None, 0.00, 0.00, 0.30, 0.00, 0.00, 0.00, 0.40, 0.40, 0.09, 0.09),
}

#: Phones without a shape of their own: the mouth is already where the next phone wants it.
TRANSPARENT: frozenset[str] = frozenset({"HH"})
BILABIALS: frozenset[str] = frozenset({"P", "B", "M"})
#: Of the bilabials, those that end in a burst.
PLOSIVES: frozenset[str] = frozenset({"P", "B"})
LABIODENTALS: frozenset[str] = frozenset({"F", "V"})
SIBILANTS: frozenset[str] = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
#: Where a diphthong goes in its last part.
GLIDES: dict[str, str] = {"AY": "IH", "OY": "IH", "EY": "IY", "AW": "UH", "OW": "UH"}
