"""The command line as other programs see it: exit codes, JSON, files. Every command runs in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gpu_worker.benchmark import sample
from gpu_worker.cli.progress_bar import ProgressBar
from gpu_worker.progress import Progress

ROOT = Path(__file__).resolve().parents[3]
PHOTO = sample()


def _run(*arguments: str | Path, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gpu_worker", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=timeout, check=False)


def _fault(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The one line of JSON on stderr of a command that refuses its input."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    told: dict[str, str] = json.loads(done.stderr)
    assert set(told) == {"error", "message", "hint"}
    return told


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    done = _run(
        "animate", PHOTO, "--text", "Maybe not", "-o", folder / "out.mp4", "--certificate", folder / "c.json",
        "--timeline", folder / "t.json", "--poster", folder / "p.jpg", "--subtitles", folder / "s.vtt", "--seed", "3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing is said on stderr unless it is a terminal"
    (folder / "summary.json").write_text(done.stdout)
    return folder


def test_animate_writes_what_was_asked_for_and_nothing_else(made: Path) -> None:
    names = ["c.json", "out.mp4", "p.jpg", "s.vtt", "summary.json", "t.json"]
    assert sorted(path.name for path in made.iterdir()) == names
    assert (made / "s.vtt").read_text().startswith("WEBVTT\n")
    assert "Maybe not" in (made / "s.vtt").read_text()
    summary = json.loads((made / "summary.json").read_text())
    assert summary["verdict"] == json.loads((made / "c.json").read_text())["verdict"]
    assert summary["frames"] > 20
    timeline = json.loads((made / "t.json").read_text())
    assert list(timeline)[:5] == ["language", "source", "words", "phones", "visemes"]
    assert {"phone", "start", "end"} <= set(timeline["phones"][0])


def test_the_same_command_makes_the_same_file(made: Path, tmp_path: Path) -> None:
    done = _run("animate", PHOTO, "--text", "Maybe not", "-o", tmp_path / "again.mp4", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.mp4").read_bytes() == (made / "out.mp4").read_bytes()


def test_verify_reads_what_animate_wrote(made: Path) -> None:
    done = _run("verify", made / "out.mp4")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kind"] == "mp4"
    assert told["tags"]["ai_animated"] is True


def test_inspect() -> None:
    told = json.loads(_run("inspect", PHOTO).stdout)
    assert (told["width"], told["height"], len(told["faces"])) == (512, 512, 1)
    assert told["faces"][0]["index"] == 0
    assert abs(told["faces"][0]["yaw"]) < 10


def test_align_to_a_file_and_to_stdout(tmp_path: Path) -> None:
    from gpu_worker.media.sound import write_wav
    from gpu_worker.speech.synthesis import synthesise

    sound = write_wav(synthesise("my small boat")[0], tmp_path / "s.wav")
    options = ("--transcript", "my small boat", "--subtitles", tmp_path / "s.srt", "-o", tmp_path / "t.json")
    done = _run("align", sound, *options)
    assert (done.returncode, done.stdout) == (0, "")
    told = json.loads((tmp_path / "t.json").read_text())
    assert told["source"] == "forced"
    assert [word["word"] for word in told["words"]] == ["my", "small", "boat"]
    assert json.loads(_run("align", sound, "--transcript", "my small boat").stdout) == told
    assert (tmp_path / "s.srt").read_text().splitlines()[2] == "my small boat"


def test_a_timeline_is_edited_aligned_anew_in_part_and_animated(tmp_path: Path) -> None:
    from gpu_worker.media.sound import write_wav
    from gpu_worker.speech.synthesis import synthesise

    sound = write_wav(synthesise("my small boat")[0], tmp_path / "s.wav")
    first, second, third = (tmp_path / name for name in ("1.json", "2.json", "3.json"))
    assert _run("align", sound, "--transcript", "my small coat", "-o", first).returncode == 0
    word = json.loads(first.read_text())["words"][2]
    edits = tmp_path / "edits.json"
    edits.write_text(
        json.dumps(
            [
                {"edit": "spell", "index": 2, "word": "boat"},
                {"edit": "force_mouth", "state": "closed", "start": word["end"] - 0.1, "end": word["end"]},
            ]
        )
    )
    assert _run("edit", first, edits, "-o", second, "--subtitles", tmp_path / "s.vtt").returncode == 0
    assert "my small boat" in (tmp_path / "s.vtt").read_text()
    done = _run("align", sound, "--timeline", second, "--span", f"{word['start']}:{word['end']}", "-o", third)
    assert done.returncode == 0, done.stderr
    told = json.loads(third.read_text())
    assert told["words"][:2] == json.loads(first.read_text())["words"][:2]
    assert "B" in [phone["phone"] for phone in told["phones"]]
    assert told["corrected"] is True
    command = ("animate", PHOTO, "--audio", sound, "--edited", third, "-o", tmp_path / "v.mp4")
    done = _run(*command, "--timeline", tmp_path / "made.json", "--certificate", tmp_path / "c.json")
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "made.json").read_text())
    assert len(made["mouth"]) == 1
    assert made["corrected"] is True
    assert json.loads((tmp_path / "c.json").read_text())["engines"]["speech"] == "forced, corrected by hand"


def test_timelines_and_edits_that_are_none_are_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("{}")
    assert _fault(_run("edit", nothing, nothing))["error"] == "bad_timeline"
    assert _fault(_run("animate", PHOTO, "-o", "o.mp4", "--text", "a", "--edited", nothing))["error"] == "bad_timeline"
    assert _fault(_run("align", nothing, "--timeline", nothing))["error"] == "bad_arguments"
    assert _fault(_run("align", nothing, "--timeline", nothing, "--span", "x"))["error"] == "bad_arguments"


def test_capabilities_name_the_embedded_engines() -> None:
    done = _run("capabilities")
    assert done.returncode == 0
    entries = json.loads(done.stdout)
    assert all(entry["available"] or entry["reason"] for entry in entries)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("inspect", "nowhere.png"), "no_such_file"),
        (("inspect", "pyproject.toml"), "not_a_photo"),
        (("align", "nowhere.wav"), "no_such_file"),
        (("align", "pyproject.toml"), "unreadable_sound"),
        (("animate", PHOTO), "bad_arguments"),
        (("animate", PHOTO, "-o", "o.mp4"), "bad_arguments"),
        (("animate", PHOTO, "-o", "o.mp4", "--text", "a", "--audio", "b.wav"), "bad_arguments"),
        (("animate", PHOTO, "-o", "o.mp4", "--text", "a", "--head", "9"), "bad_arguments"),
        (("animate", PHOTO, "-o", "o.mp4", "--text", "a", "--seed", "-1"), "bad_arguments"),
        (("animate", "nowhere.png", "-o", "o.mp4", "--text", "a"), "no_such_file"),
        (("animate", PHOTO, "-o", "/nowhere/o.mp4", "--text", "a"), "no_such_folder"),
        (("animate", PHOTO, "-o", "docs", "--text", "a"), "not_a_file"),
        (("animate", PHOTO, "-o", "o.mp4", "--gesture", "somersault"), "unknown_gesture"),
        (("animate", PHOTO, "-o", "o.mp4", "--text", "a", "--subtitles", "s.txt"), "unknown_subtitles"),
        (("animate", PHOTO, "-o", "o.mp4", "--gesture", "nod", "--subtitles", "s.srt"), "bad_arguments"),
        (("verify", "pyproject.toml"), "not_a_media_file"),
        (("dance",), "bad_arguments"),
    ],
)
def test_faults_of_the_input_end_with_2_and_one_line_of_json(arguments: tuple[str | Path, ...], code: str) -> None:
    told = _fault(_run(*arguments))
    assert told["error"] == code
    assert told["message"]
    assert told["hint"]
    assert not (ROOT / "o.mp4").exists()


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom gpu_worker.__main__ import main\n"
        "try:\n    main(['animate', '--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'cv2', 'mediapipe', 'torch', 'scipy', 'numba', 'av', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "--transcript" in done.stdout


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_for_people_only() -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        bar = ProgressBar(stream)
        bar(Progress("render", 50.0, 4.2))
        bar(Progress("sign", 100.0, 0.0))
        bar.close()
    assert pipe.getvalue() == ""
    assert "render" in terminal.getvalue()
    assert " 50 %" in terminal.getvalue()
    assert "4 s left" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")
