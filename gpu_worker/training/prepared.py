"""Clips as arrays of rows: features heard once or several times through changed sound, and what is to be answered.

Preparing costs far more than a step, so it is done once and kept beside the run, on disk, mapped into memory. The
folder's name is a fingerprint of everything it depends on; one that was not finished is made anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import CONTROL, VISEMES, Phone
from gpu_worker.sound_motion.features import causal_features, full_features
from gpu_worker.sound_motion.layout import EXPRESSION, EXPRESSION_UNITS, MOUTH, PHONE, ROW_RATE
from gpu_worker.training.augmentation import changed_sound
from gpu_worker.training.clip import Clip
from gpu_worker.visemes.spans import viseme_spans

#: Changes whenever the arrays would.
_FORM = 2
_FILES = ("features", "mouth", "mouth_seen", "expression", "expression_seen", "visemes", "phones")
_INDEX = "clips.json"

Array = NDArray[Any]
Told = Callable[[int, float], None]


@dataclass(frozen=True)
class PreparedClip:
    """Rows ``first`` to ``first + rows`` of the arrays."""

    key: str
    person: str
    language: str
    source: str
    first: int
    rows: int


@dataclass(frozen=True)
class Prepared:
    """All clips of a split end to end: arrays of ``(rows, ...)``; features as float16, ``seen`` as uint8."""

    clips: tuple[PreparedClip, ...]
    features: Array
    mouth: Array
    mouth_seen: Array
    expression: Array
    expression_seen: Array
    visemes: Array
    phones: Array

    @property
    def hours(self) -> float:
        return sum(clip.rows for clip in self.clips) / ROW_RATE / 3600.0


@dataclass(frozen=True)
class Recipe:
    """What the arrays depend on besides the clips. ``hearings`` 0 takes the sound as it is; ``more`` are other numbers
    for some kinds of clips."""

    variant: str
    hearings: int
    seed: int
    more: tuple[tuple[str, int], ...] = ()

    def count(self, source: str) -> int:
        """How many hearings of a clip of this kind."""
        return dict(self.more).get(source, self.hearings)


def prepare(clips: Iterable[Clip], recipe: Recipe, folder: Path, told: Told | None = None) -> Prepared:
    """Make or load the arrays in ``folder``. ``told`` is called with the number of clips and hours so far."""
    if not (folder / _INDEX).is_file():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(clips, recipe, unfinished, told)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    return load_prepared(folder)


def load_prepared(folder: Path) -> Prepared:
    """The arrays of a finished folder, mapped."""
    rows = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _FILES}
    return Prepared(clips=tuple(PreparedClip(**row) for row in rows), **arrays)


def fingerprint(recipe: Recipe, parts: Sequence[str]) -> str:
    """A name for the arrays of these parts (checksums of shards, names of sources)."""
    told = json.dumps([_FORM, asdict(recipe), list(parts), PHONE, MOUTH, EXPRESSION], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _write(clips: Iterable[Clip], recipe: Recipe, folder: Path, told: Told | None) -> None:
    found: dict[str, list[Array]] = {name: [] for name in _FILES}
    index: list[PreparedClip] = []
    rows = 0
    for number, clip in enumerate(clips):
        for hearing in range(max(recipe.count(clip.source), 1)):
            arrays = clip_arrays(clip, recipe, hearing)
            count = len(arrays["features"])
            index.append(PreparedClip(clip.key, clip.person, clip.language, clip.source, rows, count))
            rows += count
            for name, values in arrays.items():
                found[name].append(values)
        if told is not None:
            told(number + 1, rows / ROW_RATE / 3600.0)
    for name, pieces in found.items():
        np.save(folder / f"{name}.npy", np.concatenate(pieces) if pieces else np.zeros((0, 1), np.float16))
    (folder / _INDEX).write_text(json.dumps([asdict(clip) for clip in index]), encoding="utf-8")


def clip_arrays(clip: Clip, recipe: Recipe, hearing: int = 0) -> dict[str, Array]:
    """The arrays of one clip. What is changed in a hearing depends on its number, the clip's key and the seed alone."""
    samples, speed = clip.samples, 1.0
    count = recipe.count(clip.source)
    if count == 1 or hearing:
        digest = hashlib.sha256(clip.key.encode()).digest()
        generator = np.random.default_rng([recipe.seed, hearing, int.from_bytes(digest[:8], "little")])
        samples, speed = changed_sound(samples, generator)
    features = (causal_features if recipe.variant == "causal" else full_features)(samples)
    at = np.arange(len(features)) / ROW_RATE * speed
    visemes, phones = _labels(clip, at)
    controls, seen = _controls(clip, at)
    units = np.array([EXPRESSION_UNITS.get(name, 1.0) for name in EXPRESSION], np.float32)
    mouth, other = [CONTROL[name] for name in MOUTH], [CONTROL[name] for name in EXPRESSION]
    return {
        "features": features.astype(np.float16),
        "mouth": controls[:, mouth].astype(np.float16),
        "mouth_seen": seen[:, mouth],
        "expression": (controls[:, other] / units).astype(np.float16),
        "expression_seen": seen[:, other],
        "visemes": visemes,
        "phones": phones,
    }


def _controls(clip: Clip, at: Array) -> tuple[Array, Array]:
    """The clip's controls at other instants, and whether both frames around each were measured."""
    if not clip.frames:
        return np.zeros((len(at), len(CONTROL)), np.float32), np.zeros((len(at), len(CONTROL)), np.uint8)
    place = np.clip(at * clip.fps, 0, clip.frames - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, clip.frames - 1)
    part = (place - low)[:, None]
    values = clip.controls[low] * (1.0 - part) + clip.controls[high] * part
    inside = (at * clip.fps <= clip.frames - 0.5)[:, None]
    return values, (clip.seen[low] & clip.seen[high] & inside).astype(np.uint8)


def _labels(clip: Clip, at: Array) -> tuple[Array, Array]:
    """Viseme and phone at each instant, -1 where nobody knows."""
    if clip.phones:
        phones = [Phone(name, start, end) for start, end, name in clip.phones]
        spans = viseme_spans(phones)
        return (
            _at(at, [span.start for span in spans], [VISEMES.index(span.viseme) for span in spans], phones[-1].end),
            _at(at, [phone.start for phone in phones], [PHONE[phone.phone] for phone in phones], phones[-1].end),
        )
    visemes = np.full(len(at), -1, np.int8)
    if clip.frames:
        frame = np.rint(at * clip.fps).astype(np.int64)
        inside = frame < clip.frames
        visemes[inside] = clip.visemes[frame[inside]]
    return visemes, np.full(len(at), -1, np.int8)


def _at(at: Array, starts: list[float], classes: list[int], end: float) -> Array:
    place = np.searchsorted(np.array(starts), at + 1e-6, "right") - 1
    known = (place >= 0) & (at < end + 0.02)
    result: Array = np.where(known, np.array(classes)[np.maximum(place, 0)], -1).astype(np.int8)
    return result
