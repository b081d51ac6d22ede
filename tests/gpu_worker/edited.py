"""A small timeline to correct, and the cases that Python and JavaScript must decide alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpu_worker.schema import Phone, Timeline, Word
from gpu_worker.visemes.spans import viseme_spans

_PHONES = (
    ("SIL", 0.0, 0.2), ("B", 0.2, 0.3), ("AA", 0.3, 0.42), ("B", 0.42, 0.5), ("M", 0.5, 0.6), ("EY", 0.6, 0.8),
    ("SIL", 0.8, 1.1), ("R", 1.1, 1.2), ("OW", 1.2, 1.4), ("M", 1.4, 1.5), ("SIL", 1.5, 1.8),
)  # fmt: skip
CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("edit_cases.json").read_text(encoding="utf-8"))


def small_timeline() -> Timeline:
    """ "Bob may, Rome": two words that touch, a pause, a word."""
    phones = tuple(Phone(name, start, end, 1 if name in ("AA", "EY", "OW") else 0) for name, start, end in _PHONES)
    words = (Word("Bob", 0.2, 0.5), Word("may", 0.5, 0.8), Word("Rome", 1.1, 1.5))
    return Timeline("en", "forced", 1.8, words, phones, viseme_spans(phones), ("The words are known.",), 0.8)
