"""The TIMELINE form: words, phones and visemes of a :class:`schema.Timeline` as JSON, in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpu_worker.schema import Timeline


def as_dict(timeline: Timeline) -> dict[str, Any]:
    """``{"language", "source", "words", "phones", "visemes"}`` first, then what this engine adds to them."""
    return {
        "language": timeline.language,
        "source": timeline.source,
        "words": [{"word": w.word, "start": _time(w.start), "end": _time(w.end)} for w in timeline.words],
        "phones": [
            {"phone": p.phone, "start": _time(p.start), "end": _time(p.end), "stress": p.stress}
            for p in timeline.phones
        ],
        "visemes": [{"viseme": v.viseme, "start": _time(v.start), "end": _time(v.end)} for v in timeline.visemes],
        "duration": _time(timeline.duration),
        "score": timeline.score,
        "reasons": list(timeline.reasons),
    }


def write(timeline: Timeline, path: Path) -> None:
    """Write the JSON form to ``path``."""
    path.write_text(json.dumps(as_dict(timeline), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _time(seconds: float) -> float:
    return round(float(seconds), 4)
