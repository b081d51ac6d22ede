"""How fast the engines are on this machine: each does a little real work for about half a second.

Measured for a worker at its start (once for each version) or when an administrator asks, never while a page is made.
What is measured stands in for a job's work, it is not a job: ``python -m gpu_worker bench`` times whole videos.
"""

from __future__ import annotations

import functools
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.capabilities import MEASURED_LANGUAGE, Capability, capabilities, models_in_use
from gpu_worker.errors import EngineError, InputError
from gpu_worker.model_store import total_size

log = logging.getLogger(__name__)

#: Length of one measurement, seconds; and most rounds of it.
_LEAST_S, _MOST_ROUNDS = 0.5, 400
#: Side of the picture that is drawn and encoded, pixels.
_SIDE = 512
#: Frames of a batch.
_FRAMES = 16
_TEXT = "The morning was bright and calm, so we walked along the river and spoke of old times."


@dataclass(frozen=True)
class Speed:
    """``value`` in ``unit``, the larger the faster, of an engine's ``version`` on ``device``.

    Where the engine works with models that were installed, the unit names them: another model has another speed.
    """

    engine: str
    version: str
    device: str
    value: float
    unit: str


def measure(engines: Iterable[str] | None = None) -> list[Speed]:
    """Measure ``engines`` (default: all that can be measured) as far as they can run here, one after another.

    One that fails is left out, with a line in the log.
    """
    here = {entry.name: entry for entry in capabilities() if entry.available}
    speeds = []
    for name in MEASURABLE if engines is None else engines:
        entry = here.get(name)
        if entry is None or name not in _WAYS or entry.unmeasured:
            continue
        try:
            speeds.append(_measured(entry))
        except (EngineError, InputError, RuntimeError, OSError, ValueError) as error:
            log.warning("%s could not be measured: %s", name, error)
    return speeds


def measure_apart(engines: Iterable[str] | None = None, patience_s: float = 300.0) -> list[Speed]:
    """:func:`measure` in a process of its own, so that a worker does not keep loaded what only measuring needs.

    None at all, with a line in the log, when that process fails or takes longer than ``patience_s``.
    """
    command = [sys.executable, "-m", "gpu_worker", "capabilities", "--measure", *(engines or ())]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience_s, check=True, cwd=Path(__file__).parents[1]
        )
        rows = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("The engines could not be measured: %s", error)
        return []
    return [
        Speed(row["name"], row["version"], row["device"], row["speed"]["value"], row["speed"]["unit"])
        for row in rows
        if row["speed"] is not None
    ]


def _measured(entry: Capability) -> Speed:
    unit, prepare = _WAYS[entry.name]
    work, amount = prepare()
    work()  # what is compiled or loaded at first does not count
    rounds, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < _LEAST_S and rounds < _MOST_ROUNDS:
        work()
        rounds += 1
    unit += _with_models(entry.name)
    return Speed(entry.name, entry.version, entry.device, round(rounds * amount / spent, 2), unit)


def _with_models(name: str) -> str:
    """Which models an engine worked with and their sizes, as in “ with whisper (1.53 GB), align-en (0.38 GB)”."""
    found = [f"{one.model.name} ({total_size(one) / 1e9:.2f} GB)" for one in models_in_use(name)]
    return f" with {', '.join(found)}" if found else ""


#: One round of work, and how much of the unit it does.
_Round = tuple[Callable[[], object], float]


def _mesh() -> _Round:
    import numpy as np

    from gpu_worker.landmarks.mediapipe_models import MESH_SIDE, MeshModel

    model, crop = MeshModel(), np.full((MESH_SIDE, MESH_SIDE, 3), 128, np.uint8)
    return lambda: model(crop), 1.0


def _fan(flavour: str) -> _Round:
    import numpy as np

    from gpu_worker.landmarks.crop import Region
    from gpu_worker.landmarks.fan import FanEngine

    engine = FanEngine("3d" if flavour == "3d" else "2d")
    pixels = np.full((_SIDE, _SIDE, 3), 128, np.uint8)
    return lambda: engine.points(pixels, Region(_SIDE / 2, _SIDE / 2, _SIDE * 0.7)), 1.0


def _spoken() -> _Round:
    from gpu_worker.speech.synthesis import synthesise

    sound, _ = synthesise(_TEXT)
    return lambda: synthesise(_TEXT), sound.duration


def _aligned() -> _Round:
    from gpu_worker.speech.ladder import time_speech
    from gpu_worker.speech.synthesis import synthesise

    sound, _ = synthesise(_TEXT)
    return lambda: time_speech(sound, _TEXT, MEASURED_LANGUAGE, engine="embedded"), sound.duration


def _by_whisperx() -> _Round:
    """Recognised and aligned, as far as the models for it are here."""
    from gpu_worker import weights
    from gpu_worker.languages import find_language
    from gpu_worker.media.sound import resample
    from gpu_worker.speech.pronunciation import pronounce
    from gpu_worker.speech.spectrum import RATE
    from gpu_worker.speech.synthesis import synthesise
    from gpu_worker.speech.whisperx_alignment import align_by_whisperx
    from gpu_worker.speech.whisperx_pieces import one_piece
    from gpu_worker.speech.whisperx_recognition import recognise_by_whisperx

    language, here = find_language(MEASURED_LANGUAGE), {one.model.name for one in models_in_use("whisperx")}
    sound = resample(synthesise(_TEXT, language.code)[0], RATE)
    words = pronounce(_TEXT, language).labels

    def hear() -> None:
        if weights.WHISPER.name in here:
            recognise_by_whisperx(sound.samples, language)
        if weights.align_model(language.code).name in here:
            align_by_whisperx(sound.samples, words, one_piece(len(words), sound.duration), language)

    return hear, sound.duration


def _drawn(name: str) -> _Round:
    import numpy as np

    from gpu_worker.config import EngineConfig
    from gpu_worker.engines import shared_engines
    from gpu_worker.rendering.synthetic import synthetic_face
    from gpu_worker.schema import CONTROL, CONTROLS, MotionTrack

    photo, face = synthetic_face(_SIDE)
    renderer = shared_engines().renderer(name).prepare(photo, face, EngineConfig())
    values = np.zeros((_FRAMES, len(CONTROLS)), np.float32)
    for control, most in {"jaw": 0.6, "blink_left": 0.5, "blink_right": 0.5, "yaw": 4.0}.items():
        values[:, CONTROL[control]] = most * np.sin(np.linspace(0.3, 3.0, _FRAMES))
    motion = MotionTrack(25.0, values)
    return lambda: [None for _ in renderer.frames(motion)], float(_FRAMES)


def _encoded() -> _Round:
    import numpy as np

    from gpu_worker.config import EngineConfig
    from gpu_worker.media.video import VideoWriter

    grain = np.random.default_rng(0).integers(100, 140, (_SIDE, 2 * _SIDE, 3), dtype=np.uint8)
    frames = [np.ascontiguousarray(grain[:, shift : shift + _SIDE]) for shift in range(2 * _FRAMES)]

    def write() -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            VideoWriter(Path(folder) / "speed.mp4", _SIDE, _SIDE, 25.0, EngineConfig()) as writer,
        ):
            for frame in frames:
                writer.write(frame)

    return write, float(len(frames))


_FACES, _TIMES = "faces a second", "times real time"
_DRAWN = f"frames a second at {_SIDE} × {_SIDE}"
_WAYS: dict[str, tuple[str, Callable[[], _Round]]] = {
    "mediapipe-mesh": (_FACES, _mesh),
    "face-alignment-2d": (_FACES, functools.partial(_fan, "2d")),
    "face-alignment-3d": (_FACES, functools.partial(_fan, "3d")),
    "espeak-ng": (_TIMES, _spoken),
    "pocketsphinx": (_TIMES, _aligned),
    "whisperx": (_TIMES, _by_whisperx),
    "warp": (_DRAWN, functools.partial(_drawn, "warp")),
    "torch": (_DRAWN, functools.partial(_drawn, "torch")),
    "ffmpeg": (_DRAWN, _encoded),
}
#: Engines that can be measured, in the order of a job's stages.
MEASURABLE: tuple[str, ...] = tuple(_WAYS)
