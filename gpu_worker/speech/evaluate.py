"""Scores the timing of speech on a folder of labelled sound: ``python -m gpu_worker.speech.evaluate FOLDER``.

Each sound with a label file of the same name (``.phn``, ``.TextGrid``, ``.ctm``) is timed and compared. Its words are
looked for in ``.txt`` (TIMIT's two leading numbers are left out), ``.lab`` or ``.wrd`` beside it. One JSON object is
written to standard output. ``--condition`` spoils the sound first: noise, music, a telephone, a room.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from gpu_worker.cores import cpu_seconds
from gpu_worker.errors import InputError
from gpu_worker.media.sound import load_waveform
from gpu_worker.speech.conditions import CONDITIONS, under
from gpu_worker.speech.evaluation import Tally
from gpu_worker.speech.labels import read_labels
from gpu_worker.speech.ladder import time_speech

_SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".sph")
_LABELS = (".phn", ".PHN", ".TextGrid", ".textgrid", ".ctm")


def evaluate_folder(
    folder: Path, language: str = "en", with_words: bool = True, condition: str = "clean"
) -> dict[str, object]:
    """Time every labelled sound under ``folder`` and score it; ``rtf`` is CPU seconds per second of sound.

    ``condition`` is one of :data:`gpu_worker.speech.conditions.CONDITIONS`. Raises :class:`InputError`
    ``no_labelled_sound`` where there is nothing to score.
    """
    tally = Tally()
    sources: dict[str, int] = {}
    seconds = cpu = 0.0
    for sound in sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SOUNDS):
        labels = next((path for path in map(sound.with_suffix, _LABELS) if path.is_file()), None)
        if labels is None:
            continue
        waveform = under(condition, load_waveform(sound))
        transcript = find_words(sound) if with_words else None
        began = cpu_seconds()
        timeline = time_speech(waveform, transcript, language)
        cpu += cpu_seconds() - began
        seconds += waveform.duration
        sources[timeline.source] = sources.get(timeline.source, 0) + 1
        tally.add(read_labels(labels), timeline.phones, waveform)
    if not seconds:
        raise InputError("no_labelled_sound", f"No sound with phone labels beside it in {folder}.", "See --help.")
    return {**tally.summary(), "rtf": cpu / seconds, "seconds": seconds, "sources": sources}


def find_words(sound: Path) -> str | None:
    """The transcript beside a sound, or None."""
    for suffix in (".txt", ".TXT", ".lab"):
        path = sound.with_suffix(suffix)
        if path.is_file():
            text = path.read_text(encoding="utf-8-sig", errors="replace").strip()
            return re.sub(r"^\d+ \d+ ", "", text)
    for suffix in (".wrd", ".WRD"):
        path = sound.with_suffix(suffix)
        if path.is_file():
            return " ".join(line.split()[2] for line in path.read_text().splitlines() if len(line.split()) == 3)
    return None


def main(arguments: list[str] | None = None) -> int:
    """The command line. 0 done, 2 the input is at fault."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.speech.evaluate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--without-words", action="store_true", help="do not use the transcripts")
    parser.add_argument("--condition", choices=list(CONDITIONS), default="clean", help="what the sound goes through")
    options = parser.parse_args(arguments)
    try:
        scores = evaluate_folder(options.folder, options.language, not options.without_words, options.condition)
    except InputError as problem:
        sys.stderr.write(json.dumps(problem.as_dict()) + "\n")
        return 2
    sys.stdout.write(json.dumps(scores, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
