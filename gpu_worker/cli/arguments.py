"""What can be typed after ``python -m gpu_worker``. docs/command_line.md is the manual."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from gpu_worker.errors import InputError
from gpu_worker.media.framing import FRAMINGS


class Parser(argparse.ArgumentParser):
    """Raises :class:`InputError` instead of ending the process, so that every fault of the input looks the same."""

    def error(self, message: str) -> NoReturn:
        raise InputError("bad_arguments", f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


class Said(argparse.Action):
    """Keeps the value as usual, and the order in which such options came: a repeated ``--face`` begins a new line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        namespace.said = [*(getattr(namespace, "said", None) or []), (self.dest, values)]


def parser() -> Parser:
    """The whole command line."""
    root = Parser(prog="python -m gpu_worker", description="Make a still portrait talk, on this machine alone.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _inspect(commands.add_parser("inspect", help="faces in a photo, and what is wrong with it (JSON)"))
    _align(commands.add_parser("align", help="who says which sound when: words, phones, visemes (JSON)"))
    _edit(commands.add_parser("edit", help="correct words, boundaries and mouth of a timeline (JSON)"))
    _animate(commands.add_parser("animate", help="a talking video from a photo and speech, text or gestures"))
    able = commands.add_parser("capabilities", help="what this machine can run, and why not the rest (JSON)")
    able.add_argument(
        "--measure", nargs="*", metavar="ENGINE", help="measure how fast these engines are, or all; half a second each"
    )
    voices = commands.add_parser("voices", help="check installed neural voices: files, checksums, a word (JSON)")
    voices.add_argument("name", nargs="*", metavar="NAME", help="only these")
    verify = commands.add_parser("verify", help="what a file says of its origin (JSON)")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--anchors", type=Path, help="PEM file with the roots whose signatures are trusted")
    _bench(commands.add_parser("bench", help="time and memory of a whole video, measured on this machine"))
    return root


def _inspect(command: argparse.ArgumentParser) -> None:
    command.add_argument("photo", type=Path, metavar="PHOTO")


def _align(command: argparse.ArgumentParser) -> None:
    command.add_argument("sound", type=Path, metavar="SOUND")
    command.add_argument("--transcript", help="the words that are spoken; recognised where they are not given")
    command.add_argument("--language", default="en", help="language of the speech (default: en)")
    command.add_argument("-o", "--output", type=Path, metavar="TIMELINE.json", help="default: standard output")
    command.add_argument("--subtitles", type=Path, metavar="OUT.srt|.vtt", help="also write the words as subtitles")
    anew = command.add_argument_group("only a part of a timeline anew")
    anew.add_argument("--timeline", type=Path, metavar="T.json", help="the timeline whose part is aligned anew")
    anew.add_argument("--span", metavar="START:END", help="the part, seconds; its words are those of the timeline")


def _edit(command: argparse.ArgumentParser) -> None:
    command.add_argument("timeline", type=Path, metavar="TIMELINE.json")
    command.add_argument("edits", type=Path, metavar="EDITS.json", help="a list of edits, carried out in order")
    command.add_argument("-o", "--output", type=Path, metavar="OUT.json", help="default: standard output")
    command.add_argument("--subtitles", type=Path, metavar="OUT.srt|.vtt", help="also write the words as subtitles")


def _animate(command: argparse.ArgumentParser) -> None:
    command.add_argument("photo", type=Path, metavar="PHOTO")
    source = command.add_argument_group("what is said or done (--audio or --text, --gesture, or both)")
    for name, options in {
        "--audio": {"type": Path, "metavar": "SOUND", "help": "recorded speech, any format"},
        "--transcript": {"help": "the words of --audio; recognised where they are not given"},
        "--edited": {"type": Path, "metavar": "T.json", "help": "timeline of the speech, corrected by hand"},
        "--text": {"help": "text to be spoken by a synthetic voice"},
        "--voice": {"help": "voice of --text"},
        "--speed": {"type": float, "default": 1.0, "help": "speed of --text, 0.5 to 2 (default: 1)"},
        "--pitch": {"type": float, "default": 1.0, "help": "pitch of --text, 0.5 to 2 (default: 1)"},
        "--language": {"default": "en", "help": "language of the speech (default: en)"},
    }.items():
        source.add_argument(name, action=Said, **options)  # type: ignore[arg-type]
    source.add_argument(
        "--gesture",
        action="append",
        metavar="[N=]NAMES",
        help="for example smile,nod,wink, or of face 1 alone 1=smile,wink (repeatable); laid over the speech, if any",
    )
    source.add_argument("--length", type=float, metavar="S", help="gestures without speech: at least so many seconds")
    source.add_argument("--loop", action="store_true", help="gestures without speech: the end runs on into the start")
    several = command.add_argument_group("several faces (repeat --face N before what each says, or give a script)")
    several.add_argument("--dialogue", type=Path, metavar="FILE", help="who says what: 'Anna: Hello' or JSON")
    several.add_argument("--start", type=float, action=Said, metavar="S", help="second at which this --face begins")
    several.add_argument("--listens", type=int, action="append", metavar="N", help="this face listens; repeatable")
    out = command.add_argument_group("what comes out")
    out.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.mp4",
        help="or .webm; .gif and .webp are loops without sound",
    )
    out.add_argument(
        "--framing", choices=FRAMINGS, default="whole", help="the whole photo, or a cut around those who move"
    )
    out.add_argument("--certificate", type=Path, metavar="C.json", help="write the quality certificate here")
    out.add_argument("--timeline", type=Path, metavar="T.json", help="write words, phones and visemes here")
    out.add_argument("--subtitles", type=Path, metavar="S.srt|.vtt", help="write the words as subtitles")
    out.add_argument("--poster", type=Path, metavar="P.jpg", help="write a still frame here")
    how = command.add_argument_group("how")
    how.add_argument(
        "--face", type=int, action=Said, metavar="N", help="which face speaks, counted from 0, left to right"
    )
    how.add_argument("--fps", type=float, default=None, help="frames per second (default: 25)")
    how.add_argument("--seed", type=int, default=None, help="same seed, same video (default: 0)")
    how.add_argument("--engine", choices=("auto", "warp", "torch", "neural"), default="auto")
    how.add_argument("--head", type=float, default=1.0, help="strength of head movement, 0 to 2 (default: 1)")
    how.add_argument("--expression", type=float, default=1.0, help="strength of brows and smiles, 0 to 2 (default: 1)")
    how.add_argument("--blink-rate", type=float, default=1.0, help="blinks relative to the usual, 0 to 2 (default: 1)")
    how.add_argument("--gaze", type=float, default=1.0, help="play of the eyes, 0 to 2 (default: 1)")
    how.add_argument("--sign-with", type=Path, metavar="FOLDER", help="sign with chain.pem and key.pem of this folder")


def _bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.add_argument("--sizes", help="for example 512x512,1080x1080 (default: those and 1080x1920, 4096x3072)")
    command.add_argument("--cores", help="for example 1,2 (default: both)")
    command.add_argument("--picture", choices=("astronaut", "hopper"), default="astronaut")
    command.add_argument("--engine", choices=("auto", "warp", "torch"), default="auto")
