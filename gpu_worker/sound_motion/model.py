"""The shipped model, loaded once: rows of features to what the mouth, the eyes and the head do.

Not in charge of features (:mod:`.features`), of sound that comes in piece by piece (:mod:`.stream`), or of phones
(:mod:`.phones`). A file that is not the one that was measured is not run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray
from gpu_worker.sound_motion.layout import CONDITIONS, NOISE

Variant = Literal["causal", "full"]
#: The models that come with the product: ``sound-motion-causal.onnx`` and its description, and the same for ``full``.
SHIPPED = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class Motion:
    """Per row: probabilities of ``visemes`` (rows, 15) and ``phones`` (rows, phones), ``mouth`` (rows, controls) in
    [0, 1] and ``expression`` (rows, controls) in units of :data:`.layout.EXPRESSION_UNITS`."""

    visemes: FloatArray
    phones: FloatArray
    mouth: FloatArray
    expression: FloatArray

    def __len__(self) -> int:
        return len(self.mouth)

    def part(self, first: int, last: int | None = None) -> Motion:
        return Motion(
            self.visemes[first:last], self.phones[first:last], self.mouth[first:last], self.expression[first:last]
        )


class SoundModel:
    """One exported model. Thread-safe: what is remembered between pieces of sound is handed in and out."""

    def __init__(self, path: Path) -> None:
        """Load ``path`` (.onnx) after checking it against the ``.json`` beside it. Raises :class:`EngineError`."""
        import onnxruntime

        self.path, self.described = path, _description(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as problem:
            # onnxruntime's own errors share no ancestor that can be named.
            if not type(problem).__module__.startswith("onnxruntime"):
                raise
            raise EngineError(f"the sound-to-motion model cannot be loaded: {problem}", permanent=True) from problem
        self.variant: Variant = self.described["variant"]
        self._memory: tuple[int, int] = tuple(self.described["memory"] or (0, 0))

    @property
    def title(self) -> str:
        """Name, version and variant, as certificates and timelines name it: ``sound-motion 1 (full)``."""
        return f"{self.described.get('name', 'sound-motion')} {self.described.get('version', '?')} ({self.variant})"

    @property
    def causal(self) -> bool:
        """Whether it can be given sound piece by piece."""
        return self.variant == "causal"

    def empty_memory(self) -> FloatArray:
        """What the causal model remembers before any sound."""
        return np.zeros((1, *self._memory), np.float32)

    def answer(
        self,
        features: FloatArray,
        noise: FloatArray,
        memory: FloatArray | None = None,
        conditions: FloatArray | None = None,
    ) -> tuple[Motion, FloatArray]:
        """What it says of rows ``(n, FEATURES)``, and its memory after them; ``noise`` is ``(n, NOISE)``. The causal
        model's answers are late by ``LOOK_AHEAD_ROWS``."""
        rows = len(features)
        told = np.zeros((rows, CONDITIONS), np.float32) if conditions is None else conditions
        given = {"features": features, "conditions": told, "noise": noise}
        feed = {name: np.ascontiguousarray(value[None], np.float32) for name, value in given.items()}
        if self.causal:
            feed["memory"] = self.empty_memory() if memory is None else memory
        found = self._session.run(None, feed)
        kept: FloatArray = found[4] if self.causal else np.zeros((1, 0, 0), np.float32)
        return self._known(Motion(*(values[0] for values in found[:4]))), kept

    def answer_windows(self, windows: FloatArray, noise: FloatArray, row: int) -> Motion:
        """What a full-context model says of row ``row`` of each of ``windows`` (n, rows, FEATURES)."""
        told = np.zeros((*windows.shape[:2], CONDITIONS), np.float32)
        given = {"features": windows, "conditions": told, "noise": noise}
        found = self._session.run(
            None, {name: np.ascontiguousarray(value, np.float32) for name, value in given.items()}
        )
        return self._known(Motion(*(values[:, row] for values in found[:4])))

    def _known(self, motion: Motion) -> Motion:
        """Without what was never taught: eyes and head where the data showed no faces."""
        if self.described.get("expression"):
            return motion
        return replace(motion, expression=np.zeros_like(motion.expression))


def noise_rows(seed: int, first: int, count: int) -> FloatArray:
    """Noise for rows ``first`` to ``first + count``: row i is the same in whatever pieces it is asked for."""
    generator = np.random.Generator(np.random.Philox(key=seed, counter=[first * 2, 0, 0, 0]))
    uniform = generator.random((count, NOISE), dtype=np.float64)
    # Normal draws take a varying number of random words; a uniform one of the same spread takes exactly one.
    noise: FloatArray = ((uniform - 0.5) * np.sqrt(12.0)).astype(np.float32)
    return noise


def model_path(variant: Variant) -> Path:
    """The file of the shipped model."""
    return SHIPPED / f"sound-motion-{variant}.onnx"


@lru_cache(maxsize=2)
def shipped_model(variant: Variant) -> SoundModel:
    """The model that comes with the product. Raises :class:`EngineError` where its file is missing or another."""
    return SoundModel(model_path(variant))


#: Models that are used in place of the shipped ones: chosen by whoever runs this process, see :func:`choose_model`.
_chosen: dict[Variant, SoundModel] = {}


def choose_model(variant: Variant, path: Path | None) -> None:
    """From now on this process uses the model in ``path``; None: the shipped one. Loaded once for each path.

    Raises :class:`EngineError` where the file cannot be used or is of the other variant; what was used before stays.
    """
    if path is None:
        _chosen.pop(variant, None)
        return
    if variant in _chosen and _chosen[variant].path == path:
        return
    model = SoundModel(path)
    if model.variant != variant:
        raise EngineError(f"{path.name} is a {model.variant} model, not a {variant} one", permanent=True)
    _chosen[variant] = model


def model_in_use(variant: Variant) -> SoundModel:
    """The chosen model, else the shipped one. Raises :class:`EngineError` as :func:`shipped_model` does."""
    return _chosen.get(variant) or shipped_model(variant)


def live_model() -> SoundModel:
    """What follows a microphone: the causal model where one is chosen or shipped, else the full one in a window."""
    causal = "causal" in _chosen or model_path("causal").is_file()
    return model_in_use("causal" if causal else "full")


def _description(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        wanted = told["sha256"][path.name]
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise EngineError(
            f"the sound-to-motion model {path.name} cannot be read: {problem}", permanent=True
        ) from problem
    if found != wanted:
        raise EngineError(f"the sound-to-motion model {path.name} is not the one that was measured", permanent=True)
    return told
