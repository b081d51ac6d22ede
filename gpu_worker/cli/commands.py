"""The commands. Each takes its parsed arguments and the stream for progress, and returns what is printed as JSON."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.motion.style import Style
from gpu_worker.request import FacePlay, Line
from gpu_worker.schema import Certificate, Check, FaceRig, Finding, Timeline

Command = Callable[[argparse.Namespace, TextIO], Any]


def inspect(arguments: argparse.Namespace, _: TextIO) -> dict[str, Any]:
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import load_photo

    config = EngineConfig()
    photo = load_photo(_existing(arguments.photo), config)
    inspection = inspect_photo(photo, config)
    return {
        "width": inspection.width,
        "height": inspection.height,
        "format": photo.source_format,
        "sha256": photo.sha256,
        "faces": [_face(face) for face in inspection.faces],
        "findings": [_finding(finding) for finding in inspection.findings],
    }


def _face(face: FaceRig) -> dict[str, Any]:
    return {
        "index": face.index,
        "box": [round(float(value), 1) for value in face.box],
        "score": round(face.score, 3),
        "height": round(face.height, 1),
        "yaw": round(face.yaw, 1),
        "pitch": round(face.pitch, 1),
        "roll": round(face.roll, 1),
        "mouth_gap": round(face.mouth_gap, 4),
        "findings": [_finding(finding) for finding in face.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"code": finding.code, "message": finding.message, "hint": finding.hint}


def align(arguments: argparse.Namespace, stderr: TextIO) -> dict[str, Any] | None:
    from gpu_worker.cli.progress_bar import ProgressBar
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.progress import Progress
    from gpu_worker.speech.ladder import time_speech

    _check_subtitles(arguments.subtitles)
    if arguments.timeline is not None or arguments.span is not None:
        return _told(arguments, _realigned(arguments))
    bar = ProgressBar(stderr)
    try:
        waveform = load_waveform(_existing(arguments.sound), 16000, _long_sounds())
        timeline = time_speech(
            waveform,
            arguments.transcript,
            arguments.language,
            lambda fraction: bar(Progress("align", 100.0 * fraction, None)),
        )
    finally:
        bar.close()
    return _told(arguments, timeline)


def _long_sounds() -> EngineConfig:
    """Whoever aligns on their own machine may align an hour and more."""
    return replace(EngineConfig(), max_sound_seconds=4 * 3600.0, max_sound_bytes=4 << 30)


def _realigned(arguments: argparse.Namespace) -> Timeline:
    """The timeline of the arguments with one span aligned anew."""
    from gpu_worker import timeline_json
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.speech.realignment import realign
    from gpu_worker.timeline_edits import check_fit

    if arguments.timeline is None or arguments.span is None or arguments.transcript is not None:
        raise InputError(
            "bad_arguments", "--timeline and --span go together, without --transcript.", "The words are the timeline's."
        )
    try:
        start, end = (float(part) for part in arguments.span.split(":"))
    except ValueError:
        raise InputError("bad_arguments", "--span is START:END in seconds.", "For example 1.5:2.75.") from None
    timeline = timeline_json.read(_existing(arguments.timeline))
    waveform = load_waveform(_existing(arguments.sound), 16000, _long_sounds())
    return realign(waveform, check_fit(timeline, waveform), start, end)


def edit(arguments: argparse.Namespace, _: TextIO) -> dict[str, Any] | None:
    import json

    from gpu_worker import timeline_json
    from gpu_worker.timeline_edits import apply_edit

    _check_subtitles(arguments.subtitles)
    timeline = timeline_json.read(_existing(arguments.timeline))
    try:
        edits = json.loads(_existing(arguments.edits).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        edits = None
    if not isinstance(edits, list) or not all(isinstance(entry, dict) for entry in edits):
        raise InputError("bad_edit", "The file of edits must hold a JSON list of objects.", "See docs/command_line.md.")
    for entry in edits:
        timeline = apply_edit(timeline, entry)
    return _told(arguments, timeline)


def _told(arguments: argparse.Namespace, timeline: Timeline) -> dict[str, Any] | None:
    """Write subtitles and the timeline where they were asked for; else the timeline is what is printed."""
    from gpu_worker import timeline_json

    _write_subtitles(arguments, timeline)
    if arguments.output is None:
        return timeline_json.as_dict(timeline)
    _check_target(arguments.output)
    timeline_json.write(timeline, arguments.output)
    return None


def animate(arguments: argparse.Namespace, stderr: TextIO) -> dict[str, Any]:
    from gpu_worker.cli.progress_bar import ProgressBar
    from gpu_worker.media.video_export import check_export

    request = _request(arguments)
    targets = (arguments.output, arguments.certificate, arguments.timeline, arguments.poster)
    for target in targets:
        if target is not None:
            _check_target(target)
    check_export(arguments.output)
    _check_subtitles(arguments.subtitles)
    if arguments.subtitles is not None and not request.speeches:
        raise InputError("bad_arguments", "--subtitles needs speech.", "Give --audio or --text.")
    from gpu_worker.engines import shared_engines
    from gpu_worker.pipeline import animate as make
    from gpu_worker.provenance.renditions import write_rendition

    bar = ProgressBar(stderr)
    # Beside the result, so that moving it there is one step on the same disk.
    with tempfile.TemporaryDirectory(prefix=".picturetalk-", dir=arguments.output.absolute().parent) as folder:
        try:
            outcome = make(request, shared_engines(), Path(folder), bar, lambda: False)
        finally:
            bar.close()
        video = outcome.video
        if check_export(arguments.output) != ".mp4":
            video = Path(folder) / f"export{arguments.output.suffix.lower()}"
            write_rendition(outcome.video, video, arguments.sign_with)
        made = (video, outcome.certificate_json, outcome.timeline_json, outcome.poster)
        for source, target in zip(made, targets, strict=True):
            if source is not None and target is not None:
                shutil.move(source, target)
    if outcome.timeline is not None:
        _write_subtitles(arguments, outcome.timeline, request.lines)
    return {
        "video": str(arguments.output),
        "verdict": outcome.certificate.verdict,
        "amber": _named(outcome.certificate.checks, "amber"),
        "red": _named(outcome.certificate.checks, "red"),
        "width": outcome.width,
        "height": outcome.height,
        "fps": outcome.fps,
        "frames": outcome.frames,
        "attempts": outcome.attempts,
        "timing": outcome.timeline.source if outcome.timeline is not None else None,
        "seconds": dict(outcome.seconds),
        **_faces(outcome.certificate),
    }


def _faces(certificate: Certificate) -> dict[str, Any]:
    """The verdict on each face, where several move."""
    if not certificate.faces:
        return {}
    faces = [
        {
            "face": one.face,
            "role": one.role,
            "verdict": one.verdict,
            "amber": _named(one.checks, "amber"),
            "red": _named(one.checks, "red"),
        }
        for one in certificate.faces
    ]
    return {"faces": faces}


def _named(checks: Sequence[Check], verdict: str) -> list[str]:
    return [check.name for check in checks if check.verdict == verdict]


def _request(arguments: argparse.Namespace) -> Any:
    from gpu_worker import timeline_json
    from gpu_worker.request import AnimationRequest, SoundSpeech, TypedSpeech

    lines, listeners = _lines(arguments)
    if lines:
        return AnimationRequest(
            photo=_existing(arguments.photo),
            speech=None,
            job_id=_job_id(arguments),
            lines=lines,
            listeners=listeners,
            **_manner(arguments),
        )
    if arguments.audio is not None and arguments.text is not None:
        raise InputError("bad_arguments", "Give --audio or --text, not both.", "See --help.")
    if arguments.audio is None and arguments.text is None and arguments.gesture is None:
        raise InputError("bad_arguments", "Nothing is said or done.", "Give --audio, --text or --gesture.")
    speech: TypedSpeech | SoundSpeech | None = None
    edited = timeline_json.read(_existing(arguments.edited)) if arguments.edited is not None else None
    if arguments.audio is not None:
        speech = SoundSpeech(_existing(arguments.audio), arguments.transcript, arguments.language, timeline=edited)
    elif arguments.text is not None:
        speech = TypedSpeech(
            arguments.text, arguments.language, arguments.voice, arguments.speed, arguments.pitch, timeline=edited
        )
    elif edited is not None:
        raise InputError("bad_arguments", "--edited needs speech.", "Give --audio or --text.")
    return AnimationRequest(
        photo=_existing(arguments.photo),
        speech=speech,
        job_id=_job_id(arguments),
        face=arguments.face,
        **_manner(arguments),
    )


def _lines(arguments: argparse.Namespace) -> tuple[tuple[Line, ...], tuple[int, ...]]:
    """What several faces say, and who listens; nothing where one face speaks alone."""
    from gpu_worker.cli.dialogue import grouped, read_dialogue

    said = getattr(arguments, "said", None) or []
    spoken = [name for name, _ in said]
    listeners = tuple(arguments.listens or ())
    if arguments.dialogue is not None:
        if set(spoken) - {"language"}:
            raise InputError("bad_arguments", "--dialogue says everything by itself.", "Leave --face and --text out.")
        dialogue = read_dialogue(_existing(arguments.dialogue), arguments.language)
        return dialogue.lines, dialogue.listeners + listeners
    if spoken.count("face") > 1 or "start" in spoken or (listeners and "face" in spoken):
        return grouped(said), listeners
    if listeners:
        raise InputError("bad_arguments", "--listens needs somebody who speaks.", "Give --face N and what it says.")
    return (), ()


def _manner(arguments: argparse.Namespace) -> dict[str, Any]:
    """How it is done: what one face and several have in common."""
    from gpu_worker.motion.gesture_names import LONGEST

    for name in ("head", "expression", "blink_rate", "gaze"):
        if not 0.0 <= getattr(arguments, name) <= 2.0:
            raise InputError("bad_arguments", f"--{name.replace('_', '-')} must lie between 0 and 2.", "1 is usual.")
    if arguments.seed is not None and arguments.seed < 0:
        raise InputError("bad_arguments", "--seed must not be negative.", "0 is usual.")
    if arguments.length is not None and not 0.0 < arguments.length <= LONGEST:
        raise InputError("bad_arguments", f"--length must lie between 0 and {LONGEST:.0f} seconds.", "6 is usual.")
    style = Style(
        head=arguments.head, expression=arguments.expression, blink_rate=arguments.blink_rate, gaze=arguments.gaze
    )
    gestures, plays = _gestures(arguments.gesture or (), style)
    return {
        "gestures": gestures,
        "plays": plays,
        "length_s": arguments.length,
        "loop": arguments.loop,
        "fps": arguments.fps,
        "seed": arguments.seed,
        "engine": arguments.engine,
        "style": style,
        "signing_folder": arguments.sign_with,
        "framing": arguments.framing,
    }


def _gestures(given: Sequence[str], style: Style) -> tuple[tuple[str, ...], dict[int, FacePlay]]:
    """``smile,nod`` of every face that moves, and ``1=smile,wink`` of one by its index."""
    from gpu_worker.motion.gesture_names import check_gestures

    everybody: tuple[str, ...] = ()
    plays: dict[int, FacePlay] = {}
    for one in given:
        face, named, names = one.rpartition("=")
        if named and not face.strip().isdigit():
            raise InputError("bad_arguments", f"--gesture {one[:40]!r} names no face.", "Write 1=smile,nod.")
        if named:
            plays[int(face)] = FacePlay(check_gestures(names.split(",")), style)
        else:
            everybody += check_gestures(names.split(","))
    return everybody, plays


def _job_id(arguments: argparse.Namespace) -> str:
    """A name for the video that depends on nothing but what it is made from: the same command makes the same file."""
    digest = hashlib.sha256()
    for name, value in sorted(vars(arguments).items()):
        if name == "said":
            digest.update(b"".join(one.read_bytes() for key, one in value or () if key in ("audio", "edited")))
            digest.update(repr([pair for pair in value or () if pair[0] not in ("audio", "edited")]).encode())
        elif name in ("photo", "audio", "dialogue", "edited") and value is not None:
            digest.update(value.read_bytes())
        elif name not in ("output", "certificate", "timeline", "poster", "subtitles", "sign_with"):
            digest.update(f"{name}={value}\n".encode())
    return digest.hexdigest()[:32]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError("no_such_file", f"There is no file {path}.", "Check the name, and that it is a file.")
    return path


def _check_target(path: Path) -> None:
    """Find out before the work, not after it, that the result cannot be put there."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError("no_such_folder", f"There is no folder {folder}.", "Make it first.")
    if path.is_dir():
        raise InputError("not_a_file", f"{path} is a folder.", "Name a file.")


def _check_subtitles(path: Path | None) -> None:
    from gpu_worker.speech.subtitles import check_subtitles

    if path is not None:
        check_subtitles(path)
        _check_target(path)


def _write_subtitles(arguments: argparse.Namespace, timeline: Timeline, lines: Sequence[Line] = ()) -> None:
    """Subtitles where they were asked for, with the punctuation of the words as written."""
    from gpu_worker.speech.markup import parse_markup
    from gpu_worker.speech.passage import plain_text
    from gpu_worker.speech.subtitles import write_subtitles

    if arguments.subtitles is not None:
        typed = getattr(arguments, "text", None)
        written = getattr(arguments, "transcript", None) if typed is None else plain_text(parse_markup(typed))
        if lines:
            written = " ".join(_words(line) for line in lines)
        write_subtitles(timeline, arguments.subtitles, written)


def _words(line: Line) -> str:
    """What a line says, as it is written, without mark-up; empty where nobody wrote it down."""
    from gpu_worker.request import TypedSpeech
    from gpu_worker.speech.markup import parse_markup
    from gpu_worker.speech.passage import plain_text

    speech = line.speech
    return plain_text(parse_markup(speech.text)) if isinstance(speech, TypedSpeech) else speech.transcript or ""


def verify(arguments: argparse.Namespace, _: TextIO) -> dict[str, Any]:
    from gpu_worker.provenance.verify import verify_file

    anchors = None
    if arguments.anchors is not None:
        try:
            anchors = arguments.anchors.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("no_such_file", f"{arguments.anchors} cannot be read.", "Give a PEM file.") from error
    return verify_file(arguments.file, anchors).as_dict()


def capabilities(arguments: argparse.Namespace, _: TextIO) -> Any:
    from dataclasses import asdict

    from gpu_worker.capabilities import capabilities as known

    if arguments.measure is None:
        return [asdict(entry) for entry in known()]
    from gpu_worker.speed import measure

    speeds = {speed.engine: {"value": speed.value, "unit": speed.unit} for speed in measure(arguments.measure or None)}
    return [{**asdict(entry), "speed": speeds.get(entry.name)} for entry in known()]


def voices(arguments: argparse.Namespace, _: TextIO) -> Any:
    """Check installed neural voices: each is loaded and says a word."""
    from gpu_worker.speech.voice_check import check_voice
    from gpu_worker.speech.voices import list_voices

    wanted = set(arguments.name)
    installed = [voice for voice in list_voices() if not wanted or voice.id in wanted]
    unknown = sorted(wanted - {voice.id for voice in installed})
    if unknown:
        raise InputError("unknown_voice", f"There is no installed voice called {', '.join(unknown)}.")
    checks = [check_voice(voice) for voice in installed]
    return [
        {"name": check.voice.id, "state": check.state, "reason": check.reason, "licence": check.voice.licence,
         "commercial_use": check.voice.commercial_use, "sha256": check.voice.sha256}
        for check in checks
    ]  # fmt: skip


def bench(arguments: argparse.Namespace, stderr: TextIO) -> Any:
    from gpu_worker import benchmark

    chosen = benchmark.cases(arguments.sizes, arguments.cores, arguments.picture, arguments.engine)
    rows = benchmark.measure(chosen, stderr)
    return [row.as_dict() for row in rows] if arguments.json else benchmark.table(rows)


COMMANDS: dict[str, Command] = {
    "inspect": inspect,
    "align": align,
    "edit": edit,
    "animate": animate,
    "verify": verify,
    "capabilities": capabilities,
    "voices": voices,
    "bench": bench,
}
