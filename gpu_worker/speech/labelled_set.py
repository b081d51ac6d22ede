"""Makes labelled sound of synthetic voices, for ``evaluate``: ``python -m gpu_worker.speech.labelled_set FOLDER``.

Each line of a text file is spoken by each voice; beside the sound lie its words and the phones that the voice itself
says it made (``.ctm``). espeak-ng and flite build speech in different ways, so what suits one and not the other shows.
Such labels are exact and no human's: they are no replacement for recordings labelled by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from gpu_worker.errors import InputError
from gpu_worker.media.sound import resample, write_wav
from gpu_worker.speech.spectrum import RATE
from gpu_worker.speech.synthesis import synthesise


def make_labelled_set(folder: Path, lines: Sequence[str], voices: Sequence[str] = (), language: str = "en") -> int:
    """Write ``VOICE_NUMBER.wav``, ``.txt`` and ``.ctm`` of every line by every voice; returns how many sounds.

    Without ``voices`` the language's own voice of espeak-ng speaks. Raises what :func:`synthesise` raises, and
    :class:`InputError` ``bad_voice`` for one whose phones are not its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for voice in voices or (None,):
        for number, line in enumerate(lines):
            waveform, timeline = synthesise(line, language, voice)
            if timeline.source != "events":
                raise InputError("bad_voice", f"The voice {voice} does not say when its phones are.")
            path = folder / f"{voice or language}_{number:03d}.wav"
            write_wav(resample(waveform, RATE), path)
            path.with_suffix(".txt").write_text(line, encoding="utf-8")
            rows = [
                f"{number} 1 {phone.start:.4f} {phone.end - phone.start:.4f} {phone.phone}" for phone in timeline.phones
            ]
            path.with_suffix(".ctm").write_text("\n".join(rows) + "\n", encoding="utf-8")
            count += 1
    return count


def main(arguments: list[str] | None = None) -> int:
    """The command line. 0 done, 2 the input is at fault."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.speech.labelled_set", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("text", type=Path, help="a file with one sentence on each line")
    parser.add_argument("--voice", action="append", default=[], help="may be given several times")
    parser.add_argument("--language", default="en")
    options = parser.parse_args(arguments)
    try:
        lines = [line.strip() for line in options.text.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        parser.error(f"{options.text} cannot be read: {problem}")
    try:
        count = make_labelled_set(options.folder, lines, options.voice, options.language)
    except InputError as problem:
        sys.stderr.write(json.dumps(problem.as_dict()) + "\n")
        return 2
    sys.stdout.write(json.dumps({"sounds": count}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
