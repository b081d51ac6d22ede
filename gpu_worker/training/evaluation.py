"""A run judged on people it has never met, beside the rules it would replace: a table with confidence intervals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gpu_worker.errors import InputError
from gpu_worker.schema import CONTROL, FloatArray
from gpu_worker.sound_motion.features import causal_features, full_features
from gpu_worker.sound_motion.layout import LOOK_AHEAD_ROWS, MOUTH, ROW_RATE
from gpu_worker.sound_motion.model import Motion, SoundModel, noise_rows
from gpu_worker.sound_motion.phones import decoded
from gpu_worker.sound_motion.stream import controls_at, motion_of
from gpu_worker.training.baselines import Made, Maker, from_decoding, from_heard, from_loudness, from_truth, held_still
from gpu_worker.training.card import write_card
from gpu_worker.training.checkpoint import load_checkpoint
from gpu_worker.training.clip import Clip, Source
from gpu_worker.training.config import DataSection, TrainingConfig
from gpu_worker.training.discriminators import SHIFTS, SyncCritic
from gpu_worker.training.metrics import METRICS, Judged, bootstrap, head_motion, measure
from gpu_worker.training.network import MotionNetwork
from gpu_worker.training.sources import chosen
from gpu_worker.training.trainer import BEST, run_config
from gpu_worker.training.weight_files import load_weights

NAME = "evaluation.json"
SOURCES: tuple[Source, ...] = ("video", "speech", "synthetic")
TITLES = {
    "video": "Talking people, face and sound",
    "speech": "Real speech, against the rules with forced alignment",
    "synthetic": "Synthetic voices, exact labels",
}
_ARROWS = {"up": "↑", "down": "↓", "like": ""}


@dataclass(frozen=True)
class Judge:
    """The run's network and its sync critic, and how they are asked; ``steps`` and ``seconds`` it was trained for."""

    network: MotionNetwork
    critic: SyncCritic
    config: TrainingConfig
    steps: int = 0
    seconds: float = 0.0
    heard: dict[bytes, NDArray[np.float16]] = field(default_factory=dict)

    @torch.no_grad()
    def motion(self, samples: FloatArray, seed: int = 0) -> Motion:
        """What the network says of each row of a sound."""
        features = self._features(samples)
        count = len(features)
        if self.config.network.variant == "causal":
            features = np.concatenate([features, np.repeat(features[-1:], LOOK_AHEAD_ROWS, axis=0)])
        noise = torch.from_numpy(noise_rows(seed, 0, len(features)))[None]
        conditions = torch.zeros(1, len(features), self.network.condition.in_features)
        answer = self.network(torch.from_numpy(features)[None], conditions, noise)
        parts = (answer.visemes.softmax(2), answer.phones.softmax(2), answer.mouth, answer.expression)
        return Motion(*(part[0, -count:].numpy() for part in parts))

    @torch.no_grad()
    def sync(self, samples: FloatArray, controls: FloatArray, fps: float) -> float:
        """The critic's cosine of sound and mouth, less the mean over shifted sound; about 0 for any other sound."""
        features = self._features(samples)
        at = np.arange(len(features)) / ROW_RATE * fps
        columns = [CONTROL[name] for name in MOUTH]
        frames = np.arange(len(controls))
        mouth = np.stack([np.interp(at, frames, controls[:, column]) for column in columns], axis=1).astype(np.float32)
        heard, seen = self.critic(torch.from_numpy(features)[None], torch.from_numpy(mouth)[None])
        heard, seen = heard[0], seen[0]
        margin = max(SHIFTS)
        if len(heard) <= 2 * margin + 1:
            return float("nan")
        middle = seen[margin:-margin]
        scores = [float((middle * heard[margin + s : len(heard) - margin + s]).sum(1).mean()) for s in (0, *SHIFTS)]
        return scores[0] - float(np.mean(scores[1:]))

    def _features(self, samples: FloatArray) -> FloatArray:
        """Rows of a sound; kept, since every way of making motion is judged on the same sounds."""
        key = hashlib.sha256(samples.tobytes()).digest()
        if key not in self.heard:
            make = causal_features if self.config.network.variant == "causal" else full_features
            self.heard[key] = make(samples).astype(np.float16)
        return self.heard[key].astype(np.float32)


@dataclass(frozen=True)
class ExportedJudge:
    """An exported model, asked as it is in use. Its critic is not at hand, so that nothing has a lip-sync score."""

    model: SoundModel

    def motion(self, samples: FloatArray, seed: int = 0) -> Motion:
        """What the model says of each row of a sound."""
        return motion_of(samples, self.model, seed)

    def sync(self, samples: FloatArray, controls: FloatArray, fps: float) -> float:
        """Unknown."""
        return float("nan")


def load_judge(run: Path) -> Judge:
    """The best weights of a run. Raises :class:`InputError` ``no_run`` or ``bad_weights``."""
    config = run_config(run)
    network = MotionNetwork(config.network).eval()
    load_weights(run / BEST, network)
    critic = SyncCritic(config.critics.sync_channels).eval()
    state = load_checkpoint(run, torch.device("cpu"))
    if state is None:
        raise InputError("no_run", f"{run} has no checkpoint yet.", "Train it first.")
    critic.load_state_dict(state["sync_critic"])
    return Judge(network, critic, config, state["step"], state["seconds"])


def evaluate_run(run: Path, data: Path | Sequence[Path], most_clips: int = 200) -> dict[str, Any]:
    """Judge the run on the test people of ``data``, each kind of clips apart; also written to ``evaluation.json`` of
    the run, and into its card. ``most_clips`` of each kind are judged, evenly over the people. Of several sets all test
    people are taken; the mean pose is that of the first.

    Raises :class:`InputError` ``no_run``, ``bad_weights``, ``no_test_clips``.
    """
    judge = load_judge(run)
    sets = [data] if isinstance(data, Path) else list(data)
    found = _evaluated(judge, sets, judge.config.data.sources, most_clips)
    (run / NAME).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(run, judge.config, judge.steps, judge.seconds)
    return found


def evaluate_model(model: SoundModel, data: Path, most_clips: int = 200) -> dict[str, Any]:
    """The same for an exported model; nothing is written. Raises :class:`InputError` ``no_test_clips``."""
    return _evaluated(ExportedJudge(model), [data], DataSection().sources, most_clips)


def _evaluated(
    judge: Judge | ExportedJudge, sets: Sequence[Path], sources: Sequence[str], most_clips: int
) -> dict[str, Any]:
    groups: dict[str, list[Clip]] = {}
    for one in sets:
        for clip in chosen(one, "test", SOURCES, 0.0):
            groups.setdefault(clip.source, []).append(clip)
    if not groups:
        raise InputError("no_test_clips", f"No test people in {', '.join(map(str, sets))}.", "See dataset card.")
    mean = _mean_pose(sets[0], sources)
    found: dict[str, Any] = {
        "groups": {source: _judged_group(judge, spread(clips, most_clips), mean) for source, clips in groups.items()}
    }
    found["table"] = "\n\n".join(f"**{TITLES[name]}.** {table(group)}" for name, group in found["groups"].items())
    return found


def _judged_group(judge: Judge | ExportedJudge, clips: Sequence[Clip], mean: FloatArray) -> dict[str, Any]:
    """Every way of making motion, measured on every clip."""
    rows = {
        name: [_judged(judge, clip, maker(clip)) for clip in clips] for name, maker in ways(judge, clips, mean).items()
    }
    people = [clip.person for clip in clips]
    return {
        "clips": len(clips),
        "people": sorted(set(people)),
        "languages": sorted({clip.language for clip in clips}),
        "seconds": round(sum(clip.duration for clip in clips), 1),
        "own": {name: value for name, value in _own(clips).items() if np.isfinite(value)},
        "ways": {
            way: {name: _interval([row[name] for row in measured], people) for name in METRICS}
            for way, measured in rows.items()
        },
        "clip_rows": [
            {"key": clip.key, "person": clip.person, "language": clip.language}
            | {
                way: {name: round(value, 4) for name, value in rows[way][place].items() if np.isfinite(value)}
                for way in rows
            }
            for place, clip in enumerate(clips)
        ],
    }


def _rounded(measured: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in measured.items() if np.isfinite(value)}


def spread(clips: Sequence[Clip], most: int) -> list[Clip]:
    """At most ``most`` clips, evenly over the people."""
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.person, []).append(clip)
    taken: list[Clip] = []
    place = 0
    while len(taken) < min(most, len(clips)):
        taken += [group[place] for group in groups.values() if place < len(group)]
        place += 1
    return taken[:most]


def ways(judge: Judge | ExportedJudge, clips: Sequence[Clip], mean: FloatArray) -> dict[str, Maker]:
    """Every way of making motion that is compared, by the name in the table."""
    listed = list(clips)

    def model(clip: Clip) -> Made:
        return _made(judge.motion(clip.samples), clip)

    def model_phones(clip: Clip) -> Made:
        return from_heard(clip, decoded(judge.motion(clip.samples), clip.duration))

    def shuffled(clip: Clip) -> Made:
        place = next(number for number, one in enumerate(listed) if one.key == clip.key)
        others = [other for other in listed[place + 1 :] + listed[:place] if other.person != clip.person]
        other = (others or [clip])[0].samples
        return _made(judge.motion(np.resize(other, len(clip.samples)).astype(np.float32)), clip)

    return {
        "model": model,
        "model's phones, rules": model_phones,
        "phones decoded, rules": from_decoding,
        "loudness, rules": from_loudness,
        "mean pose": held_still(mean),
        "model, another's sound": shuffled,
        "exact phones, rules": from_truth,
    }


def _made(motion: Motion, clip: Clip) -> Made:
    at = np.arange(clip.frames) * ROW_RATE / clip.fps
    nearest = np.clip(np.rint(at).astype(np.int64), 0, len(motion) - 1)
    return controls_at(motion, np.minimum(at, len(motion) - 1.0)), motion.visemes[nearest].argmax(axis=1)


def _judged(judge: Judge | ExportedJudge, clip: Clip, made: Made) -> dict[str, float]:
    controls, visemes = made
    found = measure(Judged(clip.controls, clip.seen, clip.visemes, controls, visemes, clip.fps))
    found["sync"] = judge.sync(clip.samples, controls, clip.fps)
    return found


def _own(clips: Sequence[Clip]) -> dict[str, float]:
    """How the people themselves move their heads, where that was seen."""
    moved = [head_motion(clip.controls, clip.fps) for clip in clips if clip.seen[:, CONTROL["yaw"]].all()]
    return {name: float(np.nanmean([row[name] for row in moved])) for name in (moved[0] if moved else ())}


def _mean_pose(data: Path, sources: Sequence[str]) -> FloatArray:
    """The mean of what was seen of the training people, over a few hundred clips."""
    total, count = np.zeros(len(CONTROL)), np.zeros(len(CONTROL))
    for clip in chosen(data, "train", sources, 0.5):
        total += np.where(clip.seen, clip.controls, 0.0).sum(axis=0)
        count += clip.seen.sum(axis=0)
    mean: FloatArray = (total / np.maximum(count, 1)).astype(np.float32)
    return mean


def _interval(values: list[float], people: list[str]) -> list[float] | None:
    array: NDArray[np.float64] = np.array(values, np.float64)
    mean, low, high = bootstrap(array, people)
    return [mean, low, high] if np.isfinite(mean) else None


def table(found: dict[str, Any]) -> str:
    """The results as Markdown: a line for each way, a column for each measure, 95 % intervals in brackets."""
    heads = [f"{title} {_ARROWS[better]}".strip() for better, title in METRICS.values()]
    lines = [
        f"{found['clips']} clips of {len(found['people'])} people or voices never trained on ({found['seconds']:g} s; "
        f"{', '.join(found['languages'])}). Mean, and 95 % interval over people; ↑ higher is better, ↓ lower.",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(heads),
    ]
    for way, measured in found["ways"].items():
        lines.append(f"| {way} | " + " | ".join(_cell(measured[name]) for name in METRICS) + " |")
    if found["own"]:
        cells = [f"{found['own'][name]:.3g}" if name in found["own"] else "" for name in METRICS]
        lines.append("| the people themselves | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(interval: list[float] | None) -> str:
    if interval is None:
        return ""
    mean, low, high = (f"{value:.3g}" for value in interval)
    return f"{mean} ({low}–{high})"
