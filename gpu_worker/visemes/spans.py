"""Phones to spans of the 15 viseme classes, as a timeline lists them."""

from __future__ import annotations

from collections.abc import Sequence

from gpu_worker.schema import Phone, VisemeSpan
from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT


def viseme_spans(phones: Sequence[Phone]) -> tuple[VisemeSpan, ...]:
    """One span for each run of equal classes. A phone without a shape (h) takes the class of what follows it.

    Raises KeyError for a phone that is in no table: a hole in the phone map, which must not pass as silence.
    """
    spans: list[VisemeSpan] = []
    following = "sil"
    classes: list[str] = []
    for phone in reversed(phones):
        following = following if phone.phone in TRANSPARENT else SHAPES[phone.phone].viseme
        classes.append(following)
    for phone, viseme in zip(phones, reversed(classes), strict=True):
        if spans and spans[-1].viseme == viseme and abs(spans[-1].end - phone.start) < 1e-3:
            spans[-1] = VisemeSpan(viseme, spans[-1].start, phone.end)
        else:
            spans.append(VisemeSpan(viseme, phone.start, phone.end))
    return tuple(spans)
